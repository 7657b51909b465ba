"""What a group does about secrets: masked logs, and no shard that holds one. Loads little where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardflow.errors import InvalidJson, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.secrets.references import Secrets
from shardflow.model.documents import Problem
from shardflow.storage.files import put_file, read_regular

if TYPE_CHECKING:
    from shardflow.execution.secrets.logs import MaskedLogs

_HINT = "what is kept of it is masked; a subagent may use a secret, and must not write it into the context"


def masked_logs(secrets: Secrets) -> MaskedLogs | None:
    """Give what the subagents of a group print through; None where they print into their logs themselves."""
    if not secrets:
        return None
    from shardflow.execution.secrets.logs import MaskedLogs

    return MaskedLogs(secrets.mask)


def mask_shard(secrets: Secrets, path: str) -> None:
    """Mask what is kept of the shard of a subagent that failed. Raises StorageError if it cannot be replaced."""
    if not secrets:
        return
    try:
        data = read_regular(path, SIZE_LIMIT)
    except StorageError:  # nothing stands there that is kept and read
        return
    masked = secrets.shard_mask.masked(data)
    if masked != data:
        put_file(path, masked)


def refuse_secrets(secrets: Secrets, data: bytes, path: str) -> None:
    """Refuse a shard that holds a secret, as it stands or however its texts are escaped, and mask its file.

    Raises InvalidJson, StorageError.
    """
    if secrets and (name := secrets.shard_mask.found_in(data)) is not None:
        put_file(path, secrets.shard_mask.masked(data))
        raise InvalidJson([Problem(path, None, f"it holds the value of the secret {name}", None, _HINT)])
