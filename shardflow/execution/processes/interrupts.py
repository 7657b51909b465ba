"""Interrupts: a signal that asks the run to end is noted, never acted on in the middle of something.

The first one asks everything to stop within its grace, the second one at once. Outside the pool, where nobody
waits for the note to be read, the second one raises KeyboardInterrupt.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered: `signal` is the first signal noted, `count` how many; `descriptor` is readable after each.

    A signal that was ignored before stays ignored (nohup). Only the main thread can have handlers: entered on
    another, it notes nothing.
    """

    __slots__ = ("_attended", "_before", "_wakeup_before", "_writer", "count", "descriptor", "signal")

    def __init__(self) -> None:
        self.signal: int | None = None
        self.count = 0
        self._attended = False

    def __enter__(self) -> Interrupts:
        """Start noting."""
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1
        self.descriptor, self._writer = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._writer, False)
        if threading.current_thread() is threading.main_thread():
            self._install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything back as it was."""
        if self._before:
            signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.descriptor)
        os.close(self._writer)

    @contextmanager
    def attended(self) -> Iterator[None]:
        """While entered, someone looks at the notes soon and again, and nothing is raised."""
        self._attended = True
        try:
            yield
        finally:
            self._attended = False

    def drain(self) -> None:
        """Empty `descriptor`."""
        try:
            while os.read(self.descriptor, 512):
                pass
        except BlockingIOError:
            pass

    def _install(self) -> None:
        wanted = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in wanted}

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or number
        self.count += 1
        if self.count > 1 and not self._attended:
            raise KeyboardInterrupt
