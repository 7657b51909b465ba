"""Interrupts: a signal that asks the run to end is noted, never acted on in the middle of something.

The first one asks everything to stop within its grace, the second one at once. Outside the pool, where nobody
waits for the note to be read, the second one raises KeyboardInterrupt. A merge writes nothing, so it can be given up
anywhere: while one is worked out, already the first one does.

The end of the run's time is noted as an interrupt without a signal. Being suspended (Ctrl-Z) is noted too, where
children run that the terminal does not reach: whoever looks at the notes suspends them first.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from types import FrameType, TracebackType
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_UNATTENDED: Final = 1
"""Signals that are only noted where nobody looks at the notes."""


class Interrupts:
    """While entered: `signal` is the first signal noted, `count` how many; `descriptor` is readable after each.

    `deadline` is the moment (monotonic) at which the run's time is over, `inf` for never; `is_out_of_time` once it was.
    A signal that was ignored before stays ignored (nohup). Only the main thread can have handlers: entered on
    another, it notes nothing.
    """

    __slots__ = (
        "_before",
        "_most",
        "_wakeup_before",
        "_writer",
        "count",
        "deadline",
        "descriptor",
        "is_asked_to_suspend",
        "is_out_of_time",
        "signal",
    )

    def __init__(self) -> None:
        self.signal: int | None = None
        self.count = 0
        self.deadline = inf
        self.is_out_of_time = False
        self.is_asked_to_suspend = False
        self._most: float = _UNATTENDED

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
        with self._noting_at_most(inf):
            yield

    @contextmanager
    def abandonable(self) -> Iterator[None]:
        """While entered, nothing is written: any signal raises KeyboardInterrupt, also one that came just before.

        One that was caught inside, as a function of a person's own may do, is raised at the end.
        """
        with self._noting_at_most(0):
            self._raise_if_noted()
            yield
            self._raise_if_noted()

    @contextmanager
    def _noting_at_most(self, most: float) -> Iterator[None]:
        before, self._most = self._most, most
        try:
            yield
        finally:
            self._most = before

    def has_come(self) -> bool:
        """Tell whether anything asks the run to end by now."""
        self.look_at_the_clock()
        return self.count > 0

    def look_at_the_clock(self) -> None:
        """Note the end of the run's time, once it has come."""
        if time.monotonic() >= self.deadline and not self.is_out_of_time:
            self.is_out_of_time = True
            self.count += 1

    def suspend(self) -> float:
        """Suspend this process, as its parent was told to have it; give the seconds until it went on."""
        self.is_asked_to_suspend = False
        began = time.monotonic()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        seconds = time.monotonic() - began
        self.deadline += seconds
        return seconds

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
        if signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL:
            self._before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._note_suspension)

    def _note_suspension(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked_to_suspend = True
        if self._most < inf:
            self.suspend()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or number
        self.count += 1
        self._raise_if_noted()

    def _raise_if_noted(self) -> None:
        if self.count > self._most:
            raise KeyboardInterrupt
