"""Finding processes nobody waits for, and noting signals without acting on them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.survivors import Survivor, in_group, named, stop_all, with_environment


def sleeping(command: list[str], mark: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(command, env={**os.environ, "SHARDFLOW_SHARD": mark}, process_group=0)
    while not with_environment(b"SHARDFLOW_SHARD=" + mark.encode()):
        assert child.poll() is None
    return child


def test_a_group_without_a_running_process_has_no_survivors() -> None:
    child = subprocess.Popen(["true"], process_group=0)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert in_group(child.pid) == ()  # a zombie runs no more
    child.wait()
    assert in_group(child.pid) == ()


def test_a_process_is_found_by_its_group_whatever_its_name() -> None:
    code = "import ctypes, time; ctypes.CDLL(None).prctl(15, b'a) Z (b'); print(flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], process_group=0, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert in_group(child.pid) == (Survivor(child.pid, "a) Z (b"),)
    child.kill()
    child.communicate()


def test_only_processes_whose_variable_begins_so_are_found() -> None:
    child = sleeping(["sleep", "60"], "/run-1/a")
    assert with_environment(b"SHARDFLOW_SHARD=/run-1/") == {Survivor(child.pid, "sleep"): b"SHARDFLOW_SHARD=/run-1/a"}
    assert with_environment(b"SHARDFLOW_SHARD=/run-2/") == {}
    assert with_environment(b"FLOW_SHARD=/run-1/") == {}
    child.kill()
    child.wait()


def test_who_does_not_hear_is_killed_after_the_grace() -> None:
    child = sleeping(
        [sys.executable, "-c", "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); time.sleep(60)"], "/x/"
    )
    assert stop_all(lambda: with_environment(b"SHARDFLOW_SHARD=/x/"), 0.5, lambda: False)
    assert child.wait() in (-signal.SIGTERM, -signal.SIGKILL)


def test_in_a_hurry_there_is_no_grace() -> None:
    child = sleeping(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], "/y/")
    assert stop_all(lambda: with_environment(b"SHARDFLOW_SHARD=/y/"), 1000.0, lambda: True)
    assert child.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("count", "phrase"),
    [(1, "p (pid 0)"), (3, "p (pid 0), p (pid 1), p (pid 2)"), (5, "p (pid 0), p (pid 1), p (pid 2) and 2 more")],
)
def test_many_survivors_are_shown_by_the_first_three(count: int, phrase: str) -> None:
    assert named(Survivor(pid, "p") for pid in range(count)) == phrase


def test_a_signal_is_noted_and_wakes_whoever_waits() -> None:
    with Interrupts() as interrupts, interrupts.attended():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert select.select([interrupts.descriptor], [], [], 60)[0]
        interrupts.drain()
        assert not select.select([interrupts.descriptor], [], [], 0)[0]
        assert (interrupts.signal, interrupts.count) == (signal.SIGTERM, 2)


def test_unattended_the_second_signal_interrupts() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.count == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_on_another_thread_nothing_is_noted_and_nothing_breaks() -> None:
    noted: list[int] = []

    def enter() -> None:
        with Interrupts() as interrupts:
            noted.append(interrupts.count)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert noted == [0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
