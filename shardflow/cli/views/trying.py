"""Progress of what takes a while: on a terminal one line, redrawn in place; elsewhere, of a search, a line at times."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from shardflow.cli.console import CONSOLE, is_terminal
from shardflow.cli.views.display import seconds

if TYPE_CHECKING:
    from threading import Event  # only a terminal is told

_DELAY: Final = 0.5
"""Seconds until something is shown on a terminal."""
_INTERVAL: Final = 0.2
_SECOND: Final = 1.0
_FIRST_LOGGED: Final = 5.0
"""Seconds until the first line where there is no terminal."""
_LOGGED: Final = 30.0
"""Seconds between lines there."""


@contextmanager
def at_work(what: str) -> Iterator[None]:
    """Tell on a terminal how long something goes on already, once that is a second: `merging: 3.2 s`."""
    if not is_terminal(sys.stderr):
        yield
        return
    from threading import Event, Thread

    over = Event()
    clock = Thread(target=_tick, args=(what, over), name="at work", daemon=True)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()


def _tick(what: str, over: Event) -> None:
    begun = monotonic()
    shown = False
    while not over.wait(_INTERVAL if shown else _SECOND):
        CONSOLE.redraw(f"{what}: {seconds(monotonic() - begun)}")
        shown = True
    if shown:
        CONSOLE.redraw("")


class Trying:
    """Tells how many tries there were so far, such as `shrinking: 120 merges tried`; `close` removes the line."""

    def __init__(self, what: str, tries: str) -> None:
        self._what = what
        self._tries = tries
        self._terminal = is_terminal(sys.stderr)
        self._next = monotonic() + (_DELAY if self._terminal else _FIRST_LOGGED)
        self._shown = False

    def hear(self, tries: int) -> None:
        """Take in how many tries there were."""
        if monotonic() < self._next:
            return
        text = f"{self._what}: {tries:,} {self._tries}"
        if self._terminal:
            CONSOLE.redraw(text[: os.get_terminal_size(sys.stderr.fileno()).columns - 1])
        else:
            CONSOLE.complain(text)
        self._shown = self._terminal
        self._next = monotonic() + (_INTERVAL if self._terminal else _LOGGED)

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            CONSOLE.redraw("")
