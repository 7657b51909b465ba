"""What every command ends with; README.md tells it, and the pages of commands what it means for each."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FAILED: Final = 1
"""A subagent failed, what was asked about is not so, or an internal error."""
INVALID: Final = 2
"""Wrong usage, or input that cannot be used."""
CONFLICTS: Final = 3
ABORTED: Final = 4
"""Ended by whoever decided at a checkpoint, or waiting there for somebody who does."""
INTERRUPTED: Final = 130
TERMINATED: Final = 143
