"""Who decides where a person must: an answer written beforehand, the first option, a person at a terminal, or nobody.

Law: nobody is asked what is answered already, and what nobody answers pauses the run: it is never decided otherwise.
An answer that holds every time comes to an end where it repeats: no run goes round for ever with nobody there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from shardflow.model.fields import quoted
from shardflow.model.records import record
from shardflow.workflow.dialect.answers import Answers, chosen
from shardflow.workflow.dialect.model import Option, RepeatPhase

REPEATS: Final = 3
"""How often an answer that holds every time may repeat a phase: as often as a gap check does, if it says nothing."""


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


def first_option(question: Question, _stopped: Callable[[], bool]) -> ChosenOption | Unclear:
    """Take the first option, as `--yes` asks for."""
    return _every_time(question, ChosenOption(0), "--yes")


def ways_to_answer(question: Question) -> str:
    """Say how whoever resumes the run can answer; not by --yes, once that would only repeat the phase again."""
    by_yes = isinstance(_every_time(question, ChosenOption(0), ""), ChosenOption)
    return f"answer at a terminal or by --answers FILE{', or take the first by --yes' if by_yes else ''}"


def written_answers(answers: Answers, otherwise: Asker) -> Asker:
    """Take what is written down, and ask somebody else where nothing is."""

    def ask(question: Question, stopped: Callable[[], bool]) -> ChosenOption | Unclear | None:
        written = answers.next(question.phase, question.asked_here, question.asked_in_all)
        if written is None:
            return otherwise(question, stopped)
        place = chosen(question.options, written.choose)
        if isinstance(place, str):
            return Unclear(f"{written.where}: {place}")
        answer = ChosenOption(place, written.feedback)
        return _every_time(question, answer, written.where) if question.phase in answers.always else answer

    return ask


def _every_time(question: Question, answer: ChosenOption, whose: str) -> ChosenOption | Unclear:
    """Take an answer that holds every time, unless it goes round and round."""
    option = question.options[answer.place]
    if question.asked_here < REPEATS or not isinstance(option.choice, RepeatPhase):
        return answer
    return Unclear(
        f"{whose}: {quoted(option.label)} would repeat once more what was asked {question.asked_here} times already;"
        " decide at a terminal, or give a list of answers, one for each time"
    )
