"""Arbiters: programs and agent CLIs that decide what rules of a group leave to them, asked when its shards are merged.

    conflict as JSON -> standard input -> program -> standard output -> resolution, or a problem that is told
    the same in a prompt -> standard input -> agent CLI -> last message -> the same

Law: an arbiter learns of the context by its standard input alone, and what it answers is a resolution like a person's.
Whatever else it does leaves the conflict.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from shardflow.errors import InvalidInput, InvalidRules, StorageError
from shardflow.execution.base import SIZE_LIMIT
from shardflow.execution.groups.subagents.judging import Judgement, ending_of, left_running, reason_of
from shardflow.execution.groups.subagents.workplace import Surroundings, shell_or_not
from shardflow.execution.processes.child import Cause, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.survivors import Survivor, named, stop_attended, with_environment
from shardflow.execution.reporting.endings import NotStarted, ending_text
from shardflow.execution.reporting.report import ArbiterReport, last_lines
from shardflow.merge.resolving.conflicts import conflict_id, question_json
from shardflow.merge.resolving.documents import Written, by_arbiter, by_name, matched, read_answer
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Document
from shardflow.model.fields import read_document
from shardflow.model.paths import path_text
from shardflow.model.records import replaced
from shardflow.storage.files import read_regular, write_new
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.directory import ArbiterFolder, GroupFolder
from shardflow.storage.runs.folders import make_folder
from shardflow.workflow.agents.arbiters import Arbiter, read_arbiter
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.program import ArgumentList, ShellCommand

_LAST_LINES = 5
_LINE_WIDTH = 200
_OWN = b"SHARDFLOW_CONFLICT"
"""The variable by which an arbiter, and all that it starts, is known: the file of its question."""
_OF_OTHERS = frozenset({b"CONTEXT_FILE", b"SHARDFLOW_ID", b"SHARDFLOW_SHARD"})
"""What a subagent that runs shardflow itself would hand on to an arbiter, which has no shard."""


class Arbitration:
    """Asks arbiters for the pool and collects, by rank, what they `decided` and the `problems` with them.

    `conflicts` are those that rules leave to an arbiter, in the order of the ledger; `hear` is told how each ended.
    """

    def __init__(
        self,
        conflicts: Sequence[Conflict],
        folder: GroupFolder,
        around: Surroundings,
        hear: Callable[[ArbiterReport], None],
    ) -> None:
        self.decided: dict[int, Written] = {}
        self.problems: dict[int, str] = {}
        self._reports: dict[int, ArbiterReport] = {}
        self._hear = hear
        self._conflicts = conflicts
        self._arbiters = [read_document(Document("", one.arbiter), read_arbiter, InvalidRules) for one in conflicts]
        self._folder = folder
        self._around = around

    def ask(self, slots: int, grace: float, interrupts: Interrupts) -> None:
        """Ask them all. Raises StorageError."""
        make_folder(self._folder.arbiters)
        run_jobs(range(len(self._conflicts)), slots, grace, self, interrupts)
        if left := self._strays():
            stopped = stop_attended(self._strays, grace, interrupts)
            what = "stopped" if stopped else "could not all be stopped"
            self.problems[len(self._conflicts)] = f"left running by arbiters, and {what}: {named(left)}"

    @property
    def reports(self) -> tuple[ArbiterReport, ...]:
        """How those that ended did so, in the order of the ledger."""
        return tuple(self._reports[rank] for rank in sorted(self._reports))

    def command(self, rank: int) -> Command:
        """Write the question down and say whom to ask. Raises StorageError."""
        arbiter, places = self._arbiters[rank], self._places(rank)
        question = canonical_bytes(question_json(self._conflicts[rank]))
        make_folder(places.path)
        write_new(places.question, question)
        own = {name: value for name, value in self._around.environment.items() if name not in _OF_OTHERS}
        command = Command(
            _arguments(arbiter),
            self._around.folder,
            {**own, _OWN: os.fsencode(places.question)},
            places.answer,
            places.stderr,
            arbiter.timeout,
            places.question,
        )
        if isinstance(arbiter.program, AgentPreset):
            return self._called(arbiter.program, command, question, places)
        return command

    def _called(self, preset: AgentPreset, command: Command, question: bytes, places: ArbiterFolder) -> Command:
        """Call an agent CLI with a prompt, in a folder of its own; it may write nothing. Raises StorageError."""
        from shardflow.agents.start import AgentTask  # most arbiters are programs
        from shardflow.execution.agents.arbiters import arbiter_prompt
        from shardflow.execution.agents.calling import called, working_folder

        project = self._around.folder
        write_new(places.prompt, os.fsencode(arbiter_prompt(question, preset.prompt, project)))
        task = AgentTask(working_folder(places.path), readable=tuple(dict.fromkeys((project, os.getcwd()))))
        command = replaced(command, cwd=task.folder, stdout=places.stdout, stdin=places.prompt)
        return called(preset, command, task, {})

    def started(self, rank: int, pid: int) -> None:
        """Hear that one runs."""

    def not_started(self, rank: int, error: Exception) -> None:
        """Tell of one that could not be started."""
        self._tell(rank, ending_text(NotStarted(reason_of(error))))
        self._reported(rank, 0.0, Judgement(None))

    def ended(self, rank: int, how: Exit) -> None:
        """Take down what it answered, or tell why that is nothing, and what it used either way."""
        judged, said = self._judged(rank, how)
        self._take(rank, how, judged, said)
        self._reported(rank, how.seconds, replaced(judged, warnings=(*left_running(how), *judged.warnings)))

    def _take(self, rank: int, how: Exit, judged: Judgement, said: str) -> None:
        ending = judged.ending
        try:
            self._keep(rank, judged, said)
            answer = self._answer(rank) if ending is None else ""
        except (InvalidInput, StorageError) as error:
            ending, answer = None, str(error)
        if isinstance(answer, Written):
            self.decided[rank] = answer
        elif ending is None:
            self._tell(rank, f"gave no answer that can be used: {answer}")
        elif how.cause is not Cause.RUN_STOPPED:
            self._tell(rank, ending_text(ending))

    def _judged(self, rank: int, how: Exit) -> tuple[Judgement, str]:
        """Judge one, with an ending only if it failed; and give the last message of an agent CLI."""
        arbiter, places = self._arbiters[rank], self._places(rank)
        ending = ending_of(how, arbiter.timeout)
        if not isinstance(arbiter.program, AgentPreset):
            return Judgement(ending), ""
        from shardflow.execution.agents.calling import verdict_of

        verdict = verdict_of(arbiter.program, ending, how.code, places.stdout, places.stderr)
        return Judgement(verdict.ending, verdict.warnings, verdict.usage), verdict.answer

    def _keep(self, rank: int, judged: Judgement, said: str) -> None:
        """Write down what an agent CLI used and answered; a program wrote its answer itself. Raises StorageError."""
        if not isinstance(self._arbiters[rank].program, AgentPreset):
            return
        from shardflow.execution.agents.arbiters import answer_in

        places = self._places(rank)
        if judged.usage is not None:
            write_new(places.usage, canonical_bytes(judged.usage.as_json()))
        if judged.ending is None:
            write_new(places.answer, answer_in(said))

    def _reported(self, rank: int, seconds: float, judged: Judgement) -> None:
        conflict, warnings, usage = self._conflicts[rank], judged.warnings, judged.usage
        name, folder = conflict_id(conflict), self._places(rank).path
        report = ArbiterReport(name, conflict.path, rank in self.decided, seconds, folder, warnings, usage)
        self._reports[rank] = report
        self._hear(report)

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
        written = read_answer(document, conflict, by_arbiter(conflict.rule.origin))
        fitting = matched(written, by_name([conflict]))
        return fitting if isinstance(fitting, str) else written

    def _tell(self, rank: int, what: str) -> None:
        places, path = self._places(rank), path_text(self._conflicts[rank].path)
        words = "".join(f"\n    | {line[:_LINE_WIDTH]}" for line in self._last_words(rank))
        self.problems[rank] = f"{path} stays in conflict: its arbiter {what}; see {places.path}{words}"

    def _last_words(self, rank: int) -> tuple[str, ...]:
        """Give what an agent CLI said in its last message, which a program says nowhere but in its log."""
        places = self._places(rank)
        is_agent = isinstance(self._arbiters[rank].program, AgentPreset)
        said = last_lines(places.answer, _LAST_LINES) if is_agent else ()
        return said or last_lines(places.stderr, _LAST_LINES)


def _arguments(arbiter: Arbiter) -> tuple[str, ...]:
    match arbiter.program:
        case ShellCommand(text):
            return shell_or_not(text)
        case ArgumentList(arguments):
            return arguments
        case AgentPreset():
            return ()  # what starts it is worked out where it is called
