"""Stopping: timeouts, signals, those who will not hear, and those who stay behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from shardflow.execution.processes import survivors
from shardflow.execution.reporting.endings import Cancelled, DiedBySignal, Succeeded, TimedOut
from shardflow.execution.reporting.events import Event, Stopping, SubagentStarted
from shardflow.execution.reporting.report import Status
from tests.cli.shell import shardflow
from tests.execution.running import Workplace, endings, group, runs, subagent, wait_for

DEAF = "trap '' TERM; while :; do sleep 1; done"

TEXT = """
    name: stopping
    context: {{n: 1}}
    phases:
      - id: work
        behavior: parallel
        max_parallel: 2
        subagents:
          - id: a
            {more}
            run: |
              {run}
          - id: b
            run: |
              echo '{{"n": 2}}' > "$SHARDFLOW_SHARD"
    """


def wait_until_there(*files: Path) -> None:
    deadline = time.monotonic() + 60
    while not all(file.exists() and file.read_text() for file in files):
        assert time.monotonic() < deadline, files
        time.sleep(0.01)


def test_a_subagent_that_dies_by_a_signal_is_told_so(place: Workplace) -> None:
    report = place.run(TEXT.format(more="", run="kill -SEGV $$"))
    assert report.exit_code == 1
    assert endings(report) == {"a": DiedBySignal(signal.SIGSEGV), "b": Succeeded()}
    assert place.context == {"n": 1}


def test_a_timeout_stops_a_subagent_with_all_its_children(place: Workplace) -> None:
    report = place.run(TEXT.format(more="timeout: 0.5", run="sleep 60 & echo $! > pid; wait; wait"), grace=30.0)
    assert report.exit_code == 1
    assert endings(report) == {"a": TimedOut(0.5), "b": Succeeded()}
    assert not runs(int((place.folder / "pid").read_text()))
    assert subagent(report, "a").warnings == ()


def test_a_subagent_that_ignores_the_request_to_end_is_killed_after_its_grace(place: Workplace) -> None:
    report = place.run(TEXT.format(more="timeout: 0.3", run=f"echo $$ > pid; {DEAF}"), grace=0.2)
    assert endings(report)["a"] == TimedOut(0.3)
    assert not runs(int((place.folder / "pid").read_text()))


def test_a_subagent_uses_its_grace_to_leave_in_good_order(place: Workplace) -> None:
    run = "trap 'touch tidied; exit 0' TERM; touch ready; while :; do sleep 0.05; done"
    report = place.run(TEXT.format(more="timeout: 1", run=run), grace=30.0)
    assert endings(report)["a"] == TimedOut(1.0)
    assert (place.folder / "tidied").exists()


def test_a_child_left_behind_is_told_and_stopped_before_the_shard_is_read(place: Workplace) -> None:
    late = "(trap '' TERM; sleep 60; echo '{\"n\": 9}' > \"$SHARDFLOW_SHARD\") & echo $! > pid"
    report = place.run(TEXT.format(more="", run=late), grace=0.2)
    assert report.exit_code == 0
    (warning,) = subagent(report, "a").warnings
    assert "left running when it exited, and stopped" in warning
    assert (place.folder / "pid").read_text().strip() in warning
    assert not runs(int((place.folder / "pid").read_text()))
    assert place.context == {"n": 2}


def test_what_a_child_left_behind_writes_while_it_is_stopped_is_still_read(place: Workplace) -> None:
    (place.folder / "child.sh").write_text(
        """
        trap 'echo "{\\"n\\": 1, \\"last\\": true}" > "$SHARDFLOW_SHARD"; exit' TERM
        touch ready
        while :; do sleep 0.05; done
        """
    )
    child = "sh child.sh &"
    report = place.run(TEXT.format(more="", run=f"{child} {wait_for('ready')}"), grace=30.0)
    assert report.exit_code == 0
    assert place.context == {"n": 2, "last": True}


def test_a_child_in_a_session_of_its_own_is_found_by_its_environment(place: Workplace) -> None:
    child = (
        f'{sys.executable} -c \'import os, time; os.setsid(); open("pid", "w").write(str(os.getpid())); '
        "time.sleep(60)' &"
    )
    report = place.run(TEXT.format(more="", run=f"{child} {wait_for('pid')}; until [ -s pid ]; do sleep 0.01; done"))
    (warning,) = subagent(report, "a").warnings
    assert "left running in a session of its own, and stopped" in warning
    assert not runs(int((place.folder / "pid").read_text()))
    assert subagent(report, "b").warnings == ()
    assert report.exit_code == 0


AWAY = "import os, time; os.setsid(); open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
LEAVES = f"""'{sys.executable}' -c "{AWAY}" 2> /dev/null & until [ -s pid ]; do sleep 0.01; done"""
ARBITRATED = f"""
    name: stopping
    context: {{n: 1}}
    rules:
      rules:
        - path: $.n
          strategy:
            arbiter: |
              {LEAVES}; echo '{{"take": "base"}}'
    phases:
      - id: work
        behavior: parallel
        subagents:
          - {{id: a, run: 'echo ''{{"n": 2}}'' > "$SHARDFLOW_SHARD"'}}
          - {{id: b, run: 'echo ''{{"n": 3}}'' > "$SHARDFLOW_SHARD"'}}
    """


@pytest.mark.parametrize(
    ("text", "where"),
    [(TEXT.format(more="", run=LEAVES), "in a session of its own"), (ARBITRATED, "by arbiters")],
)
def test_what_cannot_be_stopped_is_told_and_the_run_goes_on(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, text: str, where: str
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(survivors, "_LAST_WAIT", 0.0)
    monkeypatch.setattr(os, "kill", refuse)
    try:
        report = place.run(text, grace=0.0)
    finally:
        monkeypatch.undo()
        pid = int((place.folder / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
    (told,) = (*subagent(report, "a").warnings, *group(report).problems)
    assert told.startswith(f"left running {where}, and could not all be stopped: ")
    assert told.endswith(f"(pid {pid})")
    assert report.exit_code == 0


def test_a_signal_to_the_run_stops_the_running_and_cancels_the_waiting(place: Workplace) -> None:
    text = """
        name: signals
        context: {n: 1}
        phases:
          - id: work
            behavior: parallel
            max_parallel: 1
            subagents:
              - {id: done, run: 'true'}
              - {id: running, run: sleep 60}
              - {id: waiting, run: touch started}
          - {id: later, behavior: main-only, run: touch started}
        """
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if isinstance(event, SubagentStarted) and event.subagent == "running":
            os.kill(os.getpid(), signal.SIGINT)

    report = place.run(text, listen)
    assert (report.status, report.exit_code) == (Status.INTERRUPTED, 130)
    assert endings(report) == {
        "done": Succeeded(),
        "running": Cancelled(started=True),
        "waiting": Cancelled(started=False),
    }
    assert [event.subagents for event in heard if isinstance(event, Stopping)] == [("running",)]
    assert not (place.folder / "started").exists()
    assert place.read("run.json")["status"] == "interrupted"
    assert place.context == {"n": 1}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGQUIT, 143)]
)
def test_a_stopped_process_gives_its_children_their_grace_and_keeps_everything(
    place: Workplace, number: signal.Signals, code: int
) -> None:
    run = "trap 'echo tidied > tidied; exit 1' TERM; echo $$ > pid; while :; do sleep 0.05; done"
    process = place.start(TEXT.format(more="", run=run), grace=30.0)
    wait_until_there(place.folder / "pid")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code
    assert (place.folder / "tidied").exists()
    assert not runs(int((place.folder / "pid").read_text()))
    assert place.read("run.json")["status"] == "interrupted"
    assert place.journal()[-1]["event"] == "run-finished"
    assert (place.run_dir / "groups/01-work/a/context-a.json").exists()
    assert place.context == {"n": 1}


def test_a_second_interrupt_kills_at_once(place: Workplace) -> None:
    process = place.start(TEXT.format(more="", run=f"echo $$ > pid; {DEAF}"), grace=1000.0)
    wait_until_there(place.folder / "pid")
    process.send_signal(signal.SIGINT)
    events = place.run_dir / "events.jsonl"
    deadline = time.monotonic() + 60
    while '"event": "stopping"' not in events.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not runs(int((place.folder / "pid").read_text()))
    assert [line["grace"] for line in place.journal() if line["event"] == "stopping"] == [1000.0, 0.0]


MERGING = """
from pathlib import Path

def slowly(base, candidates):
    here = Path(__file__).parent
    (here / "merging").write_text("yes")
    while (here / "hold").exists():
        pass
    return 7
"""

MERGED = """
    name: merging
    context: {n: 1}
    rules: rules.yaml
    phases:
      - id: work
        behavior: parallel
        subagents:
          - {id: a, run: 'printf "{\\"n\\": 2}" > "$SHARDFLOW_SHARD"'}
          - {id: b, run: 'printf "{\\"n\\": 3}" > "$SHARDFLOW_SHARD"'}
    """


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_ends_a_run_that_merges_and_resume_merges_again(
    place: Workplace, number: signal.Signals, code: int
) -> None:
    (place.folder / "slow.py").write_text(MERGING)
    (place.folder / "rules.yaml").write_text("rules: [{path: $.n, strategy: {custom: 'slow:slowly'}}]")
    (place.folder / "hold").touch()
    process = place.start(MERGED)
    wait_until_there(place.folder / "merging")
    process.send_signal(number)
    try:
        process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code
    assert place.read("run.json")["status"] == "interrupted"
    assert place.journal()[-1]["event"] == "run-finished"
    assert place.context == {"n": 1}
    (place.folder / "hold").unlink()
    resumed = shardflow("resume", "run", cwd=place.folder)
    assert resumed.returncode == 0, resumed.stderr
    assert place.context == {"n": 7}
    assert [line["event"] for line in place.journal()].count("subagent-started") == 2


def test_a_function_of_a_rule_that_catches_the_interrupt_ends_the_run_as_interrupted_all_the_same(
    place: Workplace,
) -> None:
    deaf = "import os, signal\n\ndef slowly(base, candidates):\n    try:\n        "
    deaf += "signal.raise_signal(signal.SIGINT)\n    except:\n        pass\n    return 7\n"
    (place.folder / "slow.py").write_text(deaf)
    (place.folder / "rules.yaml").write_text("rules: [{path: $.n, strategy: {custom: 'slow:slowly'}}]")
    report = place.run(MERGED)
    assert (report.status, report.exit_code) == (Status.INTERRUPTED, 130)
    assert place.context == {"n": 1}


def test_a_signal_that_was_ignored_stays_ignored(place: Workplace) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, SubagentStarted):
            os.kill(os.getpid(), signal.SIGHUP)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        report = place.run(TEXT.format(more="", run="true"), listen)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert report.exit_code == 0
