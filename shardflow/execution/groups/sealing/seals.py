"""Seals: what a file was when it was sealed, to find out later whether anyone has written to it since.

Law: a file whose bytes differ from its sealed bytes is found, unless it got the very same time stamps back.
A file is read again only when its stamps differ, or when it was written so shortly before it was sealed that a
later write could bear the same stamps (the kernel's clock for them ticks every few milliseconds; git calls such a
file racily clean).
"""

from __future__ import annotations

import os
import time
from typing import Final, TypeAlias

from shardflow.errors import StorageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.model.records import record
from shardflow.storage.files import read_regular, sha256_hex

_TICK: Final = 50_000_000
"""Nanoseconds within which two writes may bear the same stamps, generously."""

Content: TypeAlias = bytes | str | None
"""What a file held: its bytes, the SHA-256 of its bytes, or None for a file that did not exist."""

_Stamps: TypeAlias = tuple[int, ...]


@record
class Seal:
    """A file with what it held when it was sealed."""

    path: str
    content: Content
    stamps: _Stamps
    is_racy: bool

    def is_broken(self) -> bool:
        """Tell whether the file is another one now. Cost: one system call, or reading the file if in doubt."""
        if not self.is_racy and _stamps(self.path) == self.stamps:
            return False
        try:
            data = read_regular(self.path, SIZE_LIMIT)
        except StorageError:
            return self.content is not None or os.path.lexists(self.path)
        return self.content != (sha256_hex(data) if isinstance(self.content, str) else data)


def altered(path: str) -> str:
    """Say what became of a file whose seal is broken."""
    return "altered" if os.path.lexists(path) else "removed"


def seal(path: str, content: Content) -> Seal:
    """Seal a file of known content that nobody else has a reason to touch yet."""
    return _sealed(path, content, _stamps(path))


def seal_digest(path: str, sha256: str) -> Seal:
    """Seal a file by the SHA-256 of what it holds. Cost: one system call."""
    return Seal(path, sha256, _stamps(path), is_racy=False)


def read_and_seal(path: str, known: bytes) -> tuple[bytes, Seal]:
    """Read a file and seal what was read: as its SHA-256, or for free as the `known` bytes if it holds those.

    Raises StorageError for anything but a regular file of at most 1 GiB with one name, in a folder that is no link:
    what has a second name can be written to where nobody looks for it.
    """
    if os.path.islink(os.path.dirname(path)):
        raise StorageError(f"cannot read {path}: its folder is a symbolic link")
    # Stamps first: what is written between the two steps is either read, or bears later stamps.
    stamps = _stamps(path)
    data = read_regular(path, SIZE_LIMIT)
    if _names(path) > 1:
        raise StorageError(f"cannot read {path}: it has another name too (a hard link); a shard is a file of its own")
    return data, _sealed(path, known if data == known else sha256_hex(data), stamps)


def held(path: str) -> bytes | None:
    """Give what a regular file holds; None for anything else, and for nothing."""
    try:
        return read_regular(path, SIZE_LIMIT)
    except StorageError:
        return None


def _names(path: str) -> int:
    try:
        return os.lstat(path).st_nlink
    except OSError:
        return 0


def _sealed(path: str, content: Content, stamps: _Stamps) -> Seal:
    return Seal(path, content, stamps, not stamps or stamps[-1] > time.time_ns() - _TICK)


def _stamps(path: str) -> _Stamps:
    try:
        status = os.lstat(path)
    except OSError:
        return ()
    return (status.st_mode, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
