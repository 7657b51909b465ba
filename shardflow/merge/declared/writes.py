"""Declared writes: which changes of a shard lie outside of what its subagent said it would write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import Final

from shardflow.model.changes import Change, Edit, Into, Put, apply
from shardflow.model.diff import diff
from shardflow.model.paths import ROOT, Path, Segment, path_text
from shardflow.model.patterns import Pattern, PatternSet, Reached
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value

_KEPT: Final = 100
"""Paths of one shard that are kept; the rest are counted."""
_TOLD: Final = 5
"""Paths that are told to a person at once."""


@record
class UndeclaredWrites:
    """What a shard changed outside of its writes: `count` places, the first of them with the nearest declared pattern.

    None stands for the pattern where the shard declares that it writes nothing.
    """

    places: tuple[tuple[Path, Pattern | None], ...]
    count: int

    def __str__(self) -> str:
        """Show as `$.find (nearest declared: $.findings), $.x (nearest declared: $.y) and 3 more`."""
        more = f" and {self.count - _TOLD:,} more" if self.count > _TOLD else ""
        return ", ".join(_place_text(*place) for place in self.places[:_TOLD]) + more

    def as_json(self) -> dict[str, Json]:
        """Give them as the run directory keeps them: `{count, places: [{path, nearest}]}`."""
        return {"count": self.count, "places": [_place_json(*place) for place in self.places]}


def _place_json(path: Path, nearest: Pattern | None) -> Json:
    declared: dict[str, Json] = {} if nearest is None else {"nearest": str(nearest)}
    return {"path": path_text(path), **declared}


def _place_text(path: Path, nearest: Pattern | None) -> str:
    known = "nothing is declared" if nearest is None else f"nearest declared: {nearest}"
    return f"{path_text(path)} ({known})"


def undeclared_writes(base: Value, edit: Edit | None, writes: Sequence[Pattern]) -> UndeclaredWrites | None:
    """Give what a shard changed outside of its writes, None for nothing. Keeps the first 100 places, counts all."""
    found = (change.path for change in undeclared(base, edit, writes))
    places = tuple((path, _nearest(path, writes)) for path in islice(found, _KEPT))
    return UndeclaredWrites(places, len(places) + sum(1 for _ in found)) if places else None


def _nearest(path: Path, writes: Sequence[Pattern]) -> Pattern | None:
    """Give the pattern most of whose steps lie on a path; of several, the one with the most similar text."""
    from difflib import SequenceMatcher  # only ever needed to word a refusal or a warning

    def nearness(pattern: Pattern) -> tuple[int, float]:
        return _steps_along(path, pattern), SequenceMatcher(None, path_text(path), str(pattern)).ratio()

    return max(writes, key=nearness, default=None)


def _steps_along(path: Path, pattern: Pattern) -> int:
    patterns = PatternSet([pattern])
    positions = patterns.start
    most = 0
    for segment in path:
        positions = patterns.after(positions, segment)
        most = max((done for _, done in positions), default=most)
    return most


def undeclared(base: Value, edit: Edit | None, writes: Sequence[Pattern]) -> Iterator[Change]:
    """Give the changes of a shard that no pattern of its `writes` covers; a pattern covers its path and all below.

    Law: none exactly when every change lies at or below a declared path. Lists are compared by position, so that
    `$.findings[*]` covers an item that was added; and an object or list put where nothing stood is looked into, since
    a declared path needs what leads to it. Removing what leads to it is no part of it. Cost: linear in the edit.
    """
    patterns = PatternSet(writes)
    return _outside(patterns, patterns.start, ROOT, base, edit)


def _outside(
    patterns: PatternSet, positions: Reached, path: Path, before: Value, edit: Edit | None
) -> Iterator[Change]:
    if edit is None or patterns.matching(positions):
        return
    parts = _parts(edit, before) if patterns.governs(positions) or isinstance(edit, Into) else ()
    if not parts:
        yield Change(path, before, apply(edit, before))
    for segment, inner_before, inner in parts:
        yield from _outside(patterns, patterns.after(positions, segment), (*path, segment), inner_before, inner)


def _parts(edit: Edit, before: Value) -> Sequence[tuple[Segment, Value, Edit | None]]:
    """Take an edit apart into those of the places one segment further down; nothing where it is one piece."""
    match edit, before:
        case Into(members), dict():
            return [(name, before.get(name, ABSENT), inner) for name, inner in members.items()]
        case Put(dict(after)), _ if before is ABSENT:
            return [(name, ABSENT, Put(value)) for name, value in after.items()]
        case Put(list(after)), _ if before is ABSENT:
            return [(index, ABSENT, Put(value)) for index, value in enumerate(after)]
        case Put(list(after)), list():
            pairs = enumerate(zip_longest(before, after, fillvalue=ABSENT))
            return [(index, old, diff(old, new)) for index, (old, new) in pairs]
        case _:
            return ()
