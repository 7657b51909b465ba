"""The pool on its own, once with each way of waiting for children."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shardflow.errors import StorageError
from shardflow.execution.processes import pool
from shardflow.execution.processes.child import Cause, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.waiting import PidfdWaiter, PollingWaiter, Waiter
from tests.execution.running import wait_for


@contextmanager
def polling(interrupts: Interrupts) -> Iterator[Waiter]:
    yield PollingWaiter(interrupts)


@contextmanager
def pidfds(interrupts: Interrupts) -> Iterator[Waiter]:
    waiter = PidfdWaiter(interrupts, select.epoll(), most=1000)
    try:
        yield waiter
    finally:
        waiter.close()


@contextmanager
def two_pidfds_then_polling(interrupts: Interrupts) -> Iterator[Waiter]:
    waiter = PidfdWaiter(interrupts, select.epoll(), most=2)
    try:
        yield waiter
    finally:
        waiter.close()


@pytest.fixture(autouse=True, params=[polling, pidfds, two_pidfds_then_polling], ids=lambda way: way.__name__)
def _way_of_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "waiting", request.param)


@dataclass
class Recorder:
    """Runs shell texts, one a rank, and writes down what it hears."""

    folder: Path
    texts: list[str]
    timeout: float | None = None
    heard: list[tuple[str, int]] = field(default_factory=list)
    exits: dict[int, Exit] = field(default_factory=dict)
    fail_at: str = ""
    stops: list[tuple[int | None, list[int], float]] = field(default_factory=list)
    again: dict[int, list[float]] = field(default_factory=dict)
    lost_at: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def command(self, rank: int) -> Command:
        if self.texts[rank] == "refuse":
            raise StorageError("no room")
        tries = sum(other == rank and what in ("ended", "not started") for what, other in self.heard)
        logs = f"{self.folder}/{rank}{f'-{tries}' if tries else ''}"
        environment = dict(os.environb)
        return Command(
            ("/bin/sh", "-c", self.texts[rank]),
            str(self.folder),
            environment,
            f"{logs}.out",
            f"{logs}.err",
            self.timeout,
            **self.more,
        )

    def started(self, rank: int, pid: int) -> None:
        self.hear("started", rank)

    def not_started(self, rank: int, error: Exception) -> float | None:
        self.hear("not started", rank)
        return self._again(rank)

    def ended(self, rank: int, how: Exit) -> float | None:
        self.exits[rank] = how
        self.hear("ended", rank)
        return self._again(rank)

    def _again(self, rank: int) -> float | None:
        left = self.again.get(rank, [])
        return left.pop(0) if left else None

    def is_lost(self) -> bool:
        return self.lost_at is not None and self.lost_at in self.exits

    def idle(self) -> None:
        self.hear("idle", -1)

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        self.stops.append((signal, ranks, grace))

    def hear(self, what: str, rank: int) -> None:
        self.heard.append((what, rank))
        if what == self.fail_at:
            raise LookupError(what)

    def run(self, slots: int, grace: float = 30.0) -> None:
        with Interrupts() as interrupts:
            run_jobs(range(len(self.texts)), slots, grace, self, interrupts)


def test_exit_codes_and_signals_are_told_apart(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["exit 0", "exit 3", "kill -9 $$", "exit 255"])
    jobs.run(slots=4)
    assert {rank: how.code for rank, how in jobs.exits.items()} == {0: 0, 1: 3, 2: -9, 3: 255}
    assert {how.cause for how in jobs.exits.values()} == {Cause.ITS_OWN}


def test_many_children_through_a_small_window_all_end_once(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, [f"exit {number % 7}" for number in range(150)])
    jobs.run(slots=7)
    assert [rank for what, rank in jobs.heard if what == "started"] == list(range(150))
    assert sorted(rank for what, rank in jobs.heard if what == "ended") == list(range(150))
    assert all(how.code == rank % 7 for rank, how in jobs.exits.items())


def test_a_job_that_cannot_be_prepared_frees_its_slot_at_once(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["refuse", "exit 0", "refuse", "exit 0"])
    jobs.run(slots=1)
    assert [rank for what, rank in jobs.heard if what == "not started"] == [0, 2]
    assert sorted(jobs.exits) == [1, 3]


def test_idle_comes_once_when_all_that_may_run_runs(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 0.5", "sleep 0.5", "true"])
    jobs.run(slots=2)
    assert [what for what, _ in jobs.heard][:3] == ["started", "started", "idle"]
    assert [what for what, _ in jobs.heard].count("idle") == 1


def test_a_timeout_is_each_childs_own(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 60", "true", "sleep 60"], timeout=0.5)
    jobs.run(slots=3)
    assert [jobs.exits[rank].cause for rank in range(3)] == [Cause.TIMEOUT, Cause.ITS_OWN, Cause.TIMEOUT]


def test_survivors_are_named_and_hold_their_slot_until_they_are_gone(tmp_path: Path) -> None:
    deaf = "sh -c 'trap \"\" TERM; touch deaf; while :; do sleep 0.1; done' & " + wait_for("deaf")
    jobs = Recorder(tmp_path, [deaf, "true"])
    jobs.run(slots=1, grace=0.1)
    assert jobs.heard == [("started", 0), ("idle", -1), ("ended", 0), ("started", 1), ("ended", 1)]
    assert "sh" in {survivor.name for survivor in jobs.exits[0].survivors}
    assert jobs.exits[0].unstoppable == ()
    assert jobs.exits[1].survivors == ()


@pytest.mark.parametrize("fail_at", ["started", "idle", "ended"])
def test_whatever_a_listener_raises_leaves_no_child_behind(tmp_path: Path, fail_at: str) -> None:
    loop = "echo $$ >> pids; while :; do sleep 0.05; done"
    jobs = Recorder(tmp_path, [loop, loop, "true"], fail_at=fail_at)
    with pytest.raises(LookupError):
        jobs.run(slots=3, grace=0.3)
    pids = (tmp_path / "pids").read_text().split() if (tmp_path / "pids").exists() else []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_nothing_is_started_after_an_interrupt_and_the_running_are_stopped(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 60", f"kill -INT {os.getpid()}; sleep 60", "touch started"])
    jobs.run(slots=2)
    assert [jobs.exits[rank].cause for rank in (0, 1)] == [Cause.RUN_STOPPED] * 2
    assert jobs.stops == [(signal.SIGINT, [0, 1], 30.0)]
    assert sorted(jobs.exits) == [0, 1]
    assert not (tmp_path / "started").exists()


def test_a_child_has_no_descriptor_of_its_parent_but_its_own_three(tmp_path: Path) -> None:
    held = [os.open(tmp_path, os.O_RDONLY) for _ in range(5)]
    for descriptor in held:
        os.set_inheritable(descriptor, True)
    jobs = Recorder(tmp_path, ["ls /proc/self/fd"] * 3)
    jobs.run(slots=3)
    for descriptor in held:
        os.close(descriptor)
    # The fourth is the folder that `ls` itself reads.
    assert [(tmp_path / f"{rank}.out").read_text().split() for rank in range(3)] == [["0", "1", "2", "3"]] * 3


def test_the_pool_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    Recorder(tmp_path, ["true"] * 20 + ["refuse"]).run(slots=5)
    assert len(os.listdir("/proc/self/fd")) == before


def test_each_child_leads_a_process_group_of_its_own(tmp_path: Path) -> None:
    show = f"{sys.executable} -c 'import os; print(os.getppid(), os.getpgrp(), os.getsid(0))'; :"
    jobs = Recorder(tmp_path, [show, show])
    jobs.run(slots=2)
    seen = [list(map(int, (tmp_path / f"{rank}.out").read_text().split())) for rank in range(2)]
    assert all(parent == group for parent, group, _ in seen)
    assert seen[0][1] != seen[1][1]
    assert {session for _, _, session in seen} == {os.getsid(0)}


def test_a_log_that_stands_already_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "0.out").write_text("before")
    jobs = Recorder(tmp_path, ["echo after"])
    jobs.run(slots=1)
    assert [what for what, _ in jobs.heard] == ["not started", "idle"]
    assert (tmp_path / "0.out").read_text() == "before"


def test_children_of_others_are_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["true"])
    Recorder(tmp_path, ["true", "true"]).run(slots=2)
    assert other.wait() == 0


def test_a_timeout_longer_than_any_system_call_can_wait_is_just_a_long_one(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 0.1", "true"], timeout=1e12)
    jobs.run(slots=2)
    assert [jobs.exits[rank].code for rank in (0, 1)] == [0, 0]


def test_a_child_runs_again_after_its_pause_and_others_use_the_place_meanwhile(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["exit 3", "exit 0"], again={0: [0.05, 0.0]})
    jobs.run(slots=1)
    assert [rank for what, rank in jobs.heard if what == "started"] == [0, 1, 0, 0]
    assert jobs.exits[0].code == 3


def test_what_could_not_be_started_is_tried_again_as_often_as_said(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["refuse"], again={0: [0.0, 0.0]})
    jobs.run(slots=1)
    assert [what for what, _ in jobs.heard].count("not started") == 3


def test_once_all_is_lost_what_runs_is_stopped_and_nothing_starts(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 100", "exit 3", "touch started"], lost_at=1)
    jobs.run(slots=2)
    assert jobs.exits[0].cause is Cause.OTHERS_FAILED
    assert not (tmp_path / "started").exists()


def test_the_end_of_the_runs_time_stops_like_a_signal_does(tmp_path: Path) -> None:
    jobs = Recorder(tmp_path, ["sleep 100", "touch started"])
    with Interrupts() as interrupts:
        interrupts.deadline = 0.0
        run_jobs(range(2), 1, 30.0, jobs, interrupts)
        assert (interrupts.is_out_of_time, interrupts.signal) == (True, None)
    assert not (tmp_path / "started").exists()


def test_a_silent_child_is_stopped_for_it_and_one_with_a_sign_of_life_is_not(tmp_path: Path) -> None:
    talks = "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.2; done"
    jobs = Recorder(tmp_path, ["sleep 100", talks], more={"idle_timeout": 1.0})
    jobs.run(slots=2)
    assert [jobs.exits[rank].cause for rank in range(2)] == [Cause.IDLE, Cause.ITS_OWN]
