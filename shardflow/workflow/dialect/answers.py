"""Answers written beforehand for what a person is asked: `shardflow run --answers FILE`.

    plan: Continue                                # a phase's id: the label of an option, its action, or its number
    build:                                        # a list: the first time, the second time, ...
      - {choose: Again, feedback: shorter, please}
      - Continue

or, for all phases, one list in the order in which the run asks:

    - Continue
    - {choose: 2}

Law: an answer that fits no option is never taken for another one, and one that is missing is no answer. One for a phase
that the workflow does not have is told before anything runs, not when somebody is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from shardflow.errors import InvalidInput
from shardflow.model.documents import Document, did_you_mean
from shardflow.model.fields import Place, quoted, read_document
from shardflow.model.records import record
from shardflow.workflow.dialect.model import Abort, Choice, Continue, Option, RepeatPhase, SkipPhases
from shardflow.workflow.texts import read_label


@record
class WrittenAnswer:
    """What to choose: a label, an action, or a number from 1; `where` it is written, for people."""

    choose: str | int
    feedback: str
    where: str


Turns: TypeAlias = tuple[WrittenAnswer, ...]


@record
class Answers:
    """Answers by phase, time after time; `always` those that hold every time; `in_order` for a run as a whole."""

    by_phase: Mapping[str, Turns]
    always: Mapping[str, WrittenAnswer]
    in_order: Turns = ()

    def next(self, phase: str, asked_here: int, asked_in_all: int) -> WrittenAnswer | None:
        """Give the answer for a phase that has asked so often before, in a run that has asked so often in all."""
        if phase in self.always:
            return self.always[phase]
        turns, turn = (self.by_phase[phase], asked_here) if phase in self.by_phase else (self.in_order, asked_in_all)
        return turns[turn] if turn < len(turns) else None


def read_answers(document: Document, phases: Collection[str]) -> Answers:
    """Read a file of answers for a workflow with these phases. Raises InvalidInput with every problem."""
    return read_document(document, lambda place: _read_answers(place, phases), InvalidInput)


def _read_answers(place: Place, phases: Collection[str]) -> Answers:
    if isinstance(place.value, list):
        return Answers({}, {}, _read_turns(place))
    members = place.members()
    for phase in members.keys() - set(phases):
        members[phase].refuse(f"no phase {quoted(phase)} that could ask", did_you_mean(phase, phases))
    turns = {phase: _read_turns(member) for phase, member in members.items() if isinstance(member.value, list)}
    always = {phase: _read_answer(member) for phase, member in members.items() if phase not in turns}
    return Answers(turns, always)


def _read_turns(place: Place) -> Turns:
    return tuple(map(_read_answer, place.items()))


def _read_answer(place: Place) -> WrittenAnswer:
    line = place.document.line(place.path)
    where = place.document.source if line is None else f"{place.document.source}:{line}"
    if not isinstance(place.value, dict):
        return WrittenAnswer(_read_choose(place), "", where)
    with place.fields() as fields:
        return WrittenAnswer(
            choose=fields.required("choose", _read_choose),
            feedback=fields.optional("feedback", Place.text, ""),
            where=where,
        )


def _read_choose(place: Place) -> str | int:
    if isinstance(place.value, int) and not isinstance(place.value, bool):
        return place.value
    return read_label(place)


def action_of(choice: Choice) -> str:
    """Name what an option does, as the books and workflows spell it."""
    match choice:
        case Continue():
            return "continue"
        case RepeatPhase():
            return "repeat_phase"
        case SkipPhases():
            return "skip_phases"
        case Abort():
            return "abort"


def chosen(options: Sequence[Option], choose: str | int) -> int | str:
    """Give the place of the option that a text or a number from 1 names, or say why none is."""
    if isinstance(choose, int):
        return choose - 1 if 1 <= choose <= len(options) else f"there are {len(options)} options, and no {choose}"
    labels = [option.label.casefold() for option in options]
    actions = [action_of(option.choice) for option in options]
    for names, name in ((labels, choose.casefold()), (actions, choose)):
        if names.count(name) == 1:
            return names.index(name)
        if name in names:
            return f"{quoted(choose)} is what several options are called; give its number"
    known = ", ".join(quoted(option.label) for option in options)
    return f"no option is called {quoted(choose)}; known are {known}"
