"""The subagents of a phase, in rank order, each with an id of its own.

A subagent named by its type, which may be any text, gets an id made of it: `scan` is `scan`, `plugin:agent` is
`plugin-agent`. Where that is taken it is numbered by rank: `scan`, `scan-2`, `scan-3`, around the ids that were given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from shardflow.model.fields import Fields, Place, quoted
from shardflow.model.paths import Path, path_text
from shardflow.model.records import replaced
from shardflow.workflow.dialect.model import Mode
from shardflow.workflow.dialect.outputs import named_after_types
from shardflow.workflow.model import Behavior, FanOut, Phase, Subagent
from shardflow.workflow.policies import FAILURE_FIELDS, NO_POLICY, POLICY_FIELDS, Policy
from shardflow.workflow.reading.programs import read_subagent
from shardflow.workflow.texts import id_of, numbered_id, read_id, read_type

if TYPE_CHECKING:
    from shardflow.workflow.conditions import Condition

_NAMING: Final = "say id: with a name of its own, or type: with a name that may be repeated"


_NAMELESS: Final = "subagent"
"""What an id is made of where a type has neither letters nor digits of ASCII."""


_MISPLACED: Final = {
    **dict.fromkeys(("context", "limits"), "the workflow"),
    **dict.fromkeys(("behavior", "max_parallel", "rules", "on_undeclared_write", "on_missing_output"), "a phase"),
    **dict.fromkeys(FAILURE_FIELDS, "a phase"),
}
"""Whose fields some are that may be sought here."""


class Named(NamedTuple):
    """An id and the place it was read from; the id is empty where none could be read. `type` if it was made of one."""

    id: str
    place: Place
    type: str | None = None


def read_subagents(place: Place) -> tuple[Subagent, ...]:
    """Read a list of at least one subagent."""
    items = place.items()
    if place.value == []:
        place.expect("at least one subagent")
    read = [_read_subagent(item) for item in items]
    ids = _unique_by_rank([naming for naming, _ in read])
    refuse_twins(ids)
    subagents = [replaced(subagent, id=named.id) for named, (_, subagent) in zip(ids, read, strict=True)]
    return tuple(named_after_types(subagents))


def places_of(phase: Phase, number: int) -> tuple[Path, ...]:
    """Give where each of a phase's subagents stands in the workflow that has this number of phases before it."""
    whole: Path = ("phases", number)
    if phase.behavior is Behavior.MAIN_ONLY:
        return (whole,) * len(phase.subagents)
    is_adaptive = phase.staging.adaptive is not None or phase.staging.mode is Mode.ADAPTIVE
    above = (*whole, "subagents", *(("always",) if is_adaptive else ()))
    return tuple((*above, rank) for rank in range(len(phase.subagents)))


def refuse_twins(ids: Iterable[Named]) -> None:
    """Refuse an id that an earlier one equals but for upper and lower case, as some file systems do."""
    first: dict[str, Named] = {}
    for named in ids:
        earlier = first.setdefault(named.id.lower(), named)
        if named.id and earlier is not named:
            line = earlier.place.document.line(earlier.place.path)
            where = f"on line {line}" if line else f"at {path_text(earlier.place.path)}"
            hint = f"{quoted(earlier.id)} stands {where}, and ids differ by more than upper and lower case"
            named.place.refuse(f"the id {quoted(named.id)} is taken", hint)


def _read_subagent(place: Place) -> tuple[Named, Subagent]:
    with place.fields() as fields:
        fields.misplaced = _MISPLACED
        named = _read_name(fields)
        subagent = read_subagent(fields, "", named.type)
        when = fields.optional("when", read_when, None)
        foreach = fields.optional("foreach", _read_foreach, None)
        return named, replaced(subagent, when=when, foreach=foreach, policy=read_policy_of(fields))


def read_when(place: Place) -> Condition:
    """Read the condition of a phase or a subagent."""
    from shardflow.workflow.conditions import read_condition  # most workflows have none

    return read_condition(place)


def read_policy_of(fields: Fields) -> Policy:
    """Read what a subagent says of itself, a phase or a workflow of all its subagents."""
    if not fields.has_any(POLICY_FIELDS):
        return NO_POLICY
    from shardflow.workflow.reading.policies import read_policy

    return read_policy(fields)


def _read_foreach(place: Place) -> FanOut:
    from shardflow.workflow.fan_out import read_fan_out  # most workflows have none

    return read_fan_out(place)


def _read_name(fields: Fields) -> Named:
    both = "id" in fields, "type" in fields
    if all(both):
        fields.place("type").refuse("'id' and 'type' exclude each other", "keep one of them")
    elif not any(both):
        fields.here.refuse("a subagent without a name", _NAMING)
        return Named("", fields.here)
    if "id" in fields:
        return Named(read_id(fields.place("id")), fields.place("id"))
    place = fields.place("type")
    type_ = read_type(place)
    return Named(id_of(type_, _NAMELESS) if type_ else "", place, type_)


def _unique_by_rank(read: list[Named]) -> list[Named]:
    taken = {named.id.lower() for named in read if named.type is None}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))
    return [named if not named.type else _numbered(named, taken, numbers) for named in read]


def _numbered(named: Named, taken: set[str], numbers: dict[str, Iterator[int]]) -> Named:
    unique = named.id
    while unique.lower() in taken:
        unique = numbered_id(named.id, next(numbers[named.id.lower()]))
    taken.add(unique.lower())
    return named._replace(id=unique)
