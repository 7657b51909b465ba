"""Answers written beforehand: each is found in its turn, and one that fits no option is never taken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidInput
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.dialect.answers import Answers, Questions, chosen, read_answers
from shardflow.workflow.dialect.model import (
    ESCALATED_OPTIONS,
    PLAIN_OPTIONS,
    Abort,
    Continue,
    Option,
    RepeatPhase,
    SkipPhases,
)

OPTIONS = (
    Option("Go on", Continue()),
    Option("Again", RepeatPhase(None)),
    Option("Back", RepeatPhase("p")),
    Option("continue", SkipPhases(("q",))),
    Option("Stop", Abort()),
)


def read(text: str) -> Answers:
    questions: dict[str, Questions] = {
        "p": [OPTIONS],
        "q": [ESCALATED_OPTIONS, OPTIONS],
        "r": [PLAIN_OPTIONS],
        "silent": [],
    }
    return read_answers(parse_yaml(text.encode(), "answers.yaml"), questions)


@pytest.mark.parametrize(
    ("choose", "place"),
    [
        (1, 0),
        (5, 4),
        ("Go on", 0),
        ("AGAIN", 1),
        ("continue", 3),  # a label goes over an action
        ("skip_phases", 3),
        ("abort", 4),
        (0, "there are 5 options, and no 0"),
        (6, "there are 5 options, and no 6"),
        ("repeat_phase", "'repeat_phase' is what several options are called; give its number"),
        ("Gone", "no option is called 'Gone'; known are 'Go on', 'Again', 'Back', 'continue', 'Stop'"),
    ],
)
def test_an_option_is_found_by_its_label_its_action_or_its_number(choose: str | int, place: int | str) -> None:
    assert chosen(OPTIONS, choose) == place


@given(st.text() | st.integers())
def test_whatever_is_written_names_one_option_or_none(choose: str | int) -> None:
    place = chosen(OPTIONS, choose)
    assert isinstance(place, str) or 0 <= place < len(OPTIONS)


def test_answers_are_taken_in_turn_by_phase_or_for_the_whole_run() -> None:
    by_phase = read("p: Stop\nq: [Again, {choose: 2, feedback: shorter}]")
    assert [by_phase.next("q", turn, 9) for turn in range(3)] == [*by_phase.by_phase["q"], None]
    assert [answer.feedback for answer in by_phase.by_phase["q"]] == ["", "shorter"]
    assert [by_phase.next("p", turn, 9) for turn in range(3)] == [by_phase.always["p"]] * 3
    assert by_phase.next("r", 0, 0) is None
    in_order = read("[Again, 2]")
    assert [in_order.next("p", 9, turn) for turn in range(3)] == [*in_order.in_order, None]
    assert (in_order.in_order[1].choose, in_order.in_order[1].where) == (2, "answers.yaml:1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("5", "answers.yaml:1: expected an object, found the integer 5"),
        ("p: {feedback: x}", "answers.yaml:1: field 'choose' is missing at $.p; expected a text"),
        ("p: [{choose: true}]", "answers.yaml:1: expected a text, found the boolean true at $.p[0].choose;"),
        ("p: [{choose: Stop, why: b}]", "answers.yaml:1: unknown field 'why' at $.p[0].why;"),
    ],
)
def test_what_is_no_answer_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("r: Gone", "answers.yaml:1: no option is called 'Gone'; known are 'Continue', 'Abort' at $.r"),
        ("r: {choose: 3}", "answers.yaml:1: there are 2 options, and no 3 at $.r.choose"),
        ("q: 6", "answers.yaml:1: there are 5 options, and no 6 at $.q"),
        ("p: [1, repeat_phase]", "answers.yaml:1: 'repeat_phase' is what several options are called; give its number"),
        ("silent: 1", "answers.yaml:1: no phase 'silent' that could ask at $.silent; known are p, q, r"),
        ("[Stop, Gone]", "answers.yaml:1: no option is called 'Gone'; known are 'Go on', 'Again', 'Back', 'continue'"),
    ],
)
def test_an_answer_that_no_question_could_take_is_told_when_it_is_read(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    [told] = caught.value.problems
    assert str(told).startswith(problem)


def test_an_answer_that_fits_one_of_the_questions_of_its_phase_is_read() -> None:
    assert [answer.choose for answer in read("q: [Retry, Stop, repeat_phase]").by_phase["q"]] == [
        "Retry",
        "Stop",
        "repeat_phase",
    ]
    assert read("[Stop, Retry, 5]").in_order


def test_an_answer_for_a_phase_that_is_not_there_is_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        read("p: Stop\nqq: [Again]\nr: {chose: 1}\n")
    assert [str(problem).split(" at $")[0] for problem in caught.value.problems] == [
        "answers.yaml:2: no phase 'qq' that could ask",
        "answers.yaml:3: unknown field 'chose'",
    ]
