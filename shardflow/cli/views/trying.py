"""Progress of a search that takes a while: on a terminal one line, redrawn in place; elsewhere a line now and then."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import Final

from shardflow.cli.console import CONSOLE, is_terminal

_DELAY: Final = 0.5
"""Seconds until something is shown on a terminal."""
_INTERVAL: Final = 0.2
_LOGGED: Final = 30.0
"""Seconds between lines where there is no terminal, and until the first."""


class Trying:
    """Tells how many tries there were so far, such as `shrinking: 120 merges tried`; `close` removes the line."""

    def __init__(self, what: str, tries: str) -> None:
        self._what = what
        self._tries = tries
        self._terminal = is_terminal(sys.stderr)
        self._next = monotonic() + (_DELAY if self._terminal else _LOGGED)
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
