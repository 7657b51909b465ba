"""Programs that answer what a script asks: commands for helpers, and the agent that `thinkHard` asks.

    scripts/01-all_tests_pass/    question.json (standard input), stdout.log, stderr.log
    scripts/02-thinkHard/         prompt.md, stdout.log, stderr.log

| helper | asks a command with `{helper, arguments, output_dir}` as JSON on its standard input, and takes |
| --- | --- |
| `all_tests_pass` | exit code 0 for true, 1 to 125 for false |
| `has_syntax_errors` | exit code 0 for false, 1 to 125 for true |
| `findAmbiguousRequirements`, `analyzeCoverage` | the one JSON value it prints, exit code 0 |
| `thinkHard` | what it prints, exit code 0; the prompt is its standard input. Of an agent CLI: its last message |

Whatever else a program does is an error in the script, which names the helper. They run in the folder the run was
started in, as process groups of their own, and are stopped with the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from shardflow.agents.start import AgentTask
from shardflow.errors import InvalidJson, StorageError
from shardflow.execution.agents.calling import called, verdict_of, working_folder
from shardflow.execution.groups.subagents.judging import ending_of, reason_of
from shardflow.execution.groups.subagents.workplace import arguments_of, encoded
from shardflow.execution.processes.child import Cause, Command, Exit
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.survivors import Survivor, stop_attended, with_environment
from shardflow.execution.reporting.endings import Cancelled, Ending, NotStarted, ending_text
from shardflow.execution.reporting.events import Event, PromptFinished
from shardflow.execution.reporting.report import last_lines
from shardflow.execution.scripts.helpers import THINKING
from shardflow.execution.scripts.host import HelperError
from shardflow.execution.secrets.guarding import masked_logs
from shardflow.execution.secrets.references import Secrets
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.storage.files import open_log, read_regular, write_new
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.folders import make_folder
from shardflow.workflow.agents.model import AgentEntry, HelperCommand
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.program import ArgumentList, Program, ShellCommand

THINKING_TIMEOUT: Final = 600.0
"""Seconds for one answer, unless the entry says otherwise."""

_SLOTS: Final = 4
"""Prompts that are asked at the same time."""
_LARGEST_ANSWER: Final = 16 << 20
_MOST_FALSE: Final = 125
"""Exit codes beyond it are a shell's own, or signals (POSIX, Shell Command Language, 2.8.2)."""
_LAST_LINES: Final = 3
_OWN: Final = "SHARDFLOW_QUESTION"
"""The variable by which such a program, and all that it starts, is known: the file of its question."""


@record
class Asked:
    """One question: who answers it, on what standard input, in a file of this name, for at most so many seconds.

    `entry` is that of an agent, whose variables it finds.
    """

    helper: str
    program: Program
    question: bytes
    file: str
    timeout: float
    entry: AgentEntry | None = None


@record
class Reply:
    """What came of a question: how its program exited (None: it was not started), how it failed, if so, its logs."""

    how: Exit | None
    ending: Ending | None
    stdout: str
    stderr: str


class ScriptPrograms:
    """Runs the programs that scripts of one run ask. `folder` is made when the first is asked.

    `project` is where they start; `environment` what they find, with those of the `secrets` that they name; `tell`
    hears what agent CLIs used; `grace` in seconds.
    """

    def __init__(
        self,
        folder: str,
        project: str,
        output_dir: str,
        environment: Mapping[bytes, bytes],
        secrets: Secrets,
        tell: Callable[[Event], None],
        grace: float,
        interrupts: Interrupts,
    ) -> None:
        self._folder = folder
        self._project = project
        self._output_dir = output_dir
        self._environment = environment
        self._secrets = secrets
        self._tell = tell
        self._grace = grace
        self._interrupts = interrupts

    def command(self, command: HelperCommand, name: str, arguments: list[Json]) -> Json:
        """Let a command answer for a helper. Raises HelperError."""
        question: dict[str, Json] = {"helper": name, "arguments": arguments, "output_dir": self._output_dir}
        data = written_bytes(question)
        (reply,) = self._run([Asked(name, command.program, data, "question.json", command.timeout)])
        return _told(name, reply)

    def think(self, entry: AgentEntry, prompts: Sequence[str]) -> Sequence[str | HelperError]:
        """Ask an agent all of these, a few at a time; give its answers in order, or why there is none."""
        timeout = entry.timeout or THINKING_TIMEOUT
        texts = [prompt.encode("utf-8", "replace") for prompt in prompts]
        asked = [Asked(THINKING, entry.program, text, "prompt.md", timeout, entry) for text in texts]
        return [self._answer(entry.program, reply) for reply in self._run(asked)]

    def _answer(self, program: Program, reply: Reply) -> str | HelperError:
        if isinstance(program, AgentPreset) and reply.how is not None:
            verdict = verdict_of(program, reply.ending, reply.how.code, reply.stdout, reply.stderr)
            self._tell(PromptFinished(os.path.dirname(reply.stdout), reply.how.seconds, verdict.usage))
            if verdict.ending is None:
                return verdict.answer
            if verdict.ending != reply.ending:
                return HelperError(f"the agent {ending_text(verdict.ending)}")
        return _printed(reply)

    def _run(self, asked: Sequence[Asked]) -> list[Reply]:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        first = len(os.listdir(self._folder)) + 1
        names = [f"{number:02}-{one.helper}" for number, one in enumerate(asked, first)]
        places = [os.path.join(self._folder, name) for name in names]
        logs = masked_logs(self._secrets)
        jobs = _Jobs(asked, places, partial(self._command, open_log if logs is None else logs.open))
        try:
            run_jobs(range(len(asked)), _SLOTS, self._grace, jobs, self._interrupts)
            strays = partial(_strays, places)
            if strays():
                stop_attended(strays, self._grace, self._interrupts)
        finally:
            if logs is not None:
                logs.close()
        return [jobs.reply(rank) for rank in range(len(asked))]

    def _command(self, log: Callable[[str], int], one: Asked, place: str) -> Command:
        make_folder(place)
        question = os.path.join(place, one.file)
        write_new(question, one.question)
        own = self._own(one.entry, question)
        stdout, stderr = f"{place}/stdout.log", f"{place}/stderr.log"
        arguments = _arguments(one.program)
        command = Command(
            arguments, self._project, {**self._environment, **own}, stdout, stderr, one.timeout, question, open_log=log
        )
        if not isinstance(one.program, AgentPreset):
            return command
        readable = tuple(dict.fromkeys((self._project, self._output_dir)))
        return called(one.program, command, AgentTask(working_folder(place), readable=readable), own)

    def _own(self, entry: AgentEntry | None, question: str) -> dict[bytes, bytes]:
        """Give what one program finds besides what all find. Raises StorageError where a secret cannot be used."""
        own = {"SHARDFLOW_OUTPUT_DIR": self._output_dir, _OWN: question}
        if entry is None:
            return encoded(own)
        return {**encoded(entry.environment), **self._secrets.environment(entry.secrets), **encoded(own)}


class _Jobs:
    """The asked programs as the pool runs them."""

    def __init__(self, asked: Sequence[Asked], places: Sequence[str], command: Callable[[Asked, str], Command]) -> None:
        self._asked = asked
        self._places = places
        self._command = command
        self._ended: dict[int, tuple[Exit | None, Ending | None]] = {}

    def reply(self, rank: int) -> Reply:
        how, ending = self._ended.get(rank, (None, Cancelled(started=False)))
        place = self._places[rank]
        return Reply(how, ending, f"{place}/stdout.log", f"{place}/stderr.log")

    def command(self, rank: int) -> Command:
        return self._command(self._asked[rank], self._places[rank])

    def started(self, rank: int, pid: int) -> None:
        pass

    def not_started(self, rank: int, error: Exception) -> None:
        self._ended[rank] = None, NotStarted(reason_of(error))

    def ended(self, rank: int, how: Exit) -> None:
        self._ended[rank] = how, ending_of(how, self._asked[rank].timeout)

    def is_lost(self) -> bool:
        return False

    def idle(self) -> None:
        pass

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        pass


def _arguments(program: Program) -> tuple[str, ...]:
    match program:
        case ShellCommand() | ArgumentList() | AgentPreset():
            return arguments_of(program)
        case _:
            raise StorageError("a Python function cannot answer a prompt; give run: or agent:")


def _strays(places: Sequence[str]) -> list[Survivor]:
    prefixes = [os.fsencode(f"{_OWN}={place}/") for place in places]
    return [survivor for prefix in prefixes for survivor in with_environment(prefix)]


def _told(name: str, reply: Reply) -> Json:
    how, is_test = reply.how, name in ("all_tests_pass", "has_syntax_errors")
    if is_test and how is not None and how.cause is Cause.ITS_OWN and 0 <= how.code <= _MOST_FALSE:
        return (how.code == 0) is (name == "all_tests_pass")
    if reply.ending is not None:
        raise _failed(reply.ending, reply)
    try:
        return parse_json(read_regular(reply.stdout, _LARGEST_ANSWER), "its command's answer")
    except (InvalidJson, StorageError) as error:
        raise HelperError(f"its command gave no answer that can be used: {error}") from None


def _printed(reply: Reply) -> str | HelperError:
    if reply.ending is not None:
        return _failed(reply.ending, reply)
    try:
        return read_regular(reply.stdout, _LARGEST_ANSWER).decode("utf-8", "replace").strip()
    except StorageError as error:
        return HelperError(str(error))


def _failed(ending: Ending, reply: Reply) -> HelperError:
    words = "".join(f" | {line}" for line in last_lines(reply.stderr, _LAST_LINES))
    return HelperError(f"its command {ending_text(ending)}{words}; see {os.path.dirname(reply.stderr)}")
