"""Policies: how they are read, what inherits them, and how many failures they allow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.documents import Document
from shardflow.workflow.model import Workflow
from shardflow.workflow.plan import plan
from shardflow.workflow.policies import (
    RETRYABLE,
    FailurePolicy,
    OnFailure,
    Policy,
    Require,
    Retry,
    Tolerance,
    tolerated,
)
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import document, problems_of

TEXT = """
name: w
timeout: 10m
retry: 2
on_failure: continue
phases:
  - id: p
    behavior: parallel
    idle_timeout: 30s
    grace: 0
    on_failure: {require: 1 of 2}
    fail_fast: true
    subagents:
      - {id: a, run: x, timeout: 5, allow_failure: true}
      - id: b
        run: x
        stop_signal: SIGINT
        retry: {max: 0, backoff: 1m, factor: 1, longest: 1h, jitter: 0, on: [75, timed-out]}
  - {id: q, behavior: main-only, run: x, timeout: 1h, on_failure: {require: 80%}}
  - {id: r, behavior: sequential, on_failure: stop, subagents: [{id: c, run: x, foreach: {path: $.l}}]}
"""


def read(text: str = TEXT) -> Workflow:
    return read_workflow(document(text))


def test_what_a_subagent_does_not_say_its_phase_says_and_then_the_workflow() -> None:
    p, q, r = read().phases
    a, b = p.subagents
    assert a.policy == Policy(Retry(2), 5.0, 30.0, None, 0.0, True)
    assert b.policy == Policy(Retry(0, 60.0, 1.0, 3600.0, 0.0, (75, "timed-out")), 600.0, 30.0, "SIGINT", 0.0, None)
    assert p.policy == Policy(Retry(2), 600.0, 30.0, None, 0.0)
    assert q.subagents[0].policy == q.policy == Policy(Retry(2), 3600.0)
    assert [phase.failures for phase in (p, q, r)] == [
        FailurePolicy(Require(1), True),
        FailurePolicy(Require(None, 80)),
        FailurePolicy(OnFailure.STOP),
    ]


def test_a_plan_says_what_was_inherited_and_is_a_workflow_again() -> None:
    planned: Any = plan(read())
    phase = planned["phases"][0]
    assert phase["subagents"][1]["timeout"] == 600.0
    assert phase["on_failure"] == {"require": 1}


def test_every_mistake_in_a_policy_is_told_with_its_line() -> None:
    found = problems_of(
        """name: w
retry: many
grace: -1
on_failure: {require: 1 of 2}
phases:
  - id: p
    behavior: parallel
    on_failure: {require: 3}
    fail_fast: 1
    stop_signal: SIGSTOP
    subagents:
      - {id: a, run: x, retry: {max: 1, on: [0, died], jitter: 2, factor: 0.5}}
      - {id: b, run: x, idle_timeout: 0, allow_failure: 'yes', fail_fast: true}
  - {id: q, behavior: parallel, on_failure: {require: 1 of 3}, subagents: [{id: c, run: x}]}
  - {id: r, behavior: parallel, on_failure: ignore, subagents: [{id: c, run: x}]}
  - {id: s, behavior: parallel, on_failure: {require: 1 of 3}, subagents: [{id: c, run: x, foreach: {path: $.l}}]}
  - {id: t, behavior: parallel, on_failure: 3, subagents: [{id: c, run: x}]}
  - {id: u, behavior: main-only, run: x, on_failure: {require: 101%}}
"""
    )
    told = [(line.split(":")[1], line.split(": ", 1)[1].split(";")[0].split(" at $")[0]) for line in found]
    assert [line for line, _ in told] == sorted((line for line, _ in told), key=int)
    assert sorted(told) == sorted(
        [
            ("2", "expected how often it is tried again, from 0 to 1000, found the text 'many'"),
            ("3", "expected from 0 seconds to 24 days (such as 30, '30s', '5m', '1h'), found the integer -1"),
            ("4", "'1 of 2': how many there are only the run tells"),
            ("8", "expected how many must succeed (there are 2), as a number, '2 of 3' or '80%', found the integer 3"),
            ("9", "expected true or false, found the integer 1"),
            ("10", "unknown signal 'SIGSTOP'"),
            ("12", "expected an exit code from 1 to 255, found the integer 0"),
            ("12", "unknown ending 'died'"),
            ("12", "expected a number from 0 to 1, found the integer 2"),
            ("12", "expected a number from 1 to 100, found the decimal 0.5"),
            ("13", "expected more than 0 seconds and at most 24 days (576h), found the integer 0"),
            ("13", "expected true or false, found the text 'yes'"),
            ("13", "unknown field 'fail_fast'"),
            ("14", "'1 of 3', and there are 1"),
            ("15", "unknown on_failure 'ignore'"),
            ("16", "'1 of 3': how many there are only the run tells"),
            ("17", "expected stop, continue, or an object with require, found the integer 3"),
            (
                "18",
                "expected how many must succeed (there are 1), as a number, '2 of 3' or '80%', found the text '101%'",
            ),
        ]
    )


TRIES = "expected how often it is tried again, from 0 to 1000, found"
ENDINGS = ", ".join(RETRYABLE)
CODE = "expected an exit code from 1 to 255, found the integer"
REQUIRED = "expected how many must succeed (there are 2), as a number, '2 of 3' or '80%', found"
NOT_ALL = "say a number or a share"
EDGES = [
    ("retry: 1000", Retry(1000)),
    ("retry: 1001", f"{TRIES} the integer 1001 at $.phases[0].retry; or an object with it as max"),
    ("retry: -1", f"{TRIES} the integer -1 at $.phases[0].retry; or an object with it as max"),
    ("retry: true", f"{TRIES} the boolean true at $.phases[0].retry; or an object with it as max"),
    ("retry: {max: 1.0}", f"{TRIES} the decimal 1.0 at $.phases[0].retry.max"),
    ("retry: {max: 1, jitter: 0.25, factor: 100}", Retry(1, jitter=0.25, factor=100.0)),
    ("retry: {max: 1, factor: '2'}", "expected a number from 1 to 100, found the text '2' at $.phases[0].retry.factor"),
    (
        "retry: {max: 1, jitter: true}",
        "expected a number from 0 to 1, found the boolean true at $.phases[0].retry.jitter",
    ),
    ("retry: {max: 1, on: [1, 255]}", Retry(1, on=(1, 255))),
    ("retry: {max: 1, on: [256]}", f"{CODE} 256 at $.phases[0].retry.on[0]"),
    (
        "retry: {max: 1, on: []}",
        "expected at least one ending or exit code, found an empty list at $.phases[0].retry.on",
    ),
    (
        "retry: {max: 1, on: [true]}",
        f"expected an exit code from 1 to 255, or one of {ENDINGS}, found the boolean true at $.phases[0].retry.on[0]",
    ),
    ("on_failure: {require: 0}", Require(0)),
    ("on_failure: {require: 2}", Require(2)),
    ("on_failure: {require: 2 of 2}", Require(2)),
    ("on_failure: {require: 0%}", Require(None, 0)),
    ("on_failure: {require: 100%}", Require(None, 100)),
    ("on_failure: {require: 3 of 2}", f"'3 of 2', and there are 2 at $.phases[0].on_failure.require; {NOT_ALL}"),
    ("on_failure: {require: 1 of 3}", f"'1 of 3', and there are 2 at $.phases[0].on_failure.require; {NOT_ALL}"),
    ("on_failure: {require: -1}", f"{REQUIRED} the integer -1 at $.phases[0].on_failure.require; "),
    ("on_failure: {require: true}", f"{REQUIRED} the boolean true at $.phases[0].on_failure.require; "),
    ("on_failure: {require: 1.5}", f"{REQUIRED} the decimal 1.5 at $.phases[0].on_failure.require; "),
]


@pytest.mark.parametrize(("said", "wanted"), EDGES, ids=[said for said, _ in EDGES])
def test_numbers_are_taken_up_to_their_limits_and_refused_beyond(said: str, wanted: object) -> None:
    text = f"""
        name: w
        phases: [{{id: p, behavior: parallel, {said}, subagents: [{{id: a, run: x}}, {{id: b, run: x}}]}}]
        """
    if isinstance(wanted, str):
        (problem,) = problems_of(text)
        assert problem.split(": ", 1)[1].startswith(wanted)
    else:
        phase = read(text).phases[0]
        assert wanted in (phase.policy.retry, phase.failures.on_failure)


def test_a_policy_is_written_as_a_workflow_would_and_read_back_from_that() -> None:
    planned: Any = plan(read())
    again = read_workflow(Document("plan.json", planned))
    policies = [(phase.policy, phase.failures, [one.policy for one in phase.subagents]) for phase in read().phases]
    assert [
        (phase.policy, phase.failures, [one.policy for one in phase.subagents]) for phase in again.phases
    ] == policies


@pytest.mark.parametrize(
    ("tolerance", "of", "wanted"),
    [
        (OnFailure.STOP, 5, 0),
        (OnFailure.CONTINUE, 5, 5),
        (Require(3), 5, 2),
        (Require(3), 2, -1),
        (Require(0), 2, 2),
        (Require(None, 80), 10, 2),
        (Require(None, 80), 4, 0),
        (Require(None, 50), 3, 1),
        (Require(None, 100), 3, 0),
        (Require(None, 0), 3, 3),
    ],
)
def test_how_many_may_fail(tolerance: Tolerance, of: int, wanted: int) -> None:
    assert tolerated(tolerance, of) == wanted


@pytest.mark.parametrize(("tries", "longest_by_chance", "shortest"), [(1, 2, 1), (2, 6, 3), (3, 15, 7.5), (9, 15, 7.5)])
def test_the_first_pause_is_the_backoff_and_each_further_one_a_factor_longer(
    tries: int, longest_by_chance: float, shortest: float
) -> None:
    retry = Retry(9, backoff=2, factor=3, longest=15, jitter=0.5)
    assert (retry.pause(tries, 0), retry.pause(tries, 1)) == (longest_by_chance, shortest)


@given(
    st.builds(Retry, st.integers(0, 9), st.floats(0, 60), st.floats(1, 100), st.floats(0, 600), st.floats(0, 1)),
    st.data(),
)
def test_pauses_grow_up_to_the_longest_and_chance_only_shortens_them(retry: Retry, data: st.DataObject) -> None:
    tries, chance = data.draw(st.integers(1, 1_000)), data.draw(st.floats(0, 1))
    pause = retry.pause(tries, 0)
    assert 0 <= pause <= retry.longest
    assert pause <= retry.pause(tries + 1, 0)
    assert pause * (1 - retry.jitter) - 1e-9 <= retry.pause(tries, chance) <= pause
