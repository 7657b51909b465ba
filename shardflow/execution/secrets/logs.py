"""Masked logs: what subagents print goes through a pipe and the mask before it reaches a file.

Law: a log holds every byte that was printed, in order, secrets masked; none of them is ever on the disk, also not
while the subagent runs or when the engine is killed. One thread copies for a whole group.

Only runs with secrets pay for this; elsewhere subagents write into their log files themselves.
"""

from __future__ import annotations

import errno
import os
import selectors
import threading
from typing import Final

from shardflow.execution.secrets.masking import Mask, MaskedStream
from shardflow.model.records import record
from shardflow.storage.files import open_log

_CHUNK: Final = 1 << 16


@record
class _Copy:
    """One pipe, and the log behind it."""

    path: str
    pipe: int
    log: int
    stream: MaskedStream


class MaskedLogs:
    """Copies what is printed until it is closed; `failures` tell by path which logs could not be written."""

    def __init__(self, mask: Mask) -> None:
        self.failures: dict[str, str] = {}
        self._mask = mask
        self._copies: dict[int, _Copy] = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._thread: threading.Thread | None = None
        self._wake, self._woken = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ, None)

    def open(self, path: str) -> int:
        """Begin a log, and give the descriptor to print to. Raises OSError."""
        self._start()
        log = open_log(path)
        try:
            pipe, printed = os.pipe()
        except OSError:
            os.close(log)
            raise
        os.set_blocking(pipe, False)
        copy = _Copy(path, pipe, log, self._mask.stream())
        with self._lock:
            self._copies[pipe] = copy
            self._selector.register(pipe, selectors.EVENT_READ, copy)
        return printed

    def settle(self, *paths: str) -> tuple[str, ...]:
        """Have these logs hold all that was printed so far; gives what went wrong with them."""
        with self._lock:
            for copy in [copy for copy in self._copies.values() if copy.path in paths]:
                self._drain(copy)
            return tuple(f"{path}: {self.failures[path]}" for path in paths if path in self.failures)

    def close(self) -> None:
        """Have all logs hold all that was printed, and end."""
        os.close(self._woken)
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            for copy in list(self._copies.values()):
                self._drain(copy)
            for copy in list(self._copies.values()):
                self._end(copy)
        self._selector.close()
        os.close(self._wake)

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="logs", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # Python's word for what the system answers with EAGAIN
                raise OSError(errno.EAGAIN, str(error)) from error
            self._thread = thread

    def _work(self) -> None:
        while True:
            ready = self._selector.select()
            if any(key.data is None for key, _ in ready):
                return
            with self._lock:
                for key, _ in ready:
                    if key.data.pipe in self._copies:
                        self._take(key.data)

    def _drain(self, copy: _Copy) -> None:
        while self._take(copy):
            pass

    def _take(self, copy: _Copy) -> bool:
        """Copy a piece; tells whether there may be more just now."""
        try:
            piece = os.read(copy.pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not piece:
            self._end(copy)
            return False
        self._write(copy, copy.stream.feed(piece))
        return True

    def _end(self, copy: _Copy) -> None:
        self._write(copy, copy.stream.end())
        self._selector.unregister(copy.pipe)
        os.close(copy.pipe)
        os.close(copy.log)
        del self._copies[copy.pipe]

    def _write(self, copy: _Copy, data: bytes) -> None:
        """Write on; what a full disk refuses is told, and the subagent is not held up by it."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(copy.log, rest) :]
        except OSError as error:
            self.failures.setdefault(copy.path, (error.strerror or str(error)).lower())
