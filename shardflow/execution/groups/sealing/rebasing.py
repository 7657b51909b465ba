"""Shards on another base: what a subagent that declares its `reads` left holds wherever these are the same.

    old base, its shard -> what it changed -> the new base with just that changed

Law: the shard is what the subagent would have left on the new base, given that it works from its declared reads alone.
It holds for no base in which something else stands where it made a change: then it runs again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.errors import InvalidJson
from shardflow.execution.folding.base import SIZE_LIMIT, Base, base_of, read_object
from shardflow.model.changes import Edit, Into, apply
from shardflow.model.paths import ROOT, Path, Segment, path_text
from shardflow.model.patterns import Pattern, PatternSet, Reached
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.storage.files import put_file, read_regular, sha256_hex
from shardflow.storage.runs.directory import SubagentFolder
from shardflow.storage.runs.folders import copy_folder
from shardflow.workflow.model import ShardForm, Subagent


def read_digest(base: Base, reads: tuple[Pattern, ...]) -> str:
    """Give the SHA-256 of all that these patterns match in a base, with the patterns.

    Cost: linear in what they see, once for all subagents that declare the same.
    """
    if reads not in base.read_digests:
        base.read_digests[reads] = _read_digest(base, reads)
    return base.read_digests[reads]


def _read_digest(base: Base, reads: tuple[Pattern, ...]) -> str:
    from shardflow.storage.json.canonical import record_bytes

    patterns = PatternSet(reads)
    matched = _matched(patterns, patterns.start, ROOT, base.value)
    found: list[Json] = [[path_text(path), value] for path, value in matched]
    return sha256_hex(record_bytes([list(map(str, reads)), found]))


def _matched(patterns: PatternSet, positions: Reached, path: Path, value: Json) -> Iterator[tuple[Path, Json]]:
    if patterns.matching(positions):
        yield path, value
    elif patterns.governs(positions):
        for segment, inner in _inside(value):
            yield from _matched(patterns, patterns.after(positions, segment), (*path, segment), inner)


def _inside(value: Json) -> Iterator[tuple[Segment, Json]]:
    match value:
        case dict():
            yield from value.items()
        case list():
            yield from enumerate(value)
        case _:
            pass


def rebased(shard: bytes, form: ShardForm, former: bytes, base: Base, source: str) -> bytes | None:
    """Give the shard as it is on a base, which was sealed on a former one; None where it does not hold there.

    A patch or a journal says what it says of any base. Raises InvalidJson for one that cannot be applied.
    """
    from shardflow.execution.folding.fold import shard_delta

    if form is not ShardForm.COPY:
        shard_delta(base, "", 0, form, shard, source)
        return shard
    old = Base(former, read_object(former, source))
    edit = shard_delta(old, "", 0, form, shard, source).edit
    if not _finds_the_same(edit, old.value, base.value):
        return None
    value = apply(edit, base.value)
    if not isinstance(value, dict):
        raise AssertionError("of objects, an edit makes an object")
    return base_of(value).data


def _finds_the_same(edit: Edit | None, old: Value, new: Value) -> bool:
    """Tell whether the same stands in both at all places that an edit changes."""
    match edit, old, new:
        case None, _, _:
            return True
        case Into(members), dict(), dict():
            return all(_finds_the_same(e, old.get(n, ABSENT), new.get(n, ABSENT)) for n, e in members.items())
        case _:
            return same(old, new)


def take_rebased(subagent: Subagent, kept: str, former: bytes, base: Base, places: SubagentFolder) -> bool:
    """Take over the folder of a kept shard that was sealed on a former base; tells whether the shard holds on this one.

    The former stays where it is, as it was sealed, until the journal tells of the new one. Raises StorageError.
    """
    source = os.path.join(kept, os.path.basename(places.shard))
    try:
        shard = rebased(read_regular(source, SIZE_LIMIT), subagent.shard, former, base, source)
    except InvalidJson:
        return False
    if shard is not None:
        copy_folder(kept, places.path)
        put_file(places.shard, shard)
    return shard is not None
