"""Patches: stretches of a shard's bytes that stand in place of stretches of the base's, and the edit they make."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from shardflow.model.changes import Edit, Into, Put
from shardflow.model.diff import diff
from shardflow.model.records import record
from shardflow.model.values import MAX_DEPTH, Json
from shardflow.storage.json.layout import Branch
from shardflow.storage.json.strict import scan_json


class Unaligned(Exception):
    """The shard's bytes do not line up with the base's: it must be read whole."""


@record
class Patch:
    """`data[start:end]` of the shard stands for `text[first:last]` of the base: for the value at the end of the trail,
    or, `added`, for the nothing behind that value.
    """

    trail: tuple[tuple[Branch, int], ...]
    first: int
    last: int
    start: int
    end: int
    added: bool


class _Patched:
    """A branch with the texts that stand in place of some of its values, and the text added behind the last."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.parts: dict[int, _Patched | bytes] = {}
        self.added = b""

    def inside(self, place: int, branch: Branch) -> _Patched:
        """Give the patched branch at a place of this one."""
        part = self.parts.get(place)
        if not isinstance(part, _Patched):
            part = self.parts[place] = _Patched(branch)
        return part


def edit_of(layout: Branch, patches: Iterable[Patch], data: bytes) -> Edit | None:
    """Give the edit that patches make, parsing their texts strictly. Raises Unaligned where they are no such texts."""
    return _object_edit(_gathered(layout, patches, data))


def _gathered(layout: Branch, patches: Iterable[Patch], data: bytes) -> _Patched:
    root = _Patched(layout)
    for patch in patches:
        patched = root
        for (_, outer), (branch, _) in pairwise(patch.trail):
            patched = patched.inside(outer, branch)
        text = data[patch.start : patch.end]
        if patch.added:
            patched.added = text
        else:
            patched.parts[patch.trail[-1][1]] = text
    return root


def _object_edit(patched: _Patched) -> Edit | None:
    names, items = patched.branch.names, patched.branch.items
    edits = ((names[place], _edit(part, items[place], patched)) for place, part in patched.parts.items())
    members = {name: edit for name, edit in edits if edit is not None}
    members.update((name, Put(value)) for name, value in _new_members(patched).items())
    return Into(members) if members else None


def _edit(part: _Patched | bytes, before: Json, within: _Patched) -> Edit | None:
    if isinstance(part, _Patched) and part.branch.names:
        return _object_edit(part)
    return diff(before, _value(part, within))


def _value(part: _Patched | bytes, within: _Patched) -> Json:
    """Give what a shard has at a place, sharing with the base what it did not touch."""
    if isinstance(part, bytes):
        return _parsed(part, within.branch.depth + 1)
    return _object(part) if part.branch.names else _list(part)


def _object(patched: _Patched) -> Json:
    branch = patched.branch
    members = dict(zip(branch.names, branch.items, strict=True))
    members.update((branch.names[place], _value(part, patched)) for place, part in patched.parts.items())
    return {**members, **_new_members(patched)}


def _list(patched: _Patched) -> Json:
    items = list(patched.branch.items)
    for place, part in patched.parts.items():
        items[place] = _value(part, patched)
    return items + _new_items(patched)


def _new_members(patched: _Patched) -> dict[str, Json]:
    if not patched.added:
        return {}
    added = _parsed(b"{" + patched.added[1:] + b"}", patched.branch.depth)
    if not isinstance(added, dict) or not added or any(name in patched.branch.value for name in added):
        raise Unaligned
    return added


def _new_items(patched: _Patched) -> list[Json]:
    if not patched.added:
        return []
    added = _parsed(b"[" + patched.added[1:] + b"]", patched.branch.depth)
    if not isinstance(added, list) or not added:
        raise Unaligned
    return added


def _parsed(text: bytes, depth: int) -> Json:
    """Read a text that stands inside of `depth` objects and lists. Raises Unaligned in every doubt."""
    if depth + text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        raise Unaligned
    try:
        return scan_json(text)
    except (ValueError, RecursionError):
        raise Unaligned from None
