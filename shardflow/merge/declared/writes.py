"""Declared writes: which changes of a shard lie outside of what its subagent said it would write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from shardflow.model.changes import Change, Edit, Into, Put, apply
from shardflow.model.diff import diff
from shardflow.model.paths import ROOT, Path, Segment
from shardflow.model.patterns import Pattern, PatternSet, Position
from shardflow.model.values import ABSENT, Value


def undeclared(base: Value, edit: Edit | None, writes: Sequence[Pattern]) -> Iterator[Change]:
    """Give the changes of a shard that no pattern of its `writes` covers; a pattern covers its path and all below.

    Law: none exactly when every change lies at or below a declared path. Lists are compared by position, so that
    `$.findings[*]` covers an item that was added; and an object or list put where nothing stood is looked into, since
    a declared path needs what leads to it. Removing what leads to it is no part of it. Cost: linear in the edit.
    """
    patterns = PatternSet(writes)
    return _outside(patterns, patterns.start, ROOT, base, edit)


def _outside(
    patterns: PatternSet, positions: frozenset[Position], path: Path, before: Value, edit: Edit | None
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
