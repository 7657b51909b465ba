"""From what a shard wrote to what it changed: a full copy or a JSON Merge Patch becomes an edit of the base."""

from __future__ import annotations

from shardflow.model.changes import Drop, Edit, Into, Put
from shardflow.model.values import ABSENT, Json, Value, same


def diff(base: Value, after: Value) -> Edit | None:
    """Give the edit that turns `base` into `after`, or None if they are the same.

    Law: `same(apply(diff(a, b), a), b)`. Objects are compared member by member, everything else as a whole;
    the order of keys is no change. Cost: linear in the two values, constant where they share a part.
    """
    if isinstance(base, dict) and isinstance(after, dict):
        return _diff_objects(base, after)
    if same(base, after):
        return None
    return Drop() if after is ABSENT else Put(after)


def _diff_objects(base: dict[str, Json], after: dict[str, Json]) -> Edit | None:
    if base is after:
        return None
    members: dict[str, Edit] = {}
    for name, value in after.items():
        before = base.get(name, ABSENT)
        if before is not value and (edit := diff(before, value)) is not None:
            members[name] = edit
    if not base.keys() <= after.keys():
        members.update((name, Drop()) for name in base if name not in after)
    return Into(members) if members else None


def patch_edit(base: Value, patch: Json) -> Edit | None:
    """Give the edit that a JSON Merge Patch makes to `base` (RFC 7396, section 2), or None if it changes nothing.

    A member that is null in the patch is removed, an object goes deep, anything else replaces what stands there.
    """
    if not isinstance(patch, dict):
        return diff(base, patch)
    if not isinstance(base, dict):
        return diff(base, _without_nulls(patch))
    members = {name: edit for name, value in patch.items() if (edit := _member_edit(base, name, value)) is not None}
    return Into(members) if members else None


def _member_edit(base: dict[str, Json], name: str, patch: Json) -> Edit | None:
    if patch is None:
        return Drop() if name in base else None
    return patch_edit(base.get(name, ABSENT), patch)


def _without_nulls(patch: dict[str, Json]) -> dict[str, Json]:
    """Give the object a patch creates where none stood: a null asks to remove what is not there."""
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in patch.items()
        if value is not None
    }
