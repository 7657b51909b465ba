"""Files as whole byte strings: read only what is a regular file, replace all or nothing.

Laws: a reader of a replaced file sees the old bytes or the new bytes, never a mixture, also after a crash; whatever
the file system refuses, the old bytes stay. Nothing here follows a symbolic link in the last part of a path.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from shardflow.errors import StorageError
from shardflow.storage.capabilities import NO_REPLACING
from shardflow.storage.refusals import FilePath, kind_of_mode, refusal, shown_path
from shardflow.storage.two_steps import is_finished, put_in_two_steps

_PRIVATE: Final = 0o600
_CHUNK: Final = 1 << 20
TEMPORARY: Final = r"\.shardflow-[0-9a-f]{16}\.tmp"
"""What a file is called until it is whole, as a pattern."""
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_LOG: Final = _CREATE | os.O_APPEND

_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What a file system answers when it has no way to sync a folder."""


def read_regular(path: FilePath, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Raises StorageError naming what stands there instead: nothing, a symbolic link, a folder, a pipe, a device, a
    socket, or too much. Never blocks on a pipe and never follows a link to elsewhere.
    """
    try:
        descriptor = _opened(path)
    except (OSError, ValueError) as error:
        raise refusal(path, "read", error) from error
    try:
        return _read_open(descriptor, path, limit)
    except (OSError, ValueError) as error:
        raise refusal(path, "read", error) from error
    finally:
        os.close(descriptor)


def _opened(path: FilePath) -> int:
    try:
        return os.open(path, _READ)
    except FileNotFoundError:
        if not is_finished(os.fspath(path)):
            raise
        return os.open(path, _READ)


def open_regular(path: FilePath) -> int:
    """Open a regular file for reading, and give its descriptor. Raises StorageError, as `read_regular` does."""
    try:
        descriptor = _opened(path)
        try:
            check_regular(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
    except (OSError, ValueError) as error:
        raise refusal(path, "read", error) from error
    return descriptor


def read_tail(path: FilePath, most: int) -> bytes:
    """Read the last bytes of a regular file, `most` of them if it has so many. Raises StorageError."""
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, most, max(0, size - most))
    except OSError as error:
        raise refusal(path, "read", error) from error
    finally:
        os.close(descriptor)


def check_regular(descriptor: int, path: FilePath) -> int:
    """Give the size of an open file. Raises StorageError for what is no regular file."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(f"{shown_path(path)} is {kind_of_mode(status.st_mode)}, not a regular file", file=path)
    return status.st_size


def _read_open(descriptor: int, path: FilePath, limit: int) -> bytes:
    size = check_regular(descriptor, path)
    if size <= limit:
        data = os.read(descriptor, size + 1)
        if len(data) != size:  # it grows, shrinks, or its size is not told (/proc)
            data += read_on(descriptor, limit + 1 - len(data))
        if len(data) <= limit:
            return data
    raise StorageError(f"{shown_path(path)} is too large: more than {limit:,} bytes", file=path)


def read_on(descriptor: int, most: int) -> bytes:
    """Read an open file from where it stands to its end, or `most` bytes of it. Raises OSError."""
    data = bytearray()
    while len(data) < most and (chunk := os.read(descriptor, min(_CHUNK, most - len(data)))):
        data += chunk
    return bytes(data)


def write_new(path: FilePath, data: bytes, *, mode: int = _PRIVATE) -> None:
    """Write a file that must not exist yet; nothing is left where writing fails. Not synced to the disk.

    Raises StorageError when something stands there already or the file system refuses.
    """
    try:
        _create(path, (data,), mode, sync=False)
    except (OSError, ValueError) as error:
        raise refusal(path, "write", error) from error


def write_new_pieces(path: FilePath, pieces: Iterable[bytes]) -> None:
    """Write a file as `write_new` does, from pieces that memory need not hold all at once."""
    try:
        _create(path, pieces, _PRIVATE, sync=False)
    except (OSError, ValueError) as error:
        raise refusal(path, "write", error) from error


def put_file(path: FilePath, data: bytes) -> None:
    """Make a file hold exactly these bytes in one step, whatever stood there. Not synced to the disk.

    Whoever dies in the middle of it leaves no half-written file. Raises StorageError.
    """
    temporary = _temporary(os.path.dirname(path) or ".")
    try:
        _create(temporary, (data,), _PRIVATE, sync=False)
        _rename(temporary, path)
    except (OSError, ValueError) as error:
        raise refusal(path, "write", error) from error


def replace_file(path: FilePath, data: bytes) -> None:
    """Make a file hold exactly these bytes, durably, in one step; a new one is private, an old one keeps its mode.

    Written beside it, synced, renamed over it, folder synced. Raises StorageError when the file system refuses or
    something that is no regular file stands there; the old bytes are then untouched. A process killed in between may
    leave a `.shardflow-*.tmp` behind, which nobody ever reads.
    """
    folder = os.path.dirname(path) or "."
    temporary = _temporary(folder)
    try:
        _create(temporary, (data,), _mode_of(path), sync=True)
        _rename(temporary, path)
        _sync_folder(folder)
    except (OSError, ValueError) as error:
        raise refusal(path, "write", error) from error


def sync_file(path: FilePath) -> None:
    """Make what a file holds survive a power cut; its name in its folder is another matter. Raises StorageError."""
    try:
        descriptor = os.open(path, _READ)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise refusal(path, "sync", error) from error


def sync_folder(path: FilePath) -> None:
    """Make the names in a folder survive a power cut; its own name in the folder above is another matter.

    Raises StorageError.
    """
    try:
        _sync_folder(os.fspath(path))
    except (OSError, ValueError) as error:
        raise refusal(path, "sync", error) from error


def open_log(path: FilePath) -> int:
    """Begin a file that must not exist yet, and give the descriptor that appends to it. Raises OSError."""
    return os.open(path, _NEW_LOG, _PRIVATE)


def _temporary(folder: str) -> str:
    return os.path.join(folder, f".shardflow-{os.urandom(8).hex()}.tmp")


def _mode_of(path: FilePath) -> int:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return _PRIVATE
    if not stat.S_ISREG(mode):
        raise StorageError(f"{shown_path(path)} is {kind_of_mode(mode)}, not a regular file", file=path)
    return stat.S_IMODE(mode)


def _create(path: FilePath, pieces: Iterable[bytes], mode: int, *, sync: bool) -> None:
    descriptor = os.open(path, _CREATE, _PRIVATE)
    try:
        for piece in pieces:
            _write_all(descriptor, piece)
        if mode != _PRIVATE:
            os.fchmod(descriptor, mode)
        if sync:
            os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what matters
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _rename(temporary: str, path: FilePath) -> None:
    try:
        os.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in NO_REPLACING and os.path.lexists(path):
            return put_in_two_steps(temporary, os.fspath(path))
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def sha256_hex(data: bytes) -> str:
    """Give the SHA-256 of some bytes as 64 lower-case hexadecimal digits."""
    return sha256_of((data,))


def sha256_of(pieces: Iterable[bytes]) -> str:
    """Give the SHA-256 of bytes that come in pieces, as `sha256_hex` does."""
    from hashlib import sha256  # loads OpenSSL, which not every command needs

    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
