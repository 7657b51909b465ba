"""What a file system can do: tried out, not guessed from its name.

Law: trying leaves nothing behind, and tells nothing but what the file system itself refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import Final

NOT_SUPPORTED: Final = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK})
"""What a file system answers when it has no such operation."""

NO_REPLACING: Final = NOT_SUPPORTED | {errno.EEXIST}
"""What it answers to a rename where it cannot put one file in the place of another."""


def lacking(folder: str) -> Iterator[str]:
    """Tell what a run needs and the file system of this folder cannot do, in words; a folder that is not there yet has
    that of the nearest one above it. What cannot even be tried is left to whoever needs it.
    """
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    names = [f"{folder}/.shardflow-{os.urandom(8).hex()}.tmp" for _ in "ab"]
    try:
        for name in names:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        if not _can_lock(names[1]):
            yield "lock a file"
        if not _can_replace(*names):
            yield "put a file in the place of another in one step"
    except OSError:
        return
    finally:
        for name in names:
            with suppress(OSError):
                os.unlink(name)


def _can_lock(path: str) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except OSError as error:
        return error.errno not in NOT_SUPPORTED
    finally:
        os.close(descriptor)
    return True


def _can_replace(new: str, old: str) -> bool:
    try:
        os.replace(new, old)
    except OSError as error:
        return error.errno not in NO_REPLACING
    return True
