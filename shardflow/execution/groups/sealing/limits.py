"""Limits of one shard, as a workflow sets them (`workflow/limits.py`): of its file, and of what it changed."""

from __future__ import annotations

import os

from shardflow.errors import InvalidJson, StorageError
from shardflow.model.changes import Drop, Edit, Into, Put
from shardflow.model.documents import Problem
from shardflow.model.paths import ROOT, Path
from shardflow.model.values import Json
from shardflow.workflow.model import Limits


def refuse_large(limits: Limits, path: str) -> None:
    """Refuse a shard's file that has too many bytes, unread. Raises StorageError."""
    most = limits.shard_bytes
    if most is not None and os.path.lexists(path) and os.lstat(path).st_size > most:
        raise StorageError(f"the shard has more than the {most:,} bytes that the workflow's limits allow")


def refuse_deep(limits: Limits, edit: Edit | None, shard: str, path: str) -> None:
    """Refuse what a shard put deeper than allowed; what the base held so deep before is not its doing.

    Raises InvalidJson with the first such place. Cost: linear in what the shard changed, nothing without a limit.
    """
    if limits.nesting is None or edit is None or (place := _too_deep(edit, limits.nesting, ROOT)) is None:
        return
    message = f"shard {shard} nests deeper than the {limits.nesting} levels that the workflow's limits allow"
    raise InvalidJson([Problem(path, None, message, place, "put it nearer to the root, or raise limits: nesting")])


def _too_deep(edit: Edit, most: int, path: Path) -> Path | None:
    match edit:
        case Put(value):
            return _container_below(value, most, path)
        case Into(members):
            found = (_too_deep(inner, most, (*path, name)) for name, inner in members.items())
            return next((place for place in found if place is not None), None)
        case Drop():
            return None


def _container_below(value: Json, most: int, path: Path) -> Path | None:
    """Give the first object or list of a value that stands inside of `most` others."""
    if not isinstance(value, dict | list):
        return None
    if len(path) >= most:
        return path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = (_container_below(item, most, (*path, segment)) for segment, item in inner)
    return next((place for place in found if place is not None), None)
