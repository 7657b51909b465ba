"""Arbiters: programs that decide what the rules of a group leave to them, asked when its shards are merged.

    conflict as JSON -> standard input -> program -> standard output -> resolution, or a problem that is told

Law: an arbiter learns of the context by its standard input alone, and what it answers is a resolution like a person's.
Whatever else it does leaves the conflict.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.base import SIZE_LIMIT
from shardflow.execution.groups.jobs import ending_of, reason_of
from shardflow.execution.groups.workplace import Surroundings, shell_or_not
from shardflow.execution.processes.child import Cause, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.survivors import Survivor, named, stop_all, with_environment
from shardflow.execution.reporting.endings import NotStarted, ending_text
from shardflow.execution.reporting.report import last_lines
from shardflow.merge.resolving.conflicts import conflict_id, question_json
from shardflow.merge.resolving.documents import Written, matched, read_answer
from shardflow.merge.strategies.arbiter import read_arbiter
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Document
from shardflow.model.paths import path_text
from shardflow.storage.files import read_regular, write_new
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.directory import ArbiterFolder, GroupFolder, make_folder

_LAST_LINES = 5
_OWN = b"SHARDFLOW_CONFLICT"
"""The variable by which an arbiter, and all that it starts, is known: the file of its question."""
_OF_OTHERS = frozenset({b"CONTEXT_FILE", b"SHARDFLOW_ID", b"SHARDFLOW_SHARD"})
"""What a subagent that runs shardflow itself would hand on to an arbiter, which has no shard."""


class Arbitration:
    """Asks arbiters for the pool and collects, by rank, what they `decided` and the `problems` with them.

    `conflicts` are those that rules leave to an arbiter, in the order of the ledger.
    """

    def __init__(self, conflicts: Sequence[Conflict], folder: GroupFolder, around: Surroundings) -> None:
        self.decided: dict[int, Written] = {}
        self.problems: dict[int, str] = {}
        self._conflicts = conflicts
        self._folder = folder
        self._around = around

    def ask(self, slots: int, grace: float, interrupts: Interrupts) -> None:
        """Ask them all. Raises StorageError."""
        make_folder(self._folder.arbiters)
        run_jobs(range(len(self._conflicts)), slots, grace, self, interrupts)
        if left := self._strays():
            with interrupts.attended():
                stopped = stop_all(self._strays, grace, lambda: interrupts.count > 1)
            what = "stopped" if stopped else "could not all be stopped"
            self.problems[len(self._conflicts)] = f"left running by arbiters, and {what}: {named(left)}"

    def command(self, rank: int) -> Command:
        """Write the question down and say whom to ask. Raises StorageError."""
        conflict, places = self._conflicts[rank], self._places(rank)
        program = read_arbiter(conflict.arbiter)
        make_folder(places.path)
        write_new(places.question, canonical_bytes(question_json(conflict)))
        own = {name: value for name, value in self._around.environment.items() if name not in _OF_OTHERS}
        environment = {**own, _OWN: os.fsencode(places.question)}
        arguments, folder = shell_or_not(program.run), self._around.folder
        return Command(arguments, folder, environment, places.answer, places.stderr, program.timeout, places.question)

    def started(self, rank: int, pid: int) -> None:
        """Hear that one runs."""

    def not_started(self, rank: int, error: Exception) -> None:
        """Tell of one that could not be started."""
        self._tell(rank, ending_text(NotStarted(reason_of(error))))

    def ended(self, rank: int, how: Exit) -> None:
        """Take down what it answered, or tell why that is nothing."""
        ending = ending_of(how, read_arbiter(self._conflicts[rank].arbiter).timeout)
        if ending is not None:
            if how.cause is not Cause.RUN_STOPPED:
                self._tell(rank, ending_text(ending))
            return
        try:
            answer = self._answer(rank)
        except (InvalidInput, StorageError) as error:
            self._tell(rank, f"gave no answer that can be used: {error}")
            return
        if isinstance(answer, str):
            self._tell(rank, f"gave no answer that can be used: {answer}")
        else:
            self.decided[rank] = answer

    def idle(self) -> None:
        """Have nothing to do meanwhile."""

    def is_lost(self) -> bool:
        """Let all be asked, whatever one of them does."""
        return False

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        """Hear that they are stopped with the run, which tells so itself."""

    def _strays(self) -> list[Survivor]:
        return list(with_environment(_OWN + b"=" + os.fsencode(self._folder.arbiters) + b"/"))

    def _places(self, rank: int) -> ArbiterFolder:
        return self._folder.arbiter(conflict_id(self._conflicts[rank]))

    def _answer(self, rank: int) -> Written | str:
        conflict, source = self._conflicts[rank], self._places(rank).answer
        document = Document(source, parse_json(read_regular(source, SIZE_LIMIT), source))
        written = read_answer(document, conflict, f"arbiter ({conflict.rule.origin})")
        fitting = matched(written, {conflict_id(conflict): conflict})
        return fitting if isinstance(fitting, str) else written

    def _tell(self, rank: int, what: str) -> None:
        places, path = self._places(rank), path_text(self._conflicts[rank].path)
        words = "".join(f"\n    | {line}" for line in last_lines(places.stderr, _LAST_LINES))
        self.problems[rank] = f"{path} stays in conflict: its arbiter {what}; see {places.path}{words}"
