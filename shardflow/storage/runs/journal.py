"""The journal of a run, `events.jsonl`: what happened, in order, one JSON object a line, only ever appended.

Every line has

    v       the version of this format, 1
    at      the time in UTC, as `2026-11-24T08:15:30.123456Z`
    event   what happened, one of the names below

and what belongs to its event:

    run-started         workflow, phases (ids), context (the canonical file), pid
    run-resumed         the same, and start (2 for the first time), again: [[phase, subagent]], asked for once more
                        (null: all of the phase)
    phase-started       phase, behavior, subagents (ids by rank, as far as the workflow names them), max_parallel,
                        fans_out (true: there are more or fewer, by lists in the context)
    subagent-skipped    phase, subagent, reason (for people)
    group-started       phase, group (its folder's name), subagents (ids by rank)
    subagent-started    phase, group, subagent, rank, pid
    subagent-retried    phase, group, subagent, rank, content, tries (so many failed), ending, detail, seconds,
                        pause (seconds until the next try), folder (where this try's shard and logs are kept), and usage
                        if it is an agent CLI: {input, output, cost} of this try, null where it does not say
    subagent-finished   phase, group, subagent, rank, ending, detail (for people), seconds, tries, warnings,
                        sealed: {content, sha256, base} or null, kept (true: sealed by an earlier start, not run again),
                        reused_from (the run that sealed it, if it was another), and
                        undeclared (as in group.json) if it changed what it does not declare to write, of (the id it has
                        in the workflow) if it is one of a fan-out, usage as above, of the last try, unless that was
                        told as retried
    stopping            signal (null: the run's time is over), subagents (ids) or arbiters (the ids of their conflicts),
                        grace (seconds; 0: killed at once)
    arbiter-started     phase, group, conflict (its id), path, pid
    arbiter-finished    phase, group, conflict, path, decided (false: problems of the group say why), seconds, warnings,
                        sealed: {content, sha256, base} of its answer or null, kept (true: answered in an earlier start,
                        not asked again), and usage as above
    group-merged        phase, group, sha256 (of the merged context): about to become the canonical context
    group-finished      phase, group, status, seconds, counts (changes by outcome), conflicts (how many),
                        stale_reads (how many), problems, kept (true: merged by an earlier start)
    answered            phase, question, content (the digest of all the answer depends on), answer (JSON): what a script
                        returned, a person chose; never asked again for the same content
    prompt-finished     folder, seconds, and usage as above: an agent CLI that a script had asked by thinkHard
    noted               phase (empty: of the whole run), text: something people shall hear
    phase-finished      phase, status, seconds, reason (why it was skipped), problems
    run-finished        status, exit_code, seconds, problems
    journal-altered     someone else wrote to this file: no seal told of before here is relied on

`content` is the digest of all that a shard or an answer depends on (`workflow/content.py`), `sha256` that of its bytes,
`base` that of its group's base: what a resumed run needs to use it again. Readers must ignore members and events they
do not know.

What is durable, and when: a line is handed to the system as soon as its event happened, so it outlives
this process and another one can follow it. A power cut is another matter: a sync takes a third of a millisecond, so
lines are synced in the background behind each sealed shard, and are waited for only around `group-merged` (all that the
merge came from is on the disk before that line, that line before the canonical context is replaced) and before
`run.json` says that the run has ended. A line that is missing after a power cut makes work happen
again, never twice in one result. A torn line stands where one start of the run died; the next begins a new line.
What a full disk refuses is written before the next line; until then no subagent starts and nothing is merged.

The process that writes the journal holds a lock (flock) on it, which ends with the process however that dies: that is
how a run that goes on is told from one that was killed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from types import TracebackType
from typing import Any, Final

from shardflow.errors import NotARun, RunInProgress, StorageError
from shardflow.storage.capabilities import NOT_SUPPORTED

VERSION: Final = 1
"""The version of the journal's format."""

_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = _APPEND | os.O_CREAT | os.O_EXCL
_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LIMIT: Final = 1 << 30
"""Bytes of a journal that are read: whoever wrote more to it is not us."""
ALTERED: Final = "journal-altered"
"""The event that says: someone else wrote to this journal before here."""
_TICK: Final = 50_000_000
"""Nanoseconds within which two writes may bear the same time stamp, generously."""
_TRIES: Final = 20
_PAUSE: Final = 0.005
"""Seconds between two tries to lock: someone who only looks holds the lock for microseconds."""


class Journal:
    """A journal being written, locked; see `new_journal` and `continued_journal`."""

    __slots__ = ("_changed", "_descriptor", "_hash", "_new", "_owed", "_path", "_size")

    def __init__(self, path: str, flags: int) -> None:
        self._path = path
        self._hash: Any = None
        try:
            self._descriptor = os.open(path, flags, 0o600)
            try:
                self._lock()
                self._check_size()
                self._owed = b"" if self._ends_a_line() else b"\n"
                self._new = bytearray(self._whole())
                self._size, self._changed = len(self._new), os.fstat(self._descriptor).st_ctime_ns
            except BaseException:
                os.close(self._descriptor)
                raise
        except OSError as error:
            raise self._refusal(error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def write(self, event: str, members: Mapping[str, object]) -> None:
        """Append one event; `members` are plain JSON values. Raises StorageError; what is missing is written later."""
        line = json.dumps({"v": VERSION, "at": utc_text(time.time_ns()), "event": event, **members}) + "\n"
        self._owed += line.encode()
        self.catch_up()

    def catch_up(self) -> None:
        """Write what the file system has refused so far. Raises StorageError if it still does."""
        try:
            while self._owed:
                taken = os.write(self._descriptor, self._owed)
                self._new += self._owed[:taken]
                self._size += taken
                self._owed = self._owed[taken:]
                self._changed = os.fstat(self._descriptor).st_ctime_ns
        except OSError as error:
            raise self._refusal(error) from error

    @property
    def path(self) -> str:
        """The file."""
        return self._path

    def is_altered(self) -> bool:
        """Tell whether anyone else wrote to the journal, or put another file in its place.

        Cost: a system call; reading the journal, if its time stamps leave room for doubt.
        """
        try:
            status = os.lstat(self._path)
            if not os.path.samestat(status, os.fstat(self._descriptor)) or status.st_size != self._size:
                return True
            if status.st_ctime_ns == self._changed < time.time_ns() - _TICK:
                return False
            return self._is_other(self._whole())
        except OSError:
            return True

    def distrust(self) -> None:
        """Write down that what the journal tells so far is not to be relied on, also into what took its place."""
        with suppress(StorageError):
            self.write(ALTERED, {})
        self._new, self._hash, self._size = bytearray(), None, -1
        try:
            if not os.path.samestat(os.lstat(self._path), os.fstat(self._descriptor)):
                with Journal(self._path, _APPEND) as other:
                    other.write(ALTERED, {})
        except (OSError, StorageError):
            pass  # nothing stands there that a resumed run could read

    def _is_other(self, data: bytes) -> bool:
        from hashlib import sha256  # loads OpenSSL: not before anything has run

        self._hash = self._hash or sha256()
        self._hash.update(self._new)
        self._new.clear()
        return bool(sha256(data).digest() != self._hash.digest())

    def _whole(self) -> bytes:
        pieces, place = [], 0
        while piece := os.pread(self._descriptor, 1 << 20, place):
            pieces.append(piece)
            place += len(piece)
        return b"".join(pieces)

    def sync(self) -> None:
        """Make every line so far survive a power cut. Raises StorageError."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._refusal(error) from error

    def _lock(self) -> None:
        for _ in range(_TRIES):
            try:
                flock(self._descriptor, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
            except OSError as error:
                if error.errno not in NOT_SUPPORTED:  # a run warns of a file system without locks before it starts
                    raise
                return
            else:
                return
        run = os.path.dirname(self._path)
        raise RunInProgress(f"{run} is a run that is still going on; wait until it has ended", file=run)

    def _check_size(self) -> None:
        if os.fstat(self._descriptor).st_size > LIMIT:
            raise StorageError(f"{self._path} is too large: more than {LIMIT:,} bytes", file=self._path)

    def _ends_a_line(self) -> bool:
        size = os.fstat(self._descriptor).st_size
        return size == 0 or os.pread(self._descriptor, 1, size - 1) == b"\n"

    def _refusal(self, error: OSError) -> StorageError:
        return StorageError(f"cannot write {self._path}: {(error.strerror or str(error)).lower()}", file=self._path)


def new_journal(path: str) -> Journal:
    """Begin a journal. Raises StorageError where something stands already or the file system refuses."""
    return Journal(path, _NEW)


def continued_journal(path: str) -> Journal:
    """Go on with a journal. Raises RunInProgress while another process writes it, NotARun where there is none,
    StorageError otherwise.
    """
    if not os.path.lexists(path):
        raise NotARun(f"{path} does not exist, and only it knows what the run has finished; start a new run", file=path)
    return Journal(path, _APPEND)


def is_written(path: str) -> bool:
    """Tell whether a process writes this journal just now, which means that its run goes on."""
    try:
        descriptor = os.open(path, _LOOK)
    except OSError:
        return False
    try:
        flock(descriptor, LOCK_SH | LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def utc_text(nanoseconds: int) -> str:
    """Write a moment since the epoch as UTC, in microseconds: `2026-11-24T08:15:30.123456Z`."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"
