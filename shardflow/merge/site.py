"""Where a strategy works and what it may answer.

A site is one path with its base value and every change made there; a verdict is the strategy's answer. A strategy
is a pure function from the one to the other, so it cannot depend on anything that a replay would not repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from shardflow.model.changes import Drop, Edit, Put, apply
from shardflow.model.documents import listed
from shardflow.model.paths import Path, Segment
from shardflow.model.records import record
from shardflow.model.values import Json, Value, same


@record
class Candidate:
    """What one shard did at a site."""

    shard: str
    rank: int
    edit: Edit


@record
class Site:
    """One path where at least one shard changed the base value.

    `candidates` stand in rank order, one a shard, and each is a real change. `governed` tells that some rule may
    decide a path below this one, so that a value must not be settled over its head.
    """

    path: Path
    base: Value
    candidates: tuple[Candidate, ...]
    governed: bool

    def after(self, candidate: Candidate) -> Value:
        """Give the value a shard left here."""
        edit = candidate.edit
        return edit.value if isinstance(edit, Put) else apply(edit, self.base)

    def values(self) -> tuple[Value, ...]:
        """Give the values all shards left here, in rank order."""
        base, edits = self.base, [candidate.edit for candidate in self.candidates]
        return tuple([edit.value if isinstance(edit, Put) else apply(edit, base) for edit in edits])

    def droppers(self) -> tuple[Candidate, ...]:
        """Give the shards that removed what stood here."""
        return tuple([c for c in self.candidates if isinstance(c.edit, Drop)])


@record
class Chosen:
    """One value that stood here, in the base or in a shard, is the result; other values are superseded."""

    value: Value


@record
class Combined:
    """The result is made of all values."""

    value: Value


@record
class Unsettled:
    """The strategy does not settle this; the reason says why, in words that follow the path.

    `arbiter` is whom its rule leaves it to, as the rule says it; None for nobody.
    """

    reason: str
    arbiter: Json = None


@record
class Part:
    """A place inside the site's value, to be settled by the rule of its own path."""

    segment: Segment
    base: Value
    candidates: tuple[Candidate, ...]


@record
class RuledPart:
    """A place inside the site's value that the strategy settles itself."""

    part: Part
    verdict: Chosen | Combined | Unsettled


@record
class Split:
    """Go into the value: settle each part on its own, then join the results in the order of `parts`.

    `opened` is the empty object or list that every shard put here first, when nothing stood here before; else ABSENT.
    """

    parts: tuple[Part, ...]
    join: Callable[[tuple[Value, ...]], Value]
    opened: Value
    ruled: tuple[RuledPart, ...] = ()


Verdict: TypeAlias = Chosen | Combined | Unsettled | Split
Settle: TypeAlias = Callable[[Site], Verdict]


def unanimous(site: Site) -> Chosen | Unsettled:
    """Take the change of the only shard, or the one that all shards made; anything else is unsettled."""
    values = site.values()
    if all(same(values[0], value) for value in values[1:]):
        return Chosen(values[0])
    return Unsettled(contest(site))


def contest(site: Site) -> str:
    """Say what the shards disagree about, naming them."""
    droppers = [c.shard for c in site.droppers()]
    others = [c.shard for c in site.candidates if not isinstance(c.edit, Drop)]
    if droppers and others:
        return f"deleted by {listed(droppers)} but changed by {listed(others)}"
    return f"{listed(others)} changed it to different values"
