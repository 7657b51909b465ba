"""Policies in runs: what is tried again, what may fail, what is stopped, and what a resumed run makes of it."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.endings import (
    Cancelled,
    DiedBySignal,
    EmptyShard,
    ExitedNonZero,
    NotStarted,
    Succeeded,
    TimedOut,
    ending_name,
)
from shardflow.execution.reporting.events import Event, GroupFinished, SubagentRetried
from shardflow.execution.reporting.report import Status
from tests.execution.resumption.test_resume import resumed
from tests.execution.running import Workplace, edit, endings, subagent, wait_for

FLAKY = f"""
    name: flaky
    context: {{n: 0}}
    phases:
      - id: work
        behavior: parallel
        retry: {{max: 2, backoff: 0, on: ON}}
        subagents:
          - id: a
            run: |
              echo a >> count; echo "try $(wc -l < count)"; FAIL
              {edit('c["n"] += 1')}
    """


def flaky(on: str, fail: str) -> str:
    return FLAKY.replace("ON", on).replace("FAIL", fail)


def tries(place: Workplace) -> int:
    return len((place.folder / "count").read_text().split())


def test_a_failed_subagent_is_tried_again_and_every_try_is_kept_and_told(place: Workplace) -> None:
    heard: list[Event] = []
    spoilt = 'echo "{" > "$SHARDFLOW_SHARD"; [ $(wc -l < count) = 3 ] || exit 75'
    report = place.run(flaky("[75]", f'{spoilt}; cp "$SHARDFLOW_BASE" "$SHARDFLOW_SHARD"'), heard.append)
    assert (report.exit_code, place.context, tries(place)) == (0, {"n": 1}, 3)
    assert subagent(report, "a").tries == 3
    folder = place.run_dir / "groups/01-work"
    logs = [folder / f"_tries/a/{number}/stdout.log" for number in (1, 2)] + [folder / "a/stdout.log"]
    assert [log.read_text() for log in logs] == ["try 1\n", "try 2\n", "try 3\n"]
    assert (folder / "_tries/a/1/context-a.json").read_text() == "{\n"
    assert [(e.tries, e.ending) for e in heard if isinstance(e, SubagentRetried)] == [
        (1, ExitedNonZero(75)),
        (2, ExitedNonZero(75)),
    ]
    told = [line for line in place.journal() if line["event"] == "subagent-retried"]
    assert [(line["tries"], line["ending"], line["detail"]) for line in told] == [
        (1, "exited-non-zero", "exited with code 75"),
        (2, "exited-non-zero", "exited with code 75"),
    ]
    assert repeat_merges(str(place.run_dir)).is_same


@pytest.mark.parametrize(
    ("on", "fail", "wanted"),
    [
        ("[75]", "exit 3", 1),
        ("[exited-non-zero]", "exit 3", 3),
        ("[died-by-signal]", "kill -9 $$", 3),
        ("[timed-out]", "kill -9 $$", 1),
        ("[invalid-shard]", 'echo "[1]" > "$SHARDFLOW_SHARD"; exit 0', 3),
        ("[empty-shard]", ': > "$SHARDFLOW_SHARD"; exit 0', 3),
        ("[invalid-shard]", ': > "$SHARDFLOW_SHARD"; exit 0', 1),
    ],
)
def test_only_the_endings_that_are_named_are_tried_again_and_no_more_often_than_said(
    place: Workplace, on: str, fail: str, wanted: int
) -> None:
    report = place.run(flaky(on, fail))
    assert (report.status, tries(place), subagent(report, "a").tries) == (Status.FAILED, wanted, wanted)


def test_what_cannot_be_started_is_tried_again_only_if_that_is_named(place: Workplace) -> None:
    text = """
        name: missing
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {id: a, run: [no-such-program], retry: {max: 2, backoff: 0}}
              - {id: b, run: [no-such-program], retry: {max: 2, backoff: 0, on: [not-started]}}
        """
    report = place.run(text)
    assert [one.tries for one in report.subagents] == [1, 3]
    assert all(isinstance(ending, NotStarted) for ending in endings(report).values())


def test_nothing_of_a_failed_try_writes_into_the_next_one(place: Workplace) -> None:
    loop = 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "{}" > "$SHARDFLOW_SHARD"; sleep 0.01; done'
    stray = f"setsid sh -c '{loop}' &"
    report = place.run(flaky("[4]", f"[ -e once ] || {{ touch once; {stray} sleep 0.1; exit 4; }}"))
    assert (report.exit_code, place.context) == (0, {"n": 1})
    assert subagent(report, "a").tries == 2
    assert [told[:59] for told in subagent(report, "a").warnings] == [
        "in try 1: left running in a session of its own, and stopped"
    ]
    retried = next(line for line in place.journal() if line["event"] == "subagent-retried")
    assert [f"in try 1: {told}" for told in retried["warnings"]] == [*subagent(report, "a").warnings]


def test_what_was_to_be_told_of_failed_tries_is_told_with_their_numbers(place: Workplace) -> None:
    report = place.run(flaky("[4]", "[ $(wc -l < count) = 3 ] || { setsid sleep 60 & exit 4; }"))
    assert (report.exit_code, subagent(report, "a").tries) == (0, 3)
    assert [told.partition(" left")[0] for told in subagent(report, "a").warnings] == ["in try 1:", "in try 2:"]


def test_a_resumed_run_goes_on_counting_where_the_engine_died_and_begins_anew_with_whom_it_gave_up(
    place: Workplace,
) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, SubagentRetried):
            raise KeyError("the engine dies")

    text = flaky("[75]", "[ -e fixed ] || exit 75")
    with pytest.raises(KeyError):
        place.run(text, listen)
    assert tries(place) == 1
    report = resumed(place)
    assert (report.status, tries(place), subagent(report, "a").tries) == (Status.FAILED, 3, 3)
    report = resumed(place)
    assert (report.status, tries(place), subagent(report, "a").tries) == (Status.FAILED, 6, 3)
    (place.folder / "fixed").touch()
    report = resumed(place)
    assert (report.status, tries(place), subagent(report, "a").tries) == (Status.DONE, 7, 1)


def test_a_stopped_run_tries_nothing_again_and_tells_how_the_last_try_ended(place: Workplace) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, SubagentRetried):
            os.kill(os.getpid(), signal.SIGTERM)

    text = flaky("[75]", "exit 75").replace("backoff: 0", "backoff: 1h")
    report = place.run(text, listen)
    assert (report.exit_code, tries(place), endings(report)) == (143, 1, {"a": ExitedNonZero(75)})
    last = subagent(report, "a")
    assert (last.tries, Path(last.stdout).read_text(), Path(last.shard).exists()) == (1, "try 1\n", True)
    (place.folder / "count").write_text("a\na\n")
    place.write(text.replace("1h", "0").replace("exit 75", ":"))
    report = resumed(place)
    assert (report.exit_code, place.context, subagent(report, "a").tries) == (0, {"n": 1}, 1)


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


def test_a_group_that_fails_fast_stops_its_rest_once_it_cannot_succeed_any_more(place: Workplace) -> None:
    text = """
        name: fast
        phases:
          - id: work
            behavior: parallel
            max_parallel: 2
            fail_fast: true
            on_failure: {require: 3}
            subagents:
              - {id: slow, run: 'touch slow; sleep 100'}
              - {id: first, run: exit 3}
              - id: second
                run: |
                  WAIT; exit 4
              - {id: never, run: 'touch never'}
        """.replace("WAIT", wait_for("slow"))
    report = place.run(text)
    assert report.status is Status.FAILED
    assert endings(report) == {
        "slow": Cancelled(started=True, others_failed=True),
        "first": ExitedNonZero(3),
        "second": ExitedNonZero(4),
        "never": Cancelled(started=False, others_failed=True),
    }
    assert not (place.folder / "never").exists()


def test_a_subagent_without_a_sign_of_life_is_stopped_and_one_that_talks_is_not(place: Workplace) -> None:
    text = """
        name: idle
        phases:
          - id: work
            behavior: parallel
            idle_timeout: 1.5
            on_failure: continue
            subagents:
              - {id: quiet, run: 'sleep 100'}
              - id: talks
                run: |
                  for i in $(seq 30); do echo $i; sleep 0.1; done
              - id: writes
                run: |
                  for i in $(seq 30); do echo "{\\"n\\": $i}" > "$SHARDFLOW_SHARD"; sleep 0.1; done
        """
    report = place.run(text)
    assert endings(report)["quiet"] == TimedOut(1.5, is_idle=True)
    assert [endings(report)[name] for name in ("talks", "writes")] == [Succeeded(), Succeeded()]
    assert place.context["failures"] == [
        {"phase": "work", "subagent": "quiet", "tries": 1, "ending": "timed-out", "idle": True}
    ]


def test_a_subagent_is_asked_to_end_by_its_own_signal_and_has_its_own_grace(place: Workplace) -> None:
    text = """
        name: asked
        timeout: 0.5
        grace: 30
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {id: usr, stop_signal: SIGUSR1, run: 'trap "echo told; exit 5" USR1; while :; do sleep 0.05; done'}
              - {id: deaf, grace: 0, run: 'trap "" TERM; while :; do sleep 0.05; done'}
        """
    report = place.run(text)
    assert set(map(type, endings(report).values())) == {TimedOut}
    assert (place.run_dir / "groups/01-work/usr/stdout.log").read_text() == "told\n"
    assert report.seconds < 25


def test_never_started_failed_timed_out_killed_and_invalid_or_empty_shards_are_told_apart(place: Workplace) -> None:
    text = """
        name: apart
        on_failure: continue
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {id: never, run: [no-such-program]}
              - {id: failed, run: exit 1}
              - {id: late, run: 'sleep 100', timeout: 0.3}
              - {id: killed, run: 'kill -9 $$'}
              - {id: invalid, run: 'echo "[" > "$SHARDFLOW_SHARD"'}
              - {id: empty, run: ': > "$SHARDFLOW_SHARD"'}
        """
    report = place.run(text)
    wanted = {
        "never": "not-started",
        "failed": "exited-non-zero",
        "late": "timed-out",
        "killed": "died-by-signal",
        "invalid": "invalid-shard",
        "empty": "empty-shard",
    }
    assert {name: ending_name(ending) for name, ending in endings(report).items() if name in wanted} == wanted
    assert {item["subagent"]: item["ending"] for item in place.context["failures"]} == wanted
    record: Any = json.loads((place.run_dir / "groups/01-work/group.json").read_text())
    assert {one["id"]: one["ending"] for one in record["subagents"]} == wanted
    assert (endings(report)["killed"], endings(report)["empty"]) == (DiedBySignal(9), EmptyShard())
