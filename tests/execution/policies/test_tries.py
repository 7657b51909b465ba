"""What is tried again, and what a resumed run makes of it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.endings import ExitedNonZero, NotStarted
from shardflow.execution.reporting.events import Event, SubagentRetried
from shardflow.execution.reporting.report import Status
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, edit, endings, subagent

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


def test_a_program_with_more_arguments_than_the_system_takes_is_told_by_its_name(place: Workplace) -> None:
    text = f"""
        name: long
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {{id: a, run: ['true', {"x" * 200_000}]}}
        """
    (ending,) = endings(place.run(text)).values()
    assert isinstance(ending, NotStarted)
    assert re.fullmatch(r"argument list too long: /\S*/true", ending.reason)


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
