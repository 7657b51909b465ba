"""Suspending: Ctrl-Z stops the run with its subagents, which go on with it, and the time between counts for nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.execution.running import DRIVER, ROOT, Workplace

TEXT = """
    name: suspended
    context: {n: 1}
    phases:
      - id: work
        behavior: parallel
        timeout: 4
        idle_timeout: 4
        subagents:
          - id: a
            run: |
              echo $$ > pid; until [ -e on ]; do sleep 0.05; done; echo '{"n": 2}' > "$SHARDFLOW_SHARD"
    """


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_suspended_run_suspends_its_subagents_and_the_time_between_counts_for_nothing(place: Workplace) -> None:
    place.write(TEXT)
    run = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(place.folder), "5", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=place.folder,
        process_group=0,  # of a shell's job: one whose parent is in another group of the session can be suspended
    )
    pid = place.folder / "pid"
    until(lambda: pid.exists() and bool(pid.read_text()))
    child = int(pid.read_text())
    os.kill(run.pid, signal.SIGTSTP)
    until(lambda: state(run.pid) == "T" and state(child) == "T")
    (place.folder / "on").touch()
    time.sleep(4.5)
    assert state(child) == "T"
    os.kill(run.pid, signal.SIGCONT)
    assert run.wait(60) == 0
    assert place.context == {"n": 2}


def test_a_suspended_run_can_be_suspended_again_and_stopped_then(place: Workplace) -> None:
    place.write(TEXT.replace("timeout: 4", "timeout: 100"))
    run = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(place.folder), "5", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=place.folder,
        process_group=0,
    )
    pid = place.folder / "pid"
    until(lambda: pid.exists() and bool(pid.read_text()))
    child = int(pid.read_text())
    for _ in range(2):
        os.kill(run.pid, signal.SIGTSTP)
        until(lambda: state(run.pid) == "T" and state(child) == "T")
        os.kill(run.pid, signal.SIGCONT)
        until(lambda: state(run.pid) != "T" and state(child) != "T")
    os.kill(run.pid, signal.SIGINT)
    assert run.wait(60) == 130
