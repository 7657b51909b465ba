"""Sealing a shard: from the file that a subagent left to what is merged of it, or to how the subagent failed after all.

    file -> limits -> bytes and seal -> secrets -> delta -> declared writes -> MergeableShard

Law: what is merged follows from the sealed bytes, the base and the workflow alone, never from when or how often
somebody tried. Loaded while the subagents run: the merge is loaded with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shardflow.errors import InvalidJson, StorageError
from shardflow.execution.folding.base import Base
from shardflow.execution.folding.fold import shard_delta
from shardflow.execution.groups.inputs import Group
from shardflow.execution.groups.sealing.limits import refuse_deep, refuse_large
from shardflow.execution.groups.sealing.seals import Seal, read_and_seal
from shardflow.execution.reporting.endings import EmptyShard, Ending, InvalidShard, WroteUndeclared
from shardflow.execution.secrets.guarding import refuse_secrets
from shardflow.execution.secrets.references import Secrets
from shardflow.model.changes import Delta
from shardflow.model.documents import Problem
from shardflow.model.records import record
from shardflow.storage.files import sha256_hex
from shardflow.storage.refusals import why_refused
from shardflow.workflow.model import OnUndeclaredWrite, ShardForm, Subagent

if TYPE_CHECKING:
    from shardflow.merge.declared.writes import UndeclaredWrites


@record
class MergeableShard:
    """A sealed shard with the SHA-256 of its bytes and what it changed, `undeclared` writes if these are no failure.

    `warnings` tell what was left out of it, what it left beside it, and what it wrote undeclared.
    """

    seal: Seal
    sha256: str
    delta: Delta
    undeclared: UndeclaredWrites | None
    warnings: tuple[str, ...]


def seal_shard(group: Group, rank: int, secrets: Secrets) -> MergeableShard | Ending:
    """Seal the shard of a subagent that ended well, or give how that makes it fail."""
    path = group.folder.subagent(group.subagents[rank].id).shard
    try:
        return _sealed(group, rank, secrets, path)
    except StorageError as error:
        return InvalidShard((Problem(path, None, why_refused(path, error)),))
    except InvalidJson as error:
        return InvalidShard(error.problems)


def _sealed(group: Group, rank: int, secrets: Secrets, path: str) -> MergeableShard | Ending:
    """Raises StorageError, InvalidJson."""
    subagent, base = group.subagents[rank], group.base
    refuse_large(group.limits, path)
    data, seal = read_and_seal(path, base.start(subagent.shard))
    if (not data or data.isspace()) and subagent.shard is not ShardForm.JOURNAL:
        return EmptyShard()
    refuse_secrets(secrets, data, path)
    delta = shard_delta(base, subagent.id, rank, subagent.shard, data, path, among=len(group.subagents))
    refuse_deep(group.limits, delta.edit, subagent.id, path)
    undeclared = _beyond_writes(subagent, base, delta)
    if undeclared is not None and group.on_undeclared_write is OnUndeclaredWrite.REFUSE:
        return WroteUndeclared(undeclared)
    warnings = (*_unread(path), *_warnings(subagent.shard, data, undeclared))
    return MergeableShard(seal, _sha256(seal, base), delta, undeclared, warnings)


def _beyond_writes(subagent: Subagent, base: Base, delta: Delta) -> UndeclaredWrites | None:
    if subagent.writes is None:
        return None
    from shardflow.merge.declared.writes import undeclared_writes  # most workflows declare nothing

    return undeclared_writes(base.value, delta.edit, subagent.writes)


def _unread(path: str) -> Iterator[str]:
    """Tell of a journal beside a shard: `merge` would take the two together, a run takes one file of each subagent."""
    journal = f"{path.removesuffix('.json')}.jsonl"
    if os.path.lexists(journal):
        name = os.path.basename(journal)
        yield f"left {name}, which nothing reads: operations go into the file $SHARDFLOW_SHARD, with 'shard: journal'"


def _warnings(form: ShardForm, data: bytes, undeclared: UndeclaredWrites | None) -> Iterator[str]:
    if form is ShardForm.JOURNAL:
        from shardflow.execution.folding.journals import torn_warning  # loaded by now, to read it

        if (torn := torn_warning(data)) is not None:
            yield torn
    if undeclared is not None:
        yield f"changed what it does not declare to write: {undeclared}"


def _sha256(seal: Seal, base: Base) -> str:
    content = seal.content
    if isinstance(content, str):
        return content
    return base.digest if content is base.data else sha256_hex(content or b"")
