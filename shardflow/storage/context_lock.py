"""One writer of a context at a time: a lock in a file beside it."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from types import TracebackType
from typing import Final

from shardflow.errors import ContextLocked, StorageError
from shardflow.storage.capabilities import NOT_SUPPORTED
from shardflow.storage.files import check_regular
from shardflow.storage.refusals import FilePath, refusal, shown_path

_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PRIVATE: Final = 0o600
_NOT_FOR_US: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_LOCK_TEXT: Final = re.compile(rb"[0-9\0]{0,19}[\n\0]?")
"""What a lock file holds: the process that has it, nothing yet, or what a power cut left of that (zeros, perhaps)."""


class ContextLock:
    """The right to write one context, held while the `with` block runs; the lock is `<context>.lock` beside it.

    Law: of all processes of a machine at most one is inside. It ends with the process however that dies. Entering
    never waits: raises ContextLocked naming the process that holds it, or StorageError if no lock can be made.
    """

    def __init__(self, context: FilePath) -> None:
        self._context = context
        self._path = f"{os.fspath(context)}.lock"
        self._descriptor = -1

    def __enter__(self) -> ContextLock:
        try:
            while not self._locked():
                pass
        except (OSError, ValueError) as error:
            told = refusal(self._path, "lock", error)
            if isinstance(error, OSError) and error.errno in _NOT_FOR_US:
                raise StorageError(
                    f"{told}; the context has to be in a folder that can be written to", file=self._path
                ) from error
            raise told from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # whoever removed it by hand has already done so
            os.unlink(self._path)
        os.close(self._descriptor)

    def _locked(self) -> bool:
        """Take the lock, or tell that its file was removed by the last holder in between: then try again."""
        self._descriptor = os.open(self._path, _LOCK, _PRIVATE)
        try:
            self._check_ours()
            self._take()
            if self._is_current():
                return True
        except BaseException:
            os.close(self._descriptor)
            raise
        os.close(self._descriptor)
        return False

    def _check_ours(self) -> None:
        """Refuse what is no lock file: its bytes would be lost, by whatever other name it has too."""
        check_regular(self._descriptor, self._path)
        is_linked = os.fstat(self._descriptor).st_nlink > 1
        if is_linked or not _LOCK_TEXT.fullmatch(os.pread(self._descriptor, 21, 0)):
            what = "has another name too (a hard link)" if is_linked else "holds something else"
            raise StorageError(
                f"{shown_path(self._path)} is where the context is locked, and {what}; move it away", file=self._path
            )

    def _take(self) -> None:
        try:
            flock(self._descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise ContextLocked(self._holder(), file=self._context) from None
        except OSError as error:
            if error.errno not in NOT_SUPPORTED:  # a run warns of a file system without locks before it starts
                raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _holder(self) -> str:
        pid = os.pread(self._descriptor, 20, 0).strip().decode("ascii", "replace")
        process = f"process {pid}" if pid.isdecimal() else "a process that is just starting"
        return (
            f"{shown_path(self._context)} is in use by another run ({process}); "
            "wait until it has ended, or give this run another context (--context, or --feature for one of the dialect)"
        )
