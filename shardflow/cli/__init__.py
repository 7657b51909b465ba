"""Floor 4: parses, prints, picks an exit code; nothing else."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

_NEW_OBJECTS = 50_000
"""Between two looks of the garbage collector: loading modules makes tens of thousands that all stay, and looking at
them every 700, as Python does by itself, took a tenth of the start-up."""

_LONGEST_INTEGER = 100_000
"""Digits that Python writes and reads: as many as a document may hold (`exact_numbers.py`), not its own 4,300."""


def main() -> NoReturn:
    """Run the command line of this process and end it with the exit code."""
    _be_of_utf8()
    gc.set_threshold(_NEW_OBJECTS)
    sys.set_int_max_str_digits(_LONGEST_INTEGER)
    _end(command_line(sys.argv[1:]))


def _be_of_utf8() -> None:
    """Begin anew where Python can name files in ASCII only: PYTHONUTF8=0 keeps it from what it does by itself in a C
    locale, and then no other path, argument or key could be passed on, shown or kept.
    """
    if sys.getfilesystemencoding() == "ascii" and sys.executable:
        from contextlib import suppress

        with suppress(OSError):  # much is possible as it is
            os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _end(code: int) -> NoReturn:
    """End this process without taking it apart piece by piece, which takes longer than many a command.

    Nothing waits for that: threads are joined, files closed and texts flushed (`cli/console.py`) by whoever made them.
    """
    os._exit(code)


def command_line(line: list[str]) -> int:
    """Do what one command line asks for (without the program's name) and give its exit code."""
    if line == ["--version"]:
        from shardflow.cli.console import CONSOLE

        CONSOLE.say(version_line())
        return CONSOLE.finished(0)
    from shardflow.cli.guard import guarded

    return guarded(line)


def version_line() -> str:
    """Name the program and its version."""
    import shardflow

    return f"shardflow {shardflow.__version__}"
