"""What must survive a power cut, made durable in the background while subagents run.

Law: when `settle` has returned, every file added before, with all folders on the way to it, and every line of the
journal is on the disk. A shard costs about a millisecond to sync (file, folder, journal); by a thread of its own that
millisecond delays no subagent, and only what is still missing at the end of a group is waited for. What comes within a
fifth of a second is synced together, many files at a time, common folders and the journal once for all: a thread that
wakes for each shard takes turns with the one that starts subagents (1,000 that do nothing took 1.1 times as long).

Death of the process needs none of this: what was handed to the system is there for the next process. What cannot be
made again is added as soon as it is there: shards, the first base, the run's record. Bases, ledgers and merged contexts
follow from those; they are added when their group has ended, so that a run that says it has ended is on the disk whole.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Self

from shardflow.errors import StorageError
from shardflow.storage.files import sync_file, sync_folder
from shardflow.storage.runs.directory import GroupFolder
from shardflow.storage.runs.journal import Journal

_GATHER: Final = 0.2
"""Seconds in which more may come before a sync begins, unless someone waits for it."""
_AT_A_TIME: Final = 8
"""How many threads help to sync many files: with 4 and with 16 it took a tenth longer."""
_A_FEW: Final = 16
"""For each so many files a thread is worth its start."""


class BackgroundSync:
    """Syncs files, the folders on the way to them from `top`, and the journal behind them. `first` are synced before
    anything else, when the work begins.
    """

    __slots__ = ("_awaited", "_failure", "_journal", "_known", "_thread", "_waiting", "_wanted")

    def __init__(self, journal: Journal, top: str, first: Iterable[str]) -> None:
        self._journal = journal
        self._known = {top}
        self._waiting = deque(first)
        self._wanted = threading.Condition()
        self._awaited = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: StorageError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self.add("")
            self._awaited.set()
            self._thread.join()

    def add(self, path: str) -> None:
        """Have a file synced soon, with its folder, and the journal after it; the empty path ends the thread."""
        with self._wanted:
            self._waiting.append(path)
            self._wanted.notify_all()
        if self._thread is None:
            self._start()

    def add_lines(self) -> None:
        """Have the journal synced soon, as it is now."""
        self.add(self._journal.path)

    def catch_up(self) -> None:
        """Have the journal tell all that it was told. Raises StorageError while the file system refuses."""
        self._journal.catch_up()

    def settle(self) -> None:
        """Wait until all that was added is on the disk, and the journal as it is now.

        Raises StorageError if any of it could not be synced, now or before, or if the journal lacks lines.
        """
        self.catch_up()
        if self._thread is None:
            self._start()
        self._awaited.set()
        with self._wanted:
            self._wanted.wait_for(lambda: not self._waiting)
        self._awaited.clear()
        if self._failure is not None:
            raise self._failure
        self._journal.sync()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name="sync", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads: nothing is durable, and whoever settles hears of it
            self._waiting.clear()
            self._failure = StorageError(f"cannot make what was written durable: {error}")
        else:
            self._thread = thread

    def _work(self) -> None:
        """Sync all that waits, and then what has come meanwhile: the more there is, the more share a folder."""
        while True:
            with self._wanted:
                self._wanted.wait_for(lambda: self._waiting)
            self._awaited.wait(_GATHER)
            with self._wanted:
                batch = list(self._waiting)
            self._sync([path for path in batch if path not in ("", self._journal.path)])
            # not before all is on the disk that a line may tell of: who adds a file does so before its line is written
            if len(self._waiting) == len(batch):
                self._attempt(self._journal.sync)
            with self._wanted:
                for _ in batch:
                    self._waiting.popleft()
                self._wanted.notify_all()
            if not batch[-1]:
                return

    def _sync(self, paths: list[str]) -> None:
        """Sync files, with the names of the folders on the way to them, and their own."""
        folders = list(dict.fromkeys(map(os.path.dirname, paths)))
        for above in self._on_the_way(folders):
            self._attempt(partial(sync_folder, above or "."))
        self._attempt_all([partial(sync_file, path) for path in paths])
        self._attempt_all([partial(sync_folder, folder or ".") for folder in folders])

    def _attempt_all(self, steps: Sequence[Callable[[], None]]) -> None:
        """Take many steps several at a time: those that wait together share one commit of the file system."""
        left = iter(steps)

        def take() -> None:
            for step in left:
                self._attempt(step)

        threads = [threading.Thread(target=take, daemon=True) for _ in range(min(len(steps) // _A_FEW, _AT_A_TIME))]
        with suppress(RuntimeError):  # no more threads: then fewer
            for thread in threads:
                thread.start()
        take()
        for thread in threads:
            if thread.ident is not None:
                thread.join()

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StorageError as error:
            self._failure = self._failure or error

    def _on_the_way(self, folders: Iterable[str]) -> list[str]:
        """Give the folders that hold the names of others on the way, from above: what is moved in must be found."""
        holders: dict[str, None] = {}
        for folder in folders:
            new = []
            while folder and folder not in self._known:
                self._known.add(folder)
                folder = os.path.dirname(folder)
                new.append(folder)
            holders.update(dict.fromkeys(reversed(new)))
        return list(holders)


def keep_group(group: GroupFolder, durable: BackgroundSync) -> None:
    """Add all files of a group that ended: its inputs, what it came to, and its record."""
    for path in (group.base, group.rules, *group.outcome):
        if os.path.isfile(path) and not os.path.islink(path):  # anything else is not ours
            durable.add(path)
