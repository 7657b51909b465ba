"""The shell engine's books: what the engine itself writes into the context, as functions from one context to the next.

    {"workflow": {"name", "started_at", "execution_mode"}, "feature": {"name", "flags"},
     "phases": {"current", "completed", "iteration_counts"}, "subagents_spawned", "deliverables", "checkpoints",
     "skip_phases", "gap_checks"}

Law: nothing is written anywhere else, the context given is left alone, and moments come from the caller. What stands in
the place of a book and cannot be one (a text for a list) is never overwritten: NoBook says where.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, TypeVar

from shardflow.model.paths import Path, path_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, a_kind, same

Context: TypeAlias = "dict[str, Json]"

Book = TypeVar("Book", list[Json], dict[str, Json], int)


class NoBook(Exception):
    """What stands at `path` cannot be a book of the engine."""

    def __init__(self, path: Path, wanted: Value, found: Value) -> None:
        self.path = path
        super().__init__(f"{path_text(path)} holds {a_kind(found)}, and the engine keeps {a_kind(wanted)} there")


@record
class Feature:
    """What a run is for: a name, which is also that of its folder, and flags as they were given."""

    name: str
    flags: tuple[str, ...] = ()


def opened(context: Context, workflow: str, mode: str, feature: Feature, moment: str) -> Context:
    """Open the books: who runs what, and an empty book where there is none yet."""
    phases = _book(context, ("phases",), dict)
    return {
        **context,
        "workflow": {"name": workflow, "started_at": moment, "execution_mode": mode},
        "feature": {"name": feature.name, "flags": list(feature.flags)},
        "phases": {
            **phases,
            "current": None,
            "completed": _book(context, ("phases", "completed"), list),
            "iteration_counts": _book(context, ("phases", "iteration_counts"), dict),
        },
        "subagents_spawned": _book(context, ("subagents_spawned",), int),
        **{name: _book(context, (name,), list) for name in ("deliverables", "checkpoints", "skip_phases")},
        "gap_checks": _book(context, ("gap_checks",), list),
    }


def is_skipped(context: Context, phase: str) -> bool:
    """Tell whether somebody chose to skip this phase."""
    return phase in _book(context, ("skip_phases",), list)


def phase_begun(context: Context, phase: str) -> Context:
    """Note which phase goes on."""
    return _with_phases(context, {"current": phase})


def phase_completed(context: Context, phase: str) -> Context:
    """Note that a phase is through."""
    completed = _book(context, ("phases", "completed"), list)
    return _with_phases(context, {"current": None, "completed": [*completed, phase]})


def iterations(context: Context, phase: str) -> int:
    """Give how often the gap check of a phase had it repeated."""
    return _book(context, ("phases", "iteration_counts", phase), int)


def iteration_counted(context: Context, phase: str) -> Context:
    """Note that the gap check of a phase has it repeated."""
    counts = _book(context, ("phases", "iteration_counts"), dict)
    return _with_phases(context, {"iteration_counts": {**counts, phase: iterations(context, phase) + 1}})


def gap_checked(context: Context, entry: Json) -> Context:
    """Note what a gap check found, and what is done about it."""
    return _appended(context, "gap_checks", [entry])


def decided(context: Context, entry: Json, skipped: Iterable[str] = ()) -> Context:
    """Note what was decided at a checkpoint, and which phases are passed over from now on."""
    skip = _book(context, ("skip_phases",), list)
    more: list[Json] = [phase for phase in skipped if phase not in skip]
    return {**_appended(context, "checkpoints", [entry]), "skip_phases": [*skip, *more]}


def delivered(context: Context, entries: Iterable[Json]) -> Context:
    """Note files that were written."""
    return _appended(context, "deliverables", entries)


def subagent_ended(base: Context, shard: Context, deliverable: Json, spellings: frozenset[str]) -> Context:
    """Count a subagent in its own shard and add its output file, if there is one: unless it has done so itself.

    Existing subagents do: they add one to `subagents_spawned` and append to `deliverables`. So one that has changed the
    count is not counted again, nor an output added again that it added under one of the `spellings` of its path.
    """
    count = _book(shard, ("subagents_spawned",), int)
    if same(base.get("subagents_spawned", ABSENT), shard.get("subagents_spawned", ABSENT)):
        shard = {**shard, "subagents_spawned": count + 1}
    known = len(_book(base, ("deliverables",), list))
    own = _book(shard, ("deliverables",), list)[known:]
    if deliverable is None or any(isinstance(entry, dict) and entry.get("path") in spellings for entry in own):
        return shard
    return _appended(shard, "deliverables", [deliverable])


def _with_phases(context: Context, members: dict[str, Json]) -> Context:
    return {**context, "phases": {**_book(context, ("phases",), dict), **members}}


def _appended(context: Context, name: str, entries: Iterable[Json]) -> Context:
    return {**context, name: [*_book(context, (name,), list), *entries]}


def _book(context: Context, path: tuple[str, ...], wanted: type[Book]) -> Book:
    """Give what stands at a path, or an empty book if that is nothing. Raises NoBook for anything else."""
    holder = context
    for depth, name in enumerate(path[:-1], start=1):
        inner = holder.get(name, {})
        if not isinstance(inner, dict):
            raise NoBook(path[:depth], {}, inner)
        holder = inner
    value = holder.get(path[-1], ABSENT)
    if value is ABSENT:
        return wanted()
    if type(value) is not wanted:
        raise NoBook(path, wanted(), value)
    return value
