"""Asking a person at the terminal how a run shall go on: what it is about, what to look at, what can be chosen.

Everything shown is on standard error, since standard output may be for a program; text from files and scripts is
escaped. Whoever leaves (end of input, Ctrl-C) has not answered, and the run pauses or stops.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import Final

from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views import View
from shardflow.cli.views.display import place, printable_lines
from shardflow.errors import StorageError
from shardflow.execution.staging.asking import ChosenOption, Question
from shardflow.storage.files import read_regular
from shardflow.workflow.dialect.answers import chosen

_LINES: Final = 40
"""Lines shown of a file; the rest is counted."""
_LIMIT: Final = 16 << 20
_LOOK: Final = 0.1
"""Seconds between two looks at whether the run is asked to stop."""


class TerminalAsker:
    """Asks at the terminal, with the view out of the way."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __call__(self, question: Question, stopped: Callable[[], bool]) -> ChosenOption | None:
        """Ask until an option is chosen; None if nobody does."""
        self._view.pause()
        CONSOLE.complain("\n".join(_question_lines(question)))
        while (place := self._place(question, stopped)) is not None:
            if isinstance(place, int):
                return self._chosen(question, place, stopped)
            CONSOLE.complain(place)
        return None

    def _place(self, question: Question, stopped: Callable[[], bool]) -> int | str | None:
        line = _line(f"choose 1 to {len(question.options)}: ", stopped)
        if line is None:
            return None
        return chosen(question.options, int(line) if line.isdecimal() and len(line) < 9 else line)

    def _chosen(self, question: Question, place: int, stopped: Callable[[], bool]) -> ChosenOption | None:
        if not question.options[place].with_feedback:
            return ChosenOption(place)
        feedback = _line("feedback (may be empty): ", stopped)
        return None if feedback is None else ChosenOption(place, feedback)


def _question_lines(question: Question) -> Iterator[str]:
    yield styled(f"checkpoint of phase {question.phase}", "bold", sys.stderr)
    yield printable_lines(question.prompt)
    for file in question.files:
        yield from _file_lines(file)
    for number, option in enumerate(question.options, 1):
        yield f"  {styled(str(number), 'bold', sys.stderr)}  {printable_lines(option.label)}"


def _file_lines(file: str) -> Iterator[str]:
    try:
        lines = read_regular(file, _LIMIT).decode("utf-8", "replace").splitlines()
    except StorageError as error:
        yield styled(printable_lines(str(error)), "warn", sys.stderr)
        return
    yield styled(f"--- {place(os.path.relpath(file))}", "dim", sys.stderr)
    yield from (printable_lines(line.expandtabs()) for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield styled(f"... and {len(lines) - _LINES:,} more lines", "dim", sys.stderr)


def _line(prompt: str, stopped: Callable[[], bool]) -> str | None:
    """Read a line; None at the end of input, or when the run is asked to stop."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    while not select.select([sys.stdin], [], [], _LOOK)[0]:
        if stopped():
            sys.stderr.write("\n")
            return None
    line = sys.stdin.readline()
    return line.strip() if line else None
