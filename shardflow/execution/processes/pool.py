"""The pool: a sliding window over ranked jobs. As soon as one child is gone the next rank starts, never in batches."""

from __future__ import annotations

import heapq
import os
import subprocess
import time
from collections.abc import Iterable
from math import inf
from typing import Final, Protocol

from shardflow.errors import StorageError
from shardflow.execution.processes.child import Cause, Child, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.programs import Programs
from shardflow.execution.processes.waiting import Waiter, waiting

_HEAD_START: Final = 0.2
"""Seconds in which children that start get the processors before this process uses its idle time."""


class Jobs(Protocol):
    """What a pool runs and whom it tells. Called on the pool's thread; what it raises stops every child."""

    def command(self, rank: int) -> Command:
        """Prepare the job of this rank, which starts at once. Raises StorageError when that cannot be done."""

    def started(self, rank: int, pid: int) -> None:
        """Hear that a child runs."""

    def not_started(self, rank: int, error: Exception) -> float | None:
        """Hear that a child could not be started, and what was raised; say after how many seconds to try again."""

    def ended(self, rank: int, how: Exit) -> float | None:
        """Hear that a child and all its group are gone; say after how many seconds to run it again, None for never."""

    def is_lost(self) -> bool:
        """Tell whether what still runs is in vain, so that it is stopped and nothing more is started."""

    def idle(self) -> None:
        """Use the moment: everything that may run runs, and the children need this process for nothing."""

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        """Hear that these ranks are asked to end, or killed at once (grace 0); without a signal, for want of time."""


def run_jobs(ranks: Iterable[int], slots: int, grace: float, jobs: Jobs, interrupts: Interrupts) -> None:
    """Run the jobs of these ranks, at most `slots` at a time, started in this order.

    After an interrupt, or once all is lost, nothing more is started, and those that never were are not told of. When
    this returns or raises, no child runs.
    """
    stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with interrupts.attended(), waiting(interrupts) as waiter:
            _Pool(ranks, slots, grace, jobs, interrupts, waiter, stdin).run()
    finally:
        os.close(stdin)


class _Pool:
    def __init__(
        self,
        ranks: Iterable[int],
        slots: int,
        grace: float,
        jobs: Jobs,
        interrupts: Interrupts,
        waiter: Waiter,
        stdin: int,
    ) -> None:
        self._ranks = iter(ranks)
        self._slots = slots
        self._grace = grace
        self._jobs = jobs
        self._interrupts = interrupts
        self._waiter = waiter
        self._stdin = stdin
        self._programs = Programs()
        self._running: dict[subprocess.Popen[bytes], Child] = {}
        self._due: list[tuple[float, int, Child]] = []
        self._again: list[tuple[float, int]] = []
        self._heeded = 0
        self._lost = False

    def run(self) -> None:
        try:
            self._fill()
            if self._running:
                self._turn(_HEAD_START)
            self._jobs.idle()
            while self._running or (self._again and not self._is_ending()):
                self._turn(inf)
        except BaseException:
            self._abandon()
            raise

    def _turn(self, longest: float) -> None:
        """Sleep until something happens, or for this many seconds, and act on it."""
        self._heed()
        for child in self._advance(longest):
            self._put_off(child.rank, self._jobs.ended(child.rank, child.exit))
        if not self._lost and self._jobs.is_lost():
            self._lost = True
            self._stop(Cause.OTHERS_FAILED)
        self._fill()

    def _is_ending(self) -> bool:
        return self._lost or self._interrupts.count > 0

    def _fill(self) -> None:
        while len(self._running) < self._slots and not self._is_ending():
            rank = self._next()
            if rank is None:
                return
            self._start(rank)

    def _next(self) -> int | None:
        """Give the next one to start: one whose pause is over, else the next rank."""
        if self._again and self._again[0][0] <= time.monotonic():
            return heapq.heappop(self._again)[1]
        return next(self._ranks, None)

    def _put_off(self, rank: int, seconds: float | None) -> None:
        if seconds is not None:
            heapq.heappush(self._again, (time.monotonic() + seconds, rank))

    def _start(self, rank: int) -> None:
        try:
            child = Child(rank, self._jobs.command(rank), self._grace, self._stdin, self._programs)
        except (OSError, ValueError, StorageError) as error:
            self._put_off(rank, self._jobs.not_started(rank, error))
            return
        self._running[child.popen] = child
        self._waiter.add(child.popen)
        self._watch(child)
        self._jobs.started(rank, child.popen.pid)

    def _advance(self, longest: float) -> list[Child]:
        """Sleep until something happens, deal with it, and give the children that are gone."""
        pause = min(longest, max(0.0, self._next_moment() - time.monotonic()))
        gone: list[Child] = []
        for popen in self._waiter.wait(None if pause == inf else pause):
            child = self._running[popen]
            child.leader_exited()
            self._settle(child, gone)
        while self._due and self._due[0][0] <= time.monotonic():
            due, _, child = heapq.heappop(self._due)
            if child.due == due:  # otherwise it was put off, and stands in the heap once more
                child.look()
                self._settle(child, gone)
        return gone

    def _next_moment(self) -> float:
        """Give the moment at which something is to be done, whatever happens."""
        moments = [self._interrupts.deadline]
        if self._due:
            moments.append(self._due[0][0])
        if self._again and len(self._running) < self._slots:
            moments.append(self._again[0][0])
        return min(moments)

    def _settle(self, child: Child, gone: list[Child]) -> None:
        if child.is_gone:
            del self._running[child.popen]
            gone.append(child)
        else:
            self._watch(child)

    def _watch(self, child: Child) -> None:
        if child.due < inf:
            heapq.heappush(self._due, (child.due, child.rank, child))

    def _heed(self) -> None:
        """Act on interrupts noted since the last look: the first asks, the second kills; and on being suspended."""
        if self._interrupts.is_asked_to_suspend:
            self._suspend()
        self._interrupts.look_at_the_clock()
        count = min(self._interrupts.count, 2)
        if count == self._heeded:
            return
        self._heeded = count
        ranks = [child.rank for child in self._running.values()]
        self._jobs.stopping(self._interrupts.signal, ranks, self._grace if count == 1 else 0.0)
        if count == 1:
            self._stop(Cause.RUN_STOPPED)
        else:
            self._kill()

    def _suspend(self) -> None:
        """Suspend the children, then this process; when it goes on, so do they, and the time between counts nothing."""
        for child in self._running.values():
            child.suspend()
        seconds = self._interrupts.suspend()
        for child in self._running.values():
            child.resume(seconds)
        self._due = [(child.due, child.rank, child) for child in self._running.values() if child.due < inf]
        heapq.heapify(self._due)
        self._again = [(moment + seconds, rank) for moment, rank in self._again]

    def _stop(self, cause: Cause) -> None:
        for child in self._running.values():
            child.stop(cause)
            self._watch(child)

    def _kill(self) -> None:
        for child in self._running.values():
            child.kill()
            self._watch(child)

    def _abandon(self) -> None:
        """Stop every child and tell nobody: someone failed to hear."""
        self._stop(Cause.RUN_STOPPED)
        while self._running:
            if self._interrupts.count > 1:
                self._kill()
            self._advance(inf)
