"""Answers written beforehand for what a person is asked: `shardflow run --answers FILE`.

    plan: Continue                                # a phase's id: the label of an option, its action, or its number
    build:                                        # a list: the first time, the second time, ...
      - {choose: Again, feedback: shorter, please}
      - Continue

or, for all phases, one list in the order in which the run asks:

    - Continue
    - {choose: 2}

Law: an answer that fits no option is never taken for another one, and one that is missing is no answer. One that can
never be taken is told before anything runs, not when somebody is missing: for a phase that does not ask, or for an
option that it does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
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


Questions: TypeAlias = Sequence[Sequence[Option]]
"""What somebody may be asked, each question by its options."""


def read_answers(document: Document, questions: Mapping[str, Questions]) -> Answers:
    """Read a file of answers for a workflow whose phases may ask these. Raises InvalidInput with every problem."""
    return read_document(document, lambda place: _read_answers(place, questions), InvalidInput)


def _read_answers(place: Place, questions: Mapping[str, Questions]) -> Answers:
    asking = {phase: asked for phase, asked in questions.items() if asked}
    if isinstance(place.value, list):
        return Answers({}, {}, _read_turns(place, [*chain.from_iterable(asking.values())]))
    members = place.members()
    for phase in members.keys() - asking.keys():
        hint = did_you_mean(phase, asking) if asking else "no phase of this workflow asks"
        members[phase].refuse(f"no phase {quoted(phase)} that could ask", hint)
    lists = {phase: member for phase, member in members.items() if isinstance(member.value, list)}
    turns = {phase: _read_turns(member, asking.get(phase, ())) for phase, member in lists.items()}
    rest = {phase: member for phase, member in members.items() if phase not in lists}
    return Answers(turns, {phase: _read_answer(member, asking.get(phase, ())) for phase, member in rest.items()})


def _read_turns(place: Place, questions: Questions) -> Turns:
    return tuple(_read_answer(item, questions) for item in place.items())


def _read_answer(place: Place, questions: Questions) -> WrittenAnswer:
    if not isinstance(place.value, dict):
        return WrittenAnswer(_read_choose(questions, place), "", place.origin)
    with place.fields() as fields:
        return WrittenAnswer(
            choose=fields.required("choose", partial(_read_choose, questions)),
            feedback=fields.optional("feedback", Place.text, ""),
            where=place.origin,
        )


def _read_choose(questions: Questions, place: Place) -> str | int:
    told = len(place.problems)
    number = place.value
    choose = number if isinstance(number, int) and not isinstance(number, bool) else read_label(place)
    if len(place.problems) == told and (why := _unfit(questions, choose)):
        place.refuse(why)
    return choose


def _unfit(questions: Questions, choose: str | int) -> str:
    """Say why an answer fits none of the questions it may be given to; nothing if it fits one."""
    found = [chosen(options, choose) for options in questions]
    if not found or any(isinstance(place, int) for place in found):
        return ""
    every = tuple(dict.fromkeys(chain.from_iterable(questions)))
    return str(chosen(max(questions, key=len) if isinstance(choose, int) else every, choose))


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
