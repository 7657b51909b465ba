"""Arbiters: programs and agent CLIs that decide what rules of a group leave to them, asked when its shards are merged.

    conflict as JSON -> standard input -> program -> standard output -> resolution, or a problem that is told
    the same in a prompt -> standard input -> agent CLI -> last message -> the same

Law: an arbiter learns of the context by its standard input alone, and what it answers is a resolution like a person's.
Whatever else it does leaves the conflict. What one answered before its run was stopped is not asked for again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from shardflow.errors import InvalidInput, InvalidRules, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.groups.inputs import Earlier, Group
from shardflow.execution.groups.subagents.judging import Judgement, ending_of, left_running, reason_of
from shardflow.execution.groups.subagents.workplace import Surroundings, arguments_of
from shardflow.execution.processes.child import Cause, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.survivors import Survivor, named, stop_attended, with_environment
from shardflow.execution.reporting.endings import NotStarted, ending_text
from shardflow.execution.reporting.events import ArbiterFinished, ArbiterStarted, Event, Stopping
from shardflow.execution.reporting.report import ArbiterReport, Sealed, last_lines
from shardflow.merge.resolving.conflicts import conflict_id, question_json
from shardflow.merge.resolving.documents import Written, by_arbiter, by_name, matched, read_answer
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Document
from shardflow.model.fields import read_document
from shardflow.model.paths import path_text
from shardflow.model.records import replaced
from shardflow.storage.files import read_regular, sha256_hex, sync_folder, write_new
from shardflow.storage.json.canonical import record_bytes
from shardflow.storage.json.strict import parse_record
from shardflow.storage.runs.directory import ArbiterFolder
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.folders import make_folder, move_folder
from shardflow.workflow.agents.arbiters import read_arbiter
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.content import arbitration_content

_LAST_LINES = 5
_LINE_WIDTH = 200
_OWN = b"SHARDFLOW_CONFLICT"
"""The variable by which an arbiter, and all that it starts, is known: the file of its question."""
_OF_OTHERS = frozenset({b"CONTEXT_FILE", b"SHARDFLOW_ID", b"SHARDFLOW_SHARD"})
"""What a subagent that runs shardflow itself would hand on to an arbiter, which has no shard."""


class Arbitration:
    """Asks arbiters for the pool and collects, by rank, what they `decided` and the `problems` with them.

    `conflicts` are those that rules leave to an arbiter, in the order of the ledger.
    """

    def __init__(
        self,
        conflicts: Sequence[Conflict],
        group: Group,
        around: Surroundings,
        tell: Callable[[Event], None],
        durable: BackgroundSync,
        earlier: Earlier | None,
    ) -> None:
        self.decided: dict[int, Written] = {}
        self.problems: dict[int, str] = {}
        self._reports: dict[int, ArbiterReport] = {}
        self._conflicts = conflicts
        self._arbiters = [read_document(Document("", one.arbiter), read_arbiter, InvalidRules) for one in conflicts]
        self._questions = [record_bytes(question_json(one)) for one in conflicts]
        self._group = group
        self._around = around
        self._tell = tell
        self._durable = durable
        self._earlier = earlier

    def ask(self, grace: float, interrupts: Interrupts) -> None:
        """Ask all that have not answered in an earlier start. Raises StorageError."""
        make_folder(self._group.folder.arbiters)
        asked = [rank for rank in range(len(self._conflicts)) if not self._is_kept(rank)]
        run_jobs(asked, self._group.slots, grace, self, interrupts)
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
        make_folder(places.path)
        write_new(places.question, self._questions[rank])
        own = {name: value for name, value in self._around.environment.items() if name not in _OF_OTHERS}
        command = Command(
            arguments_of(arbiter.program),
            self._around.folder,
            {**own, _OWN: os.fsencode(places.question)},
            places.answer,
            places.stderr,
            arbiter.timeout,
            places.question,
        )
        if isinstance(arbiter.program, AgentPreset):
            return self._called(rank, arbiter.program, command)
        return command

    def _called(self, rank: int, preset: AgentPreset, command: Command) -> Command:
        """Call an agent CLI with a prompt, in a folder of its own; it may write nothing. Raises StorageError."""
        from shardflow.agents.start import AgentTask  # most arbiters are programs
        from shardflow.execution.agents.arbiters import arbiter_prompt
        from shardflow.execution.agents.calling import called, working_folder

        project, places = self._around.folder, self._places(rank)
        write_new(places.prompt, os.fsencode(arbiter_prompt(self._questions[rank], preset.prompt, project)))
        task = AgentTask(working_folder(places.path), readable=tuple(dict.fromkeys((project, os.getcwd()))))
        command = replaced(command, cwd=task.folder, stdout=places.stdout, stdin=places.prompt)
        return called(preset, command, task, {})

    def started(self, rank: int, pid: int) -> None:
        """Tell that one is asked."""
        group, conflict = self._group, self._conflicts[rank]
        self._tell(ArbiterStarted(group.phase, group.name, conflict_id(conflict), conflict.path, pid))

    def not_started(self, rank: int, error: Exception) -> None:
        """Tell of one that could not be started."""
        self._blame(rank, ending_text(NotStarted(reason_of(error))))
        self._report(rank, None, 0.0, Judgement(None))

    def ended(self, rank: int, how: Exit) -> None:
        """Take down what it answered, or tell why that is nothing, and what it used either way."""
        judged, said = self._judged(rank, how)
        sealed = self._taken(rank, how, judged, said)
        self._report(rank, sealed, how.seconds, replaced(judged, warnings=(*left_running(how), *judged.warnings)))

    def _taken(self, rank: int, how: Exit, judged: Judgement, said: str) -> Sealed | None:
        """Take down what one that ended has decided, or else why it has not."""
        ending = judged.ending
        try:
            self._keep(rank, judged, said)
            answer = self._answer(rank, self._places(rank)) if ending is None else ""
        except StorageError as error:
            ending, answer = None, str(error)
        if isinstance(answer, Sealed):
            return answer
        if ending is None:
            self._blame(rank, f"gave no answer that can be used: {answer}")
        elif how.cause is not Cause.RUN_STOPPED:
            self._blame(rank, ending_text(ending))
        return None

    def _is_kept(self, rank: int) -> bool:
        """Take back what was answered to the same question in an earlier start of the run. Raises StorageError."""
        kept = None if self._earlier is None else self._earlier.arbitrated(self._content(rank))
        if kept is None:
            return False
        sealed = self._answer(rank, kept.places)
        if not isinstance(sealed, Sealed):
            return False  # an earlier version of this software read answers otherwise
        group = self._group.folder
        for above in (os.path.dirname(group.path), group.path):
            sync_folder(above)  # a power cut must leave a way to where the only copy of an answer is moved
        move_folder(kept.places.path, self._places(rank).path)
        self._report(rank, sealed, kept.seconds, Judgement(None), kept=True)
        return True

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
            write_new(places.usage, record_bytes(judged.usage.as_json()))
        if judged.ending is None:
            write_new(places.answer, answer_in(said))

    def _report(self, rank: int, sealed: Sealed | None, seconds: float, judged: Judgement, kept: bool = False) -> None:
        group, conflict, places = self._group, self._conflicts[rank], self._places(rank)
        report = self._reports[rank] = ArbiterReport(
            conflict=conflict_id(conflict),
            path=conflict.path,
            sealed=sealed,
            seconds=seconds,
            folder=places.path,
            warnings=judged.warnings,
            usage=judged.usage,
            kept=kept,
        )
        if sealed is not None:
            self._durable.add(places.answer)  # before its line, which must not be on the disk alone
        self._tell(ArbiterFinished(group.phase, group.name, report))
        if sealed is not None:
            self._durable.add_lines()

    def idle(self) -> None:
        """Have nothing to do meanwhile."""

    def is_lost(self) -> bool:
        """Let all be asked, whatever one of them does."""
        return False

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        """Tell that arbiters are stopped."""
        self._tell(Stopping(signal, (), grace, tuple(conflict_id(self._conflicts[rank]) for rank in ranks)))

    def _strays(self) -> list[Survivor]:
        return list(with_environment(_OWN + b"=" + os.fsencode(self._group.folder.arbiters) + b"/"))

    def _places(self, rank: int) -> ArbiterFolder:
        return self._group.folder.arbiter(conflict_id(self._conflicts[rank]))

    def _content(self, rank: int) -> str:
        """Give the digest of all that an answer depends on."""
        group, asked = self._group, sha256_hex(self._questions[rank])
        return sha256_hex(arbitration_content(group.phase, group.iteration, self._conflicts[rank].arbiter, asked))

    def _answer(self, rank: int, places: ArbiterFolder) -> Sealed | str:
        """Read what one answered and take it as decided; or say why it cannot be used. Raises StorageError."""
        conflict, source = self._conflicts[rank], places.answer
        try:
            data = read_regular(source, SIZE_LIMIT)
            answer, by = Document(source, parse_record(data, source)), by_arbiter(conflict.rule.origin)
            written = read_answer(answer, conflict, by)
        except InvalidInput as error:
            return str(error)
        fitting = matched(written, by_name([conflict]))
        if isinstance(fitting, str):
            return fitting
        self.decided[rank] = written
        return Sealed(self._content(rank), sha256_hex(data), self._group.base.digest)

    def _blame(self, rank: int, what: str) -> None:
        places, path = self._places(rank), path_text(self._conflicts[rank].path)
        words = "".join(f"\n    | {line[:_LINE_WIDTH]}" for line in self._last_words(rank))
        self.problems[rank] = f"{path} stays in conflict: its arbiter {what}; see {places.path}{words}"

    def _last_words(self, rank: int) -> tuple[str, ...]:
        """Give what an agent CLI said in its last message, which a program says nowhere but in its log."""
        places = self._places(rank)
        is_agent = isinstance(self._arbiters[rank].program, AgentPreset)
        said = last_lines(places.answer, _LAST_LINES) if is_agent else ()
        return said or last_lines(places.stderr, _LAST_LINES)
