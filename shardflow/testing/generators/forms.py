"""The other forms of a shard: a JSON Merge Patch or a journal that makes a given document of a base.

Law: whatever form is drawn, it changes what the document changes: `same_edit(patch_edit(base, patch), diff(base,
document))`, and the same for the edit of the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Inexact, localcontext

from hypothesis import strategies as st

from shardflow.model.changes import Change, Drop, Edit, Into, Put, changes
from shardflow.model.diff import diff
from shardflow.model.numbers import EXACT, decimal_of, json_number
from shardflow.model.paths import Path, path_text
from shardflow.model.values import ABSENT, Json, Value, is_number, same
from shardflow.testing.generators.edits import pick
from shardflow.testing.generators.values import NAMES, scalars

_Lines = list[dict[str, Json]]


@st.composite
def patches(draw: st.DrawFn, base: dict[str, Json], document: dict[str, Json]) -> dict[str, Json] | None:
    """Draw a JSON Merge Patch that makes the document; None where none does, since null would remove (RFC 7396)."""
    edit = diff(base, document)
    if not _is_expressible(edit):
        return None
    patch = _patch(edit) if edit is not None else {}
    names = draw(st.lists(st.sampled_from([*document, *NAMES]), max_size=2))
    return {**_idle(names, document), **patch}


def _is_expressible(edit: Edit | None) -> bool:
    match edit:
        case Put(value):
            return value is not None and _is_without_null(value)
        case Into(members):
            return all(map(_is_expressible, members.values()))
        case _:
            return True


def _is_without_null(value: Json) -> bool:
    members = value.values() if isinstance(value, dict) else ()
    return all(inner is not None and _is_without_null(inner) for inner in members)


def _patch(edit: Edit) -> dict[str, Json]:
    members = edit.members if isinstance(edit, Into) else {}
    return {name: _member(inner) for name, inner in members.items()}


def _member(edit: Edit) -> Json:
    match edit:
        case Put(value):
            return value
        case Drop():
            return None
        case Into():
            return _patch(edit)


def _idle(names: list[str], document: dict[str, Json]) -> dict[str, Json]:
    """Say of these members what holds already: that they are not there, or what they are."""
    said = {name: document.get(name) for name in names}
    return {name: value for name, value in said.items() if name not in document or _is_expressible(Put(value))}


@st.composite
def journals(draw: st.DrawFn, base: dict[str, Json], document: dict[str, Json]) -> _Lines:
    """Draw operations, one JSON object each, that make the document of the base, in small steps or in large ones."""
    made: _Lines = []
    for change in draw(st.permutations(list(changes(diff(base, document), base)))):
        ways = [list(way) for way in _ways(change)]
        detour = _set(change.path, draw(scalars())) if draw(st.booleans()) and len(ways) == 1 else []
        made += [*detour, *pick(draw, ways)]
    return made


def _set(path: Path, value: Json) -> _Lines:
    return [{"set": path_text(path), "value": value}]


def _ways(change: Change) -> Iterator[_Lines]:
    """List the ways to make one change, the plainest first."""
    path, before, after = change.path, change.before, change.after
    if after is ABSENT:
        yield [{"remove": path_text(path)}]
        return
    yield _set(path, after)
    if isinstance(after, list):
        yield from _ways_of_list(path, before, after)
    elif isinstance(after, dict) and after:
        start = [] if before is ABSENT else _set(path, {})
        yield [*start, *(line for name, value in after.items() for line in _set((*path, name), value))]
    elif (added := _difference(before, after)) is not None:
        yield [{"add": path_text(path), "value": added}]
        if isinstance(added, int):
            yield [{"add": path_text(path), "value": part} for part in (added + 1, -1)]


def _ways_of_list(path: Path, before: Value, after: list[Json]) -> Iterator[_Lines]:
    old = before if isinstance(before, list) else []
    if after and (before is ABSENT or before is old) and same(after[: len(old)], old):
        yield [{"append": path_text(path), "value": item} for item in after[len(old) :]]
    if before is old and same(old[: len(after)], after):
        yield [{"remove": path_text((*path, index))} for index in range(len(old) - 1, len(after) - 1, -1)]
    if before is old and len(old) == len(after):
        yield [line for index, item in enumerate(after) for line in _set((*path, index), item)]


def _difference(before: Value, after: Json) -> Json:
    """Give what is to be added to get from one number to the other; None where adding cannot get there."""
    if before is ABSENT and is_number(after):
        return after
    if not is_number(before) or not is_number(after):
        return None
    if isinstance(before, int) and isinstance(after, int):
        return after - before
    try:
        with localcontext(EXACT):
            added = json_number(decimal_of(after) - decimal_of(before))
            return (
                added
                if added is not None and same(json_number(decimal_of(before) + decimal_of(added)), after)
                else None
            )
    except Inexact:
        return None
