"""Pipes that a shell hands over by name: `<(command)` becomes `/dev/fd/63`, a pipeline ends in `/dev/stdin`,
which the command line calls `-` too.

Law: only a descriptor that this process was started with is read like this, and only where a person named it. No pipe
that stands in a folder is ever opened, so nothing that a subagent left can make a reader wait. A pipe gives what it
holds once: that is kept for whoever asks again.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from shardflow.errors import StorageError
from shardflow.storage.files import check_regular, read_on, read_regular
from shardflow.storage.refusals import FilePath, refusal, shown_path

_FOLDERS: Final = ("/dev/fd/", "/proc/self/fd/")
STANDARD_INPUT: Final = "/dev/stdin"

_kept: Final[dict[tuple[int, int, int], bytes | None]] = {}
"""What was read, by the number of the descriptor and what that stood for; None where it was too much to keep."""


def is_descriptor(path: FilePath) -> bool:
    """Tell whether a path names a descriptor of this process."""
    return _number(path) is not None


def read_given(path: FilePath, limit: int) -> bytes:
    """Read what a person named: a regular file, or to its end what their shell handed over; at most `limit` bytes.

    Raises StorageError, as `read_regular` does; for a terminal or another device, too.
    """
    number = _number(path)
    if number is None:
        return read_regular(path, limit)
    data = _drained(number, path, limit)
    if data is None or len(data) > limit:
        raise StorageError(f"{shown_path(path)} is too large: more than {limit:,} bytes", file=path)
    return data


def _number(path: FilePath) -> int | None:
    text = os.fspath(path)
    if text == STANDARD_INPUT:
        return 0
    folder = next((folder for folder in _FOLDERS if text.startswith(folder)), "")
    digits = text.removeprefix(folder)
    return int(digits) if folder and digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def _drained(number: int, path: FilePath, limit: int) -> bytes | None:
    """Give all that a descriptor holds, None for too much: what was read of that is gone, so nobody gets the rest."""
    try:
        status = os.fstat(number)
        if not stat.S_ISFIFO(status.st_mode):
            check_regular(number, path)
        key = (number, status.st_dev, status.st_ino)
        if key not in _kept:
            data = read_on(number, limit + 1)
            _kept[key] = data if len(data) <= limit else None
        return _kept[key]
    except OSError as error:
        raise refusal(path, "read", error) from error
