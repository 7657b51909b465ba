"""A machine that has no more to give, and a clock that jumps: told or of no account, and resumed runs are whole."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shardflow.execution.groups.sealing.seals import read_and_seal
from shardflow.execution.reporting.endings import DiedBySignal, NotStarted, Succeeded, TimedOut
from shardflow.execution.reporting.events import Event, SubagentStarted
from tests.execution.resumption.resuming import resumed
from tests.execution.running import ROOT, Workplace, endings, group

MANY = """
    name: many
    context: {n: 1}
    rules: {rules: [{path: $.n, strategy: sum}]}
    phases:
      - id: work
        behavior: parallel
        subagents:
%s
    """
MANY %= "\n".join(f"""          - {{id: s{n}, run: 'echo ''{{"n": 2}}'' > "$SHARDFLOW_SHARD"'}}""" for n in range(12))
WHOLE = {"n": 13}

LIMITED = """
import resource, sys
from shardflow.errors import ShardflowError
from shardflow.execution.run import run_workflow
from tests.execution.running import request

asked = request(sys.argv[1])
import shardflow.execution.folding.fold, shardflow.workflow.content, hashlib, shardflow.merge.rule_file
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    sys.exit(run_workflow(asked, lambda event: None).exit_code)
except (ShardflowError, OSError) as error:  # as the command line does
    print(error)
    sys.exit(1)
"""


@pytest.mark.parametrize("files", [*range(3, 12), 14, 18, 24, 40])
def test_a_process_that_may_open_no_more_files_says_so_and_the_run_can_go_on(place: Workplace, files: int) -> None:
    place.write(MANY)
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(place.folder), str(files)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) in ((0, ""), (1, "")), ended
    if not (place.run_dir / "run.json").exists():
        assert "too many open files" in ended.stdout.lower()
        return
    if ended.returncode == 1:
        told = place.text("events.jsonl") + ended.stdout
        assert "too many open files" in told.lower(), told
    assert resumed(place, MANY).exit_code == 0
    assert place.context == WHOLE


@pytest.mark.parametrize("number", range(1, 13))
def test_a_process_that_cannot_be_started_is_one_subagents_failure(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls, real = count(1), subprocess._fork_exec  # type: ignore[attr-defined]

    def fork(*arguments: Any) -> Any:
        if next(calls) == number:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return real(*arguments)

    monkeypatch.setattr(subprocess, "_fork_exec", fork)
    report = place.run(MANY)
    assert report.exit_code == 1
    failed = [ending for ending in endings(report).values() if not isinstance(ending, Succeeded)]
    assert failed == [NotStarted("resource temporarily unavailable")]
    report = resumed(place, MANY)
    assert (report.exit_code, place.context) == (0, WHOLE)
    assert sum(not subagent.kept for subagent in report.subagents) == 1


def test_a_thread_that_cannot_be_started_fails_the_run_in_words(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setenv("TOKEN", "a secret of some length")
    for text in (MANY, MANY.replace("{id: s0,", "{id: s0, env: {T: {env: TOKEN}},")):
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            report = place.run(text, run_dir=str(place.folder / f"run-{text == MANY}"))
        assert report.exit_code == 1
        told = [*report.problems, *group(report).problems, *map(str, endings(report).values())]
        assert any("can't start new thread" in text for text in told)


@pytest.fixture(params=[-3600.0, 3600.0, None], ids=["backwards", "forwards", "both"])
def _jumping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the wall clock jump whenever someone looks at it."""
    looks, now, now_ns = count(), time.time, time.time_ns

    def offset() -> float:
        look = next(looks)
        return float(request.param * look if request.param else (-1) ** look * 86_400 * look)

    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: max(0.0, now() + offset()))
        patched.setattr(time, "time_ns", lambda: max(0, now_ns() + int(offset() * 1e9)))
        yield


@pytest.mark.usefixtures("_jumping")
def test_a_wall_clock_that_jumps_changes_nothing_but_time_stamps(place: Workplace) -> None:
    slow = MANY.replace("{id: s0,", "{id: s0, timeout: 300,").replace("{id: s1,", "{id: s1, timeout: 0.2,")
    slow = slow.replace("""{id: s1, timeout: 0.2, run: 'echo""", """{id: s1, timeout: 0.2, run: 'sleep 60; echo""")
    report = place.run(slow)
    ended = endings(report)
    assert {name for name, ending in ended.items() if not isinstance(ending, Succeeded)} == {"s1"}
    assert ended["s1"] == TimedOut(0.2)
    report = resumed(place, MANY)
    assert (report.exit_code, place.context) == (0, WHOLE)


def test_a_thousand_subagents_that_die_at_once_are_told_one_by_one_and_cost_no_other(place: Workplace) -> None:
    many = 1000
    dying = "          - {{id: s{}, run: [sh, -c, '[ -e over ] || exec sleep 600']}}"
    subagents = "\n".join(map(dying.format, range(many)))
    done = """          - {id: done, run: 'echo done >> count; echo ''{"n": 2}'' > "$SHARDFLOW_SHARD"'}"""
    head = MANY.partition("subagents:")[0] + f"max_parallel: {many + 1}\n        subagents:\n"
    text = f"{head}{done}\n{subagents}\n"
    pids: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, SubagentStarted) and event.subagent != "done":
            pids.append(event.pid)
            if len(pids) == many:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)

    report = place.run(text, listen)
    assert report.exit_code == 1
    ended = endings(report)
    assert ended.pop("done") == Succeeded()
    assert set(ended.values()) == {DiedBySignal(signal.SIGKILL)}
    told = [line for line in place.journal() if line["event"] == "subagent-finished"]
    assert sorted(line["subagent"] for line in told) == sorted([*ended, "done"])
    (place.folder / "over").touch()
    report = resumed(place, text)
    assert (report.exit_code, place.context) == (0, {"n": 2})
    assert (place.folder / "count").read_text() == "done\n"


@pytest.mark.parametrize("how", ["renamed over", "written over", "cut", "grown", "removed"])
def test_a_shard_that_changes_while_it_is_read_is_whole_or_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    old, new = (json.dumps({"v": [letter * 100] * 30_000}).encode() for letter in "ab")
    shard, real = tmp_path / "context-a.json", os.read
    shard.write_bytes(old)
    calls = count()

    def read(descriptor: int, most: int) -> bytes:
        if next(calls) == 1:
            match how:
                case "renamed over":
                    (tmp_path / "new").write_bytes(new)
                    (tmp_path / "new").rename(shard)
                case "written over":
                    with shard.open("r+b") as file:
                        file.write(new)
                case "cut":
                    os.truncate(shard, len(old) // 2)
                case "grown":
                    with shard.open("ab") as file:
                        file.write(b" ")
                case _:
                    shard.unlink()
        return real(descriptor, min(most, len(old) // 4))  # the kernel may give less than is asked for

    monkeypatch.setattr(os, "read", read)
    data, sealed = read_and_seal(str(shard), b"")
    monkeypatch.undo()
    assert next(calls) > 2
    assert sealed.is_broken() or data == shard.read_bytes()


def test_the_limits_of_this_machine_let_these_tests_say_something() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 40
