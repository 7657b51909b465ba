"""Origins: who made a value what it is, kept in a tree that follows the document.

Law: the rows of a trace cover the document, each part of it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from shardflow.model.decisions import Outcome, RuleRef
from shardflow.model.paths import Path, Segment
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value


@record
class Initial:
    """It stood in the context the run started from."""


@record
class Outside:
    """Nothing the run merged made it: the context was another one when this group started."""

    group: str


@record
class Made:
    """A merge made it: `shards` by rank, none where a resolution brought the value; `rule` says by what right."""

    group: str
    phase: str
    shards: tuple[str, ...]
    outcome: Outcome
    rule: RuleRef


Origin: TypeAlias = Initial | Outside | Made

INITIAL: Final = Initial()


@record
class Said:
    """One shard's change as a ledger tells it: superseded by the shards named, or the removal of what stood there,
    `before`.

    `path` counts list items as they stood in that group.
    """

    group: str
    phase: str
    path: Path
    shard: str
    before: Value
    after: Value
    outcome: Outcome
    rule: RuleRef
    by: tuple[str, ...]


@record
class Trace:
    """The origin of a value, and of its parts where they differ (None: all of it came about together).

    `superseded` are the changes of this place that did not come to stand; `gone` tells by segment of what was removed
    inside, and of changes of what does not stand there; `taken` are the items that are no more in a list that was
    settled whole.
    """

    origin: Origin
    members: Mapping[str, Trace] | None = None
    items: tuple[Trace, ...] | None = None
    superseded: tuple[Said, ...] = ()
    gone: Mapping[Segment, tuple[Said, ...]] = MappingProxyType({})
    taken: tuple[Said, ...] = ()

    def member(self, name: str) -> Trace:
        """Give the trace of a member that stands there."""
        return Trace(self.origin) if self.members is None else self.members[name]

    def item(self, index: int) -> Trace:
        """Give the trace of an item that stands there."""
        return Trace(self.origin) if self.items is None else self.items[index]


@record
class Row:
    """A part of the document that came about together."""

    path: Path
    value: Json
    origin: Origin


def rows(value: Json, trace: Trace, path: Path) -> list[Row]:
    """List the parts of a value, as large as they came about together, in the order of the document."""
    parts: list[Row] = []
    if isinstance(value, dict) and trace.members is not None:
        for name, member in value.items():
            parts.extend(rows(member, trace.members[name], (*path, name)))
    elif isinstance(value, list) and trace.items is not None:
        for index, item in enumerate(value):
            parts.extend(rows(item, trace.items[index], (*path, index)))
    if all(part.origin == trace.origin for part in parts):
        return [Row(path, value, trace.origin)]
    return parts


def told(trace: Trace) -> Iterator[Said]:
    """List what is told of a place and all below it: superseded changes, and what is gone."""
    yield from trace.superseded
    yield from trace.taken
    for said in trace.gone.values():
        yield from said
    for inner in (*(trace.members or {}).values(), *(trace.items or ())):
        yield from told(inner)


def is_removal(said: Said) -> bool:
    """Tell whether a change removed what stood there, and came to stand."""
    return said.after is ABSENT and said.outcome is not Outcome.SUPERSEDED
