"""Who decides where a person must: an answer written beforehand, the first option, a person at a terminal, or nobody.

Law: nobody is asked what is answered already, and what nobody answers pauses the run: it is never decided otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from shardflow.model.records import record
from shardflow.workflow.dialect.answers import Answers, chosen
from shardflow.workflow.dialect.model import Option


@record
class Question:
    """What somebody shall decide: one of the options.

    files       what to look at before, absolute
    asked_here  how often this run has asked behind this phase already; `asked_in_all` behind any
    """

    phase: str
    prompt: str
    options: tuple[Option, ...]
    files: tuple[str, ...] = ()
    asked_here: int = 0
    asked_in_all: int = 0


@record
class ChosenOption:
    """The option that was chosen, by its place, and what was said about it."""

    place: int
    feedback: str = ""


@record
class Unclear:
    """An answer that fits no option, and why."""

    reason: str


Asker: TypeAlias = "Callable[[Question, Callable[[], bool]], ChosenOption | Unclear | None]"
"""Answers a question; None: nobody is there to do it. What it is given beside tells that the run is asked to stop."""


def nobody(_question: Question, _stopped: Callable[[], bool]) -> None:
    """Answer nothing: whoever resumes the run will."""
    return


def first_option(_question: Question, _stopped: Callable[[], bool]) -> ChosenOption:
    """Take the first option, as `--yes` asks for."""
    return ChosenOption(0)


def written_answers(answers: Answers, otherwise: Asker) -> Asker:
    """Take what is written down, and ask somebody else where nothing is."""

    def ask(question: Question, stopped: Callable[[], bool]) -> ChosenOption | Unclear | None:
        written = answers.next(question.phase, question.asked_here, question.asked_in_all)
        if written is None:
            return otherwise(question, stopped)
        place = chosen(question.options, written.choose)
        return Unclear(f"{written.where}: {place}") if isinstance(place, str) else ChosenOption(place, written.feedback)

    return ask
