"""Survivors: processes that outlive the subagent that started them. Found, named and stopped, never overlooked.

Two nets. Most stay in their subagent's process group, which costs one `kill(-group, 0)` to see. One that made a
session of its own still carries its subagent's environment; those are found by one walk over /proc (Linux) at the
end of a group. A process that did both, left the group and dropped its environment, cannot be found.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from shardflow.execution.processes.interrupts import Interrupts
from shardflow.model.records import record

_PROC: Final = "/proc"
_GONE: Final = frozenset("ZX")
"""States of /proc/PID/stat (proc_pid_stat(5)) in which a process runs no more: zombie, dead."""
_POLL: Final = 0.01
_LAST_WAIT: Final = 2.0
"""Seconds to wait for a process to go after SIGKILL; one stuck in the kernel is told and left."""


@record
class Survivor:
    """A process that was still there. `name` is its own and may hold anything; empty where it is not known."""

    pid: int
    name: str

    def __str__(self) -> str:
        """Show as `sleep (pid 123)`."""
        return f"{self.name or 'a process'} (pid {self.pid})"


def named(survivors: Iterable[Survivor]) -> str:
    """List survivors in one phrase, the first few by name."""
    shown = [str(survivor) for survivor in survivors]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + more


def in_group(group: int) -> tuple[Survivor, ...]:
    """Give the processes of a process group that still run. Cost: one system call when there are none."""
    try:
        with suppress(PermissionError):  # Darwin says so of a group of zombies; on Linux the walk below tells
            os.killpg(group, 0)
    except ProcessLookupError:
        return ()
    if not os.path.isdir(f"{_PROC}/self"):
        return (Survivor(group, ""),)
    return tuple(survivor for survivor, its_group in map(_status, _pids()) if survivor and its_group == group)


def with_environment(prefix: bytes) -> dict[Survivor, bytes]:
    """Find processes by a variable of their environment: `NAME=start of the value`. Gives the whole entry of each.

    Only Linux shows environments; elsewhere nothing is found. Cost: about 20 microseconds a process of the machine.
    """
    found: dict[Survivor, bytes] = {}
    for pid in _pids():
        entry = _entry(pid, prefix)
        survivor = _status(pid)[0] if entry else None
        if entry and survivor and pid != os.getpid():
            found[survivor] = entry
    return found


def signal_group(group: int, number: int) -> None:
    """Send a signal to a whole process group; a group that is gone, or not ours to signal, is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def stop_all(find: Callable[[], Iterable[Survivor]], grace: float, hurried: Callable[[], bool]) -> bool:
    """Stop what `find` finds: SIGTERM, `grace` seconds, SIGKILL. Tells whether nothing is found in the end.

    `hurried` is asked again and again and ends the grace. What appears meanwhile is stopped too.
    """
    asked: set[int] = set()
    kill_at = time.monotonic() + grace
    while time.monotonic() < kill_at + _LAST_WAIT:
        left = [survivor.pid for survivor in find()]
        if not left:
            return True
        if hurried():
            kill_at = min(kill_at, time.monotonic())
        killing = time.monotonic() >= kill_at
        for pid in left:
            if killing or pid not in asked:
                _signal(pid, signal.SIGKILL if killing else signal.SIGTERM)
        asked.update(left)
        time.sleep(_POLL)
    return not any(True for _ in find())


def stop_attended(find: Callable[[], Iterable[Survivor]], grace: float, interrupts: Interrupts) -> bool:
    """Stop what `find` finds, as `stop_all` does; the second signal that somebody sends ends the grace."""
    with interrupts.attended():
        return stop_all(find, grace, lambda: interrupts.count > 1)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    except OSError:
        return []


def _status(pid: int) -> tuple[Survivor | None, int]:
    """Read a process's name and process group; None for one that runs no more."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb", buffering=0) as file:
            data = file.read()
    except OSError:
        return None, 0
    # The name stands in parentheses and may hold any byte, `)` too: the last one closes it.
    head, _, tail = data.decode("utf-8", "replace").rpartition(")")
    state, _, group = tail.split()[:3]
    return (None if state in _GONE else Survivor(pid, head.partition("(")[2])), int(group)


def _entry(pid: int, prefix: bytes) -> bytes | None:
    try:
        with open(f"{_PROC}/{pid}/environ", "rb") as file:
            data = file.read()
    except OSError:
        return None
    if prefix not in data:
        return None
    return next((entry for entry in data.split(b"\0") if entry.startswith(prefix)), None)
