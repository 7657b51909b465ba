"""Files that cannot be read or written, in words: which file, and what stands there or what the system answered."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final, TypeAlias

from shardflow.errors import ShardflowError, StorageError
from shardflow.storage.excerpts import printable

FilePath: TypeAlias = "str | os.PathLike[str]"

_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def why_refused(path: FilePath, error: ShardflowError) -> str:
    """Say why a file was not read, for a message that names it already."""
    shown = shown_path(path)
    return str(error).removeprefix(f"cannot read {shown}: ").removeprefix(f"{shown} is ")


def refusal(path: FilePath, verb: str, error: OSError | ValueError) -> StorageError:
    """Word what the system answered; a ValueError is Python's answer to a path no file can have."""
    match error.errno if isinstance(error, OSError) else errno.EINVAL:
        case errno.ENOENT:
            reason = "it does not exist" if verb in ("read", "sync") else "its folder does not exist"
        case errno.ELOOP:
            reason = "it is a symbolic link"
        case errno.ENXIO:
            reason = "it is a socket"
        case errno.EEXIST:
            reason = "it exists already"
        case _:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
    return StorageError(f"cannot {verb} {shown_path(path)}: {reason}", file=path)


def kind_of_mode(mode: int) -> str:
    """Say what stands at a path, by its mode."""
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def kind_of(path: FilePath) -> str | None:
    """Say what stands there that no file can be written over: a link, a folder, a device; None for none such."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else kind_of_mode(mode)


def shown_path(path: FilePath) -> str:
    """Write a path for a message: whatever its name holds, it cannot reach the terminal."""
    return printable(os.fspath(path)) or "''"
