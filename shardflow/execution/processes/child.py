"""One child: the leader of a process group of its own, from its start until nothing of the group runs any more.

    RUNNING --a limit, or it is stopped: SIGTERM--> ASKED --grace is over: SIGKILL--> KILLED
       |                                              |                                  |
       '------------------------ the leader exits -------------------------------------->+--> GONE: all of it
                                                                                         '--> LINGERING: survivors
    LINGERING --SIGTERM, grace, SIGKILL--> GONE

What lingers is looked for again every few milliseconds: it is nobody's child, so no system call waits for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from math import inf
from typing import Final

from shardflow.execution.processes.programs import Programs
from shardflow.execution.processes.survivors import Survivor, in_group, signal_group
from shardflow.execution.processes.time_limits import TimeLimits
from shardflow.model.records import record, replaced
from shardflow.storage.files import open_log, open_regular

_LOOK: Final = 0.005
"""Seconds between two looks at a group whose leader is gone."""
_LAST_WAIT: Final = 2.0
"""Seconds after SIGKILL until what still runs (stuck in the kernel, or not ours to kill) is told and left."""


@record
class Command:
    """What to start, and where. Paths are absolute, times in seconds. The logs must not exist yet.

    `stdin` is the file it reads on its standard input, which holds nothing if there is none. `open_log` begins a log
    and gives the descriptor that the child prints to. `watched` are files besides the logs that show that it lives.
    It is asked to end by `stop_signal`, and is killed after `grace`; None for that of all children.
    """

    arguments: tuple[str, ...]
    cwd: str
    environment: Mapping[bytes, bytes]
    stdout: str
    stderr: str
    timeout: float | None
    stdin: str | None = None
    open_log: Callable[[str], int] = open_log
    idle_timeout: float | None = None
    watched: tuple[str, ...] = ()
    stop_signal: int = signal.SIGTERM
    grace: float | None = None


class Cause(Enum):
    """Why a child ended."""

    ITS_OWN = auto()
    TIMEOUT = auto()
    IDLE = auto()
    RUN_STOPPED = auto()
    OTHERS_FAILED = auto()


@record
class Exit:
    """How a child ended. `code` is negative for a signal; `seconds` is the leader's own time.

    `survivors` ran on when the leader had exited on its own, and were stopped; `unstoppable` still run.
    """

    code: int
    seconds: float
    cause: Cause
    survivors: tuple[Survivor, ...] = ()
    unstoppable: tuple[Survivor, ...] = ()


class Stage(Enum):
    """Where in its life a child is."""

    RUNNING = auto()
    ASKED = auto()
    KILLED = auto()
    LINGERING = auto()
    GONE = auto()


class Child:
    """A started child. `due` is the moment (monotonic) at which `look` must be called; `inf` for never."""

    __slots__ = (
        "_cause",
        "_code",
        "_grace",
        "_kill_at",
        "_limits",
        "_seconds",
        "_started",
        "_stop_signal",
        "_survivors",
        "_unstoppable",
        "due",
        "popen",
        "rank",
        "stage",
    )

    def __init__(self, rank: int, command: Command, grace: float, stdin: int, programs: Programs) -> None:
        """Start it. Raises OSError or ValueError when that cannot be done."""
        self.rank = rank
        self.popen = _spawn(command, stdin, programs)
        self.stage = Stage.RUNNING
        self._started = time.monotonic()
        self._grace = grace if command.grace is None else command.grace
        self._stop_signal = command.stop_signal
        files = (command.stdout, command.stderr, *command.watched)
        self._limits = TimeLimits(self._started, command.timeout, command.idle_timeout, files)
        self._cause = Cause.ITS_OWN
        self._code = 0
        self._seconds = 0.0
        self._survivors: tuple[Survivor, ...] = ()
        self._unstoppable: tuple[Survivor, ...] = ()
        self._kill_at = inf
        self.due = self._limits.due

    @property
    def exit(self) -> Exit:
        """How it ended; for a child that is gone."""
        return Exit(self._code, self._seconds, self._cause, self._survivors, self._unstoppable)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of the group runs any more, or nothing more can be done about it."""
        return self.stage is Stage.GONE

    def stop(self, cause: Cause) -> None:
        """Ask the whole group to end, and see to it that it does. One that is stopping already is left to it."""
        if self.stage is Stage.RUNNING:
            self._cause = cause
            self._ask(Stage.ASKED)

    def kill(self) -> None:
        """End the whole group at once."""
        self._kill_at = min(self._kill_at, time.monotonic())
        match self.stage:
            case Stage.RUNNING:
                self._cause = Cause.RUN_STOPPED
                self._kill(Stage.KILLED)
            case Stage.ASKED:
                self._kill(Stage.KILLED)
            case Stage.LINGERING:
                self._kill(Stage.LINGERING)
                self.due = self._kill_at
            case _:
                pass

    def look(self) -> None:
        """Do what has become due: the timeout, the end of the grace, another look at what lingers."""
        match self.stage:
            case Stage.RUNNING:
                self._look_at_limits()
            case Stage.ASKED:
                self._kill(Stage.KILLED)
            case Stage.LINGERING:
                self._look_for_survivors()
            case _:
                self.due = inf

    def suspend(self) -> None:
        """Stop the whole group where it is, until it is resumed."""
        signal_group(self.popen.pid, signal.SIGSTOP)

    def resume(self, seconds: float) -> None:
        """Have the whole group go on after so many seconds, which count for nothing."""
        self._limits.shift(seconds)
        self._kill_at += seconds
        self.due += seconds
        signal_group(self.popen.pid, signal.SIGCONT)

    def leader_exited(self) -> None:
        """Take note of the exit of the group's leader, already reaped, and see what it left behind."""
        self._seconds = time.monotonic() - self._started
        self._code = self.popen.returncode
        survivors = in_group(self.popen.pid)
        if not survivors:
            self._gone(())
            return
        if self.stage is Stage.RUNNING:
            self._survivors = survivors
            self._ask(Stage.LINGERING)
        else:
            self.stage = Stage.LINGERING
        self.due = time.monotonic() + _LOOK

    def _look_at_limits(self) -> None:
        now = time.monotonic()
        if self._limits.is_over(now):
            self.stop(Cause.TIMEOUT)
        elif self._limits.is_idle(now):
            self.stop(Cause.IDLE)
        else:
            self.due = self._limits.due

    def _ask(self, stage: Stage) -> None:
        signal_group(self.popen.pid, self._stop_signal)
        signal_group(self.popen.pid, signal.SIGCONT)  # one that somebody stopped cannot heed it
        self.stage = stage
        self.due = self._kill_at = time.monotonic() + self._grace

    def _kill(self, stage: Stage) -> None:
        signal_group(self.popen.pid, signal.SIGKILL)
        self.stage = stage
        self.due = inf

    def _look_for_survivors(self) -> None:
        now = time.monotonic()
        survivors = in_group(self.popen.pid)
        if not survivors or now >= self._kill_at + _LAST_WAIT:
            self._gone(survivors)
            return
        if now >= self._kill_at:
            self._kill(Stage.LINGERING)
        self.due = now + _LOOK

    def _gone(self, unstoppable: tuple[Survivor, ...]) -> None:
        self._unstoppable = unstoppable
        self.stage = Stage.GONE
        self.due = inf


def _spawn(command: Command, stdin: int, programs: Programs) -> subprocess.Popen[bytes]:
    """Start the leader of a new process group.

    No `preexec_fn`: it would make Popen copy this whole process instead of using vfork (measured 0.7 against 66 ms a
    child for a parent of 2 GB). The logs are opened here and not by the child, so that nothing stands in their place.
    """
    if command.stdin is not None:
        own = open_regular(command.stdin)
        try:
            return _spawn(replaced(command, stdin=None), own, programs)
        finally:
            os.close(own)
    stdout = command.open_log(command.stdout)
    try:
        stderr = command.open_log(command.stderr)
        try:
            return subprocess.Popen(
                command.arguments,
                executable=programs.find(command.arguments[0], command.environment),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=command.cwd,
                env=command.environment,
                process_group=0,
            )
        finally:
            os.close(stderr)
    finally:
        os.close(stdout)
