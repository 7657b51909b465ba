"""Progress of a search that takes a while: on a terminal one line, redrawn in place; elsewhere nothing."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Final

from shardflow.cli.console import CONSOLE, is_terminal

_DELAY: Final = 0.5
"""Seconds until something is shown."""
_INTERVAL: Final = 0.2


class Trying:
    """Tells how many tries there were so far, such as `shrinking: 120 merges tried`; `close` removes the line."""

    def __init__(self, what: str, tries: str) -> None:
        self._what = what
        self._tries = tries
        self._next = monotonic() + _DELAY
        self._shown = False
        self._terminal = is_terminal(sys.stderr)

    def hear(self, tries: int) -> None:
        """Take in how many tries there were."""
        if self._terminal and monotonic() >= self._next:
            self._next = monotonic() + _INTERVAL
            self._shown = True
            CONSOLE.redraw(f"{self._what}: {tries:,} {self._tries}")

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            CONSOLE.redraw("")
