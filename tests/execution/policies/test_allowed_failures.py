"""What may fail, what the context is told of it, and what a resumed run makes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.endings import ending_name
from shardflow.execution.reporting.events import Event, GroupFinished
from shardflow.execution.reporting.report import Status
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, edit, endings

SOME = f"""
    name: some
    context: {{n: 0}}
    phases:
      - id: work
        behavior: BEHAVIOR
        POLICY
        subagents:
          - {{id: a, run: "echo a >> count; kill -9 $$"}}
          - id: b
            run: |
              echo b >> count; {edit('c["n"] = 1')}
          - {{id: c, run: "echo c >> count; exit 3"}}
      - {{id: later, behavior: main-only, run: "echo later >> count"}}
    """

FAILURES = [
    {"phase": "work", "subagent": "a", "tries": 1, "ending": "died-by-signal", "signal": "SIGKILL"},
    {"phase": "work", "subagent": "c", "tries": 1, "ending": "exited-non-zero", "exit_code": 3},
]


def some(policy: str, behavior: str = "parallel") -> str:
    return SOME.replace("POLICY", policy).replace("BEHAVIOR", behavior)


def ran(place: Workplace) -> str:
    return " ".join(sorted((place.folder / "count").read_text().split()))


@pytest.mark.parametrize("behavior", ["parallel", "sequential"])
@pytest.mark.parametrize(
    "policy",
    ["on_failure: continue", "on_failure: {require: 1}", "on_failure: {require: 1 of 3}", "on_failure: {require: 33%}"],
)
def test_failures_that_are_allowed_are_left_out_of_the_merge_and_told_to_the_context(
    place: Workplace, policy: str, behavior: str
) -> None:
    report = place.run(some(policy, behavior))
    assert (report.exit_code, ran(place)) == (0, "a b c later")
    assert place.context == {"n": 1, "failures": FAILURES}
    assert {name: ending_name(ending) for name, ending in endings(report).items() if name in "abc"} == {
        "a": "died-by-signal",
        "b": "succeeded",
        "c": "exited-non-zero",
    }
    assert repeat_merges(str(place.run_dir)).is_same


@pytest.mark.parametrize(
    ("policy", "behavior", "wanted"),
    [
        ("on_failure: stop", "parallel", "a b c"),
        ("on_failure: {require: 2}", "parallel", "a b c"),
        ("on_failure: {require: 67%}", "parallel", "a b c"),
        ("on_failure: stop", "sequential", "a"),
        ("on_failure: {require: 2}", "sequential", "a b c"),
        ("on_failure: {require: 3}", "sequential", "a"),
    ],
)
def test_more_failures_than_are_allowed_end_the_run_with_nothing_of_the_group_merged(
    place: Workplace, policy: str, behavior: str, wanted: str
) -> None:
    report = place.run(some(policy, behavior))
    assert (report.status, report.exit_code, ran(place)) == (Status.FAILED, 1, wanted)
    assert place.context["n"] == (1 if behavior == "sequential" and "b" in wanted else 0)
    must = re.search(r"require: (2|3|67%)", policy)
    can = 1 if "b" in wanted else 2
    told = () if must is None else (f"{must[1].replace('%', '% of 3')} must succeed, and no more than {can} of 3 can",)
    assert report.phases[0].problems == told


def test_who_may_fail_counts_for_nothing(place: Workplace) -> None:
    text = some("on_failure: stop").replace("{id: a, ", "{id: a, allow_failure: true, ")
    assert place.run(text).status is Status.FAILED
    report = resumed(place, text.replace("{id: c, ", "{id: c, allow_failure: true, "))
    assert (report.exit_code, place.context) == (0, {"n": 1, "failures": FAILURES})


@pytest.mark.parametrize("behavior", ["parallel", "sequential"])
@pytest.mark.parametrize("fans_out", ["", "foreach: {path: $.l}, "])
def test_of_those_who_may_fail_nobody_is_required(place: Workplace, behavior: str, fans_out: str) -> None:
    text = f"""
        name: required
        context: {{l: [1, 2]}}
        phases:
          - id: work
            behavior: {behavior}
            on_failure: {{require: 100%}}
            record_failures: false
            subagents:
              - {{id: a, {fans_out}allow_failure: true, run: exit 3}}
              - {{id: b, run: 'true'}}
        """
    assert place.run(text).exit_code == 0
    assert resumed(place).exit_code == 0


def test_where_fewer_than_must_succeed_come_of_a_list_nobody_is_started(place: Workplace) -> None:
    report = place.run("""
        name: few
        context: {l: [1, 2]}
        phases:
          - id: work
            behavior: parallel
            on_failure: {require: 3}
            subagents: [{id: a, foreach: {path: $.l}, run: 'touch started'}]
        """)
    assert (report.exit_code, report.phases[0].problems) == (1, ("3 must succeed, and no more than 2 of 2 can",))
    assert not (place.folder / "started").exists()


def test_allowed_failures_are_not_told_to_a_context_that_shall_not_hear_of_them(place: Workplace) -> None:
    assert place.run(some("on_failure: continue\n        record_failures: false")).exit_code == 0
    assert place.context == {"n": 1}


def test_a_member_failures_that_is_no_list_is_left_alone_and_ends_the_run(place: Workplace) -> None:
    report = place.run(some("on_failure: continue").replace("{n: 0}", "{n: 0, failures: none}"))
    assert (report.exit_code, place.context) == (1, {"n": 1, "failures": "none"})
    assert "added to $.failures, which holds the text 'none'" in report.phases[0].problems[0]


def test_a_resumed_run_keeps_a_group_with_allowed_failures_unless_they_are_asked_for_or_not_allowed_any_more(
    place: Workplace,
) -> None:
    text = some("on_failure: continue").replace("echo later >> count", "echo later >> count; [ -e fixed ]")
    assert place.run(text).status is Status.FAILED
    (place.folder / "fixed").touch()
    report = resumed(place)
    assert (report.exit_code, ran(place)) == (0, "a b c later later")
    assert place.context == {"n": 1, "failures": FAILURES}
    assert ending_name(endings(report)["a"]) == "died-by-signal"
    assert resumed(place, rerun=("c",)).exit_code == 0
    assert ran(place) == "a a b c c later later"
    assert resumed(place).exit_code == 0
    assert ran(place) == "a a b c c later later"
    assert resumed(place, text.replace("on_failure: continue", "on_failure: stop")).status is Status.FAILED
    assert ran(place) == "a a a b c c c later later"


@pytest.mark.parametrize("name", ["scan", "scan-b", "look/scan-b"])
def test_one_of_a_fan_out_that_failed_can_be_asked_for_though_none_of_it_ever_succeeded(
    place: Workplace, name: str
) -> None:
    text = """
        name: fanned
        context: {files: [{name: a}, {name: b}]}
        phases:
          - id: look
            behavior: parallel
            on_failure: continue
            subagents:
              - {id: scan, run: 'echo "$SHARDFLOW_ID" >> count; exit 3', foreach: {path: $.files, key: name}}
        """
    assert place.run(text).exit_code == 0
    assert resumed(place, rerun=(name,)).exit_code == 0
    assert ran(place) == "scan-a scan-a scan-b scan-b"


@pytest.mark.parametrize("asked", [{"rerun": ("b", "c")}, {"from_phase": "work"}])
def test_a_failure_that_is_allowed_runs_again_as_asked_though_the_start_that_was_asked_died_before_it(
    place: Workplace, asked: dict[str, Any]
) -> None:
    def die(event: Event) -> None:
        if isinstance(event, GroupFinished) and event.report.name.endswith("work-b"):
            raise InterruptedError

    text = some("on_failure: continue", "sequential")
    assert place.run(text).exit_code == 0
    with pytest.raises(InterruptedError):
        resumed(place, listen=die, **asked)
    assert ran(place).count("c") == 1
    assert resumed(place).exit_code == 0
    assert ran(place).count("c") == 2


@pytest.mark.parametrize(
    ("phase", "one", "more"),
    [
        ("", "", False),
        ("on_failure: stop, ", "", False),
        ("on_failure: continue, ", "", True),
        ("on_failure: {require: 1}, ", "", True),
        ("", "allow_failure: true, ", True),
    ],
)
def test_a_run_whose_last_group_is_in_conflict_has_more_to_come_if_failures_are_still_to_be_told(
    place: Workplace, phase: str, one: str, more: bool
) -> None:
    text = f"""
        name: last
        context: {{n: 0}}
        phases:
          - id: work
            behavior: parallel
            {phase.rstrip(", ")}
            subagents:
              - {{id: a, {one}run: 'echo ''{{"n": 1}}'' > "$SHARDFLOW_SHARD"'}}
              - {{id: b, run: 'echo ''{{"n": 2}}'' > "$SHARDFLOW_SHARD"'}}
        """
    assert place.run(text).status is Status.CONFLICT
    assert place.read("run.json")["more"] is more
