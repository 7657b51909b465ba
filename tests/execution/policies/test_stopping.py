"""What is stopped, how, and how each ending is told from the others."""

from __future__ import annotations

import json
from typing import Any

from shardflow.execution.reporting.endings import (
    Cancelled,
    DiedBySignal,
    EmptyShard,
    ExitedNonZero,
    Succeeded,
    TimedOut,
    ending_name,
)
from shardflow.execution.reporting.report import Status
from tests.execution.running import Workplace, endings, wait_for


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
