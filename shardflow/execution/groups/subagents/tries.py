"""Tries: which failed subagents of a group are tried again, when, and what became of the failed try.

Law: whatever a try left is kept, in a folder that no later try writes to; nothing of it still runs when the next one
begins. A resumed run goes on counting where the engine died, and begins anew with whom it had given up.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from shardflow.errors import StorageError
from shardflow.execution.groups.inputs import Group
from shardflow.execution.processes.survivors import Survivor, named, stop_all, with_environment
from shardflow.execution.reporting.endings import Ending, ExitedNonZero, Succeeded, ending_name
from shardflow.model.records import record, replaced
from shardflow.storage.runs.folders import keep_try, move_folder

if TYPE_CHECKING:
    from shardflow.agents.outcomes import Usage  # loaded only where agent CLIs are called
    from shardflow.execution.groups.sealing.shards import MergeableShard  # loaded while the subagents run


@record
class Tried:
    """What one try of a subagent came to: a shard, or how it failed; after how many seconds; what is to be told of it.

    `usage` is what an agent CLI says that it used in it.
    """

    came_to: MergeableShard | Ending
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    usage: Usage | None = None

    @property
    def shard(self) -> MergeableShard | None:
        """The shard that can be merged, if it left one."""
        return None if isinstance(self.came_to, Ending) else self.came_to

    @property
    def ending(self) -> Ending:
        """How it ended."""
        return self.came_to if isinstance(self.came_to, Ending) else Succeeded()

    def told(self, *warnings: str) -> Tried:
        """Give the same with more warnings."""
        return replaced(self, warnings=(*self.warnings, *warnings)) if warnings else self


class Tries:
    """Counts the tries of a group's subagents by rank; `last` has the failed ones of those that wait for another."""

    def __init__(self, group: Group, before: Callable[[int], int]) -> None:
        """Begin; `before` tells how many tries of a rank failed when an earlier start of the run died."""
        self.last: dict[int, Tried] = {}
        self._group = group
        self._before = before
        self._failed: dict[int, int] = {}
        self._used: dict[int, tuple[Usage, ...]] = {}
        self._seconds: dict[int, float] = {}
        self._warned: dict[int, dict[str, int]] = {}

    def count(self, rank: int) -> int:
        """Count the tries of a subagent, the one that has ended last included."""
        return self._failures(rank) + 1

    def used(self, rank: int) -> tuple[Usage, ...]:
        """Give what an agent CLI used in each of its tries that were put away."""
        return self._used.get(rank, ())

    def seconds(self, rank: int) -> float:
        """Give how long its tries took in all that were put away."""
        return self._seconds.get(rank, 0.0)

    def warned(self, rank: int) -> dict[str, int]:
        """Give what was to be told of its tries that were put away, each text with the first try it was told of."""
        return self._warned.get(rank, {})

    def pause(self, rank: int, ending: Ending) -> float | None:
        """Say after how many seconds to try again one that ended so; None for never."""
        retry = self._group.subagents[rank].policy.retry
        if retry is None or self._failures(rank) >= retry.most or not _is_among(ending, retry.on):
            return None
        return retry.pause(self.count(rank), random.random())

    def keep(self, rank: int, tried: Tried) -> str:
        """Put away what a failed try left, and give the folder. Raises StorageError."""
        name = self._group.subagents[rank].id
        stopped = _stopped(self._group.folder.subagent(name).shard)
        folder = keep_try(self._group.folder, name, self.count(rank))
        self.last[rank] = tried.told(*stopped)
        for warning in self.last[rank].warnings:
            self._warned.setdefault(rank, {}).setdefault(warning, self.count(rank))
        self._failed[rank] = self.count(rank)
        self._seconds[rank] = self.seconds(rank) + tried.seconds
        self._used[rank] = (*self.used(rank), *(() if tried.usage is None else (tried.usage,)))
        return folder

    def take_back(self, rank: int) -> Tried | None:
        """Give the last try of one that waits for another which there will not be, and put back what it left.

        None for one that waits for none. What the try used was told when it was put away.
        """
        if (last := self.last.pop(rank, None)) is None:
            return None
        tried = replaced(last, usage=None)
        self._failed[rank] -= 1  # the last counts as the one that has ended, no longer as one before it
        self._seconds[rank] -= last.seconds
        name, folder = self._group.subagents[rank].id, self._group.folder
        try:
            move_folder(folder.tried(name, self.count(rank)), folder.subagent(name).path)
        except StorageError as error:
            return tried.told(f"what its last try left stands elsewhere: {error}")
        return tried

    def _failures(self, rank: int) -> int:
        if rank not in self._failed:
            self._failed[rank] = self._before(rank)
        return self._failed[rank]


def _is_among(ending: Ending, named_ones: tuple[str | int, ...]) -> bool:
    return ending_name(ending) in named_ones or (isinstance(ending, ExitedNonZero) and ending.code in named_ones)


def _stopped(shard: str) -> tuple[str, ...]:
    """End at once what a failed try left running in a session of its own: it would write into the next one's shard."""
    entry = b"SHARDFLOW_SHARD=" + os.fsencode(shard)

    def find() -> list[Survivor]:
        return [survivor for survivor, found in with_environment(entry).items() if found == entry]

    left = find()
    if not left:
        return ()
    what = "stopped" if stop_all(find, 0.0, lambda: True) else "could not all be stopped"
    return (f"left running in a session of its own, and {what}: {named(left)}",)
