"""Time limits of one child: how long it may run in all, and how long without a sign of life.

Law: only clocks that nobody sets are asked, so a clock that jumps ends nobody; a sign of life is a file that is not as
it was at the last look, whatever its time stamps say. One without a sign is found between its idle timeout and a
quarter more. Time during which the run and its children were suspended does not count (`shift`).
"""

from __future__ import annotations

import os
from math import inf
from typing import Final, TypeAlias

_LOOKS: Final = 4
"""Looks at the files in one idle timeout."""

_Signs: TypeAlias = tuple[tuple[int, int] | None, ...]


class TimeLimits:
    """The limits of a child that runs since `started` (monotonic). `due` is the next moment at which to ask `is_over`.

    `timeout` and `idle_timeout` in seconds, None for none; `watched` are the files that show that it lives.
    """

    __slots__ = ("_deadline", "_idle", "_signs", "_since", "_watched", "due")

    def __init__(
        self, started: float, timeout: float | None, idle_timeout: float | None, watched: tuple[str, ...]
    ) -> None:
        self._deadline = inf if timeout is None else started + timeout
        self._idle = idle_timeout
        self._watched = watched
        self._since = started
        self._signs: _Signs = ()
        self.due = self._next(started)

    def is_idle(self, now: float) -> bool:
        """Tell whether it gave no sign of life for its idle timeout; looks at the files."""
        if self._idle is None:
            return False
        signs = tuple(map(_sign, self._watched))
        if signs != self._signs:
            self._signs, self._since = signs, now
        self.due = self._next(now)
        return now >= self._since + self._idle

    def is_over(self, now: float) -> bool:
        """Tell whether its whole time is over."""
        return now >= self._deadline

    def shift(self, seconds: float) -> None:
        """Let so many seconds not count."""
        self._deadline += seconds
        self._since += seconds
        self.due += seconds

    def _next(self, now: float) -> float:
        if self._idle is None:
            return self._deadline
        return min(self._deadline, self._since + self._idle, now + self._idle / _LOOKS)


def _sign(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
