"""Runs that are struck: a workflow in a folder, its acts in processes of their own, and what became of it."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from pathlib import Path

from shardflow.errors import NotARun, ShardflowError, UsageError
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.inspection.resolving import open_merge, resolve
from shardflow.execution.reporting.endings import ending_text
from shardflow.execution.reporting.report import RunReport
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.execution.run import run_workflow
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeShard
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.history import SealedAnswer, read_history
from shardflow.storage.runs.records import read_run_record
from tests.execution.running import request
from tests.faults.disk import written_by_others
from tests.faults.paces import Pace
from tests.faults.steps import Steps, Strike, with_halves

WORKFLOW = """
name: mortal
context: {n: 1}
phases:
  - id: look
    behavior: parallel
    subagents:
      - {id: a, run: 'echo a >> count; echo ''{"n": 1, "a": 1}'' > "$SHARDFLOW_SHARD"'}
      - {id: b, run: 'echo b >> count; echo ''{"b": [1]}'' > "$SHARDFLOW_SHARD"', shard: patch}
  - id: steps
    behavior: sequential
    subagents:
      - id: idle
        run: 'echo idle >> count; [ -e tried ] || { touch tried; exit 75; }'
        retry: {max: 1, backoff: 0.01, on: [75]}
      - {id: c, run: 'echo c >> count; echo ''{"b": [1, 2], "c": null}'' > "$SHARDFLOW_SHARD"', shard: patch}
"""

DISPUTED = """
name: disputed
context: {n: 1, log: []}
rules: {rules: [{path: $.seen, strategy: sum}]}
phases:
  - id: look
    behavior: parallel
    max_parallel: 2
    subagents:
      - {id: a, run: 'echo a >> count; echo ''{"n": 2, "seen": 1}'' > "$SHARDFLOW_SHARD"', shard: patch}
      - {id: b, run: 'echo b >> count; echo ''{"n": 3, "seen": 2}'' > "$SHARDFLOW_SHARD"', shard: patch}
      - {id: c, run: 'echo c >> count; echo ''{"log": ["c"]}'' > "$SHARDFLOW_SHARD"', shard: patch}
  - id: check
    behavior: parallel
    subagents:
      - {id: d, run: 'echo d >> count; echo ''{"d": null, "e": {"d": 1}}'' > "$SHARDFLOW_SHARD"', shard: patch}
      - {id: e, run: 'echo e >> count; echo ''{"e": {"e": 2.50}}'' > "$SHARDFLOW_SHARD"', shard: patch}
  - {id: close, behavior: main-only, run: 'echo close >> count; echo ''{"n": 4}'' > "$SHARDFLOW_SHARD"', shard: patch}
"""
"""Two shards set `n`: the run stops in conflict, is decided about, and goes on."""

SINGLE = """
name: single
context: {n: 1}
phases:
  - {id: only, behavior: main-only, run: 'echo only >> count; echo ''{"a": 1}'' > "$SHARDFLOW_SHARD"', shard: patch}
"""
"""As little as a run can be, for what happens at its ends."""

ARBITRATED = """
name: arbitrated
context: {n: 1, asked: {k: 1, m: 1, r: 1}}
rules:
  rules:
    - path: $.asked.r
      strategy:
        arbiter: |
          [ -e tried ] || { touch tried; exit 1; }
          echo ${SHARDFLOW_CONFLICT##*/groups/} >> count; echo '{"take": "base"}'
    - path: $.asked.*
      strategy:
        arbiter: |
          echo ${SHARDFLOW_CONFLICT##*/groups/} >> count
          echo "{\\"take\\": {\\"value\\": \\"$(grep -v origin | cksum)\\"}}"
phases:
  - id: look
    behavior: parallel
    subagents:
      - {id: a, run: 'echo a >> count; echo ''{"asked": {"k": 2, "m": 2, "r": 2}}'' > "$SHARDFLOW_SHARD"', shard: patch}
      - {id: c, run: 'echo c >> count; echo ''{"asked": {"k": 3, "m": 3, "r": 3}}'' > "$SHARDFLOW_SHARD"', shard: patch}
  - id: check
    behavior: parallel
    subagents:
      - {id: d, run: 'echo d >> count; echo ''{"n": 2, "asked": {"m": 4}}'' > "$SHARDFLOW_SHARD"', shard: patch}
      - {id: b, run: 'echo b >> count; echo ''{"n": 3, "asked": {"m": 5}}'' > "$SHARDFLOW_SHARD"', shard: patch}
"""
"""Arbiters answer with a checksum of their question, so that the answer to another one would be seen.

The one about `r` gives none at first: the run stops in conflict and is resumed, which merges the first group anew with
what was answered in the start before. In the second group a person decides about `n`.
"""

WORKFLOWS = {"plain": WORKFLOW, "disputed": DISPUTED, "single": SINGLE, "arbitrated": ARBITRATED}

START, RESOLVE, RESUME = "start", "resolve", "resume"
DEAD = -signal.SIGKILL
NO_RUN = 2
CONFLICT = 3
_MOST_ACTS = 6
_NUMBERS = count()
World = Callable[[], None]


class Context(Enum):
    """Which file the canonical context of a run is."""

    OWN = auto()
    """One of the run directory."""
    FOUND = auto()
    """One outside that was there before, so that the run starts from it."""
    CREATED = auto()
    """One outside that the first merge creates."""


@dataclass(frozen=True)
class Outcome:
    """How a process that ran or resumed ended: its exit code, its steps, and what it raised that it should not."""

    code: int
    steps: tuple[str, ...] = ()
    raised: str = ""
    problems: tuple[str, ...] = ()

    @property
    def died(self) -> bool:
        return self.code == DEAD


class Place:
    """One run and what becomes of it.

    A run takes one act or more: it is started, what it left in conflict is decided about, it is resumed. `make_world`
    is called in the process of each.
    """

    def __init__(
        self, folder: Path, workflow: str, context: Context = Context.OWN, make_world: World = Pace.LATE.set
    ) -> None:
        folder.mkdir()
        self._make_world = make_world
        self.folder = folder
        self._outside = None if context is Context.OWN else folder / "outside.json"
        self.directory = RunDirectory(str(folder / "run"))
        (folder / "workflow.yaml").write_text(workflow)
        if context is Context.FOUND:
            (folder / "outside.json").write_text('{"n": 1, "text": "\\u00e9"}')

    @property
    def context_file(self) -> Path:
        return self._outside or Path(self.directory.context)

    @property
    def context(self) -> bytes | None:
        return self.context_file.read_bytes() if self.context_file.exists() else None

    @property
    def runs_of(self) -> Counter[str]:
        """Count how often each subagent was started, and each arbiter asked."""
        count = self.folder / "count"
        return Counter(count.read_text().split() if count.exists() else ())

    def acts(self) -> Iterator[str]:
        """Give the acts that are left until the run is done, as they become known; none where there is no run."""
        if self._status() is None:
            yield START
        for _ in range(_MOST_ACTS):
            match self._status():
                case None | "done":
                    return
                case "conflict" if self._is_open():
                    yield RESOLVE
                case _:
                    yield RESUME
        raise AssertionError(f"{self.folder} does not come to an end")

    def _status(self) -> str | None:
        """Give the status that the run's record tells; None where there is none, so that there is no run."""
        try:
            return read_run_record(self.directory).status
        except NotARun:
            return None

    def act(self, what: str, strike: Strike | None = None, tell: Callable[[], object] = lambda: None) -> Outcome:
        """Do it in a process of its own, struck; in the end that process calls `tell`."""
        return self._apart({START: self._run, RESOLVE: self._decide, RESUME: self._resume}[what], strike, tell)

    def finish(self) -> list[tuple[str, Outcome]]:
        """Go on undisturbed, once at least, to the end or to what cannot go on; what was done, and how that ended."""
        done: list[tuple[str, Outcome]] = []
        if self._status() is None:
            return done
        acts = self.acts()
        what = next(acts, RESUME)
        while what:
            done.append((what, self.act(what)))
            what = next(acts, "") if done[-1][1].code in (0, CONFLICT) else ""
        return done

    def problems_of_the_end(self, expected: bytes, sealed: dict[str, str]) -> list[str]:
        """Say what is wrong with a run that shall be done: its bytes, record and merges, or what was sealed in it."""
        problems: list[str] = []
        if self.context != expected:
            problems.append(f"other bytes: {self.context!r}")
        if not repeat_merges(self.directory.path).is_same:
            problems.append("the merges cannot be repeated")
        if read_run_record(self.directory).status != "done":
            problems.append("the record does not say that it is done")
        if lost := set(sealed.values()) - self._kept():
            problems.append(f"shards or answers lost: {lost}")
        return problems

    def sealed(self) -> dict[str, str]:
        """Give the SHA-256 of all that the journal says is sealed: shards by subagent, answers by their question."""
        if not os.path.exists(self.directory.journal):
            return {}
        history = read_history(self.directory.journal)
        shards = {seal.subagent: seal.sha256 for seal in history.seals.values()}
        return shards | {self._question(seal): seal.sha256 for seal in history.arbitrated.values()}

    def _question(self, seal: SealedAnswer) -> str:
        question = self.directory.group(seal.group).arbiter(seal.conflict).question
        return os.path.relpath(question, self.directory.groups)

    def _kept(self) -> set[str]:
        return {sha256_hex(path.read_bytes()) for path in written_by_others(Path(self.directory.path))}

    def _run(self) -> tuple[int, tuple[str, ...]]:
        context = None if self._outside is None else str(self._outside)
        report = run_workflow(request(str(self.folder), context=context), lambda event: None)
        return report.exit_code, _told(report)

    def _is_open(self) -> bool:
        """Whether a person has something to decide, and no arbiter who gave no answer can be asked again.

        Deciding may have come as far as the group's record when it died.
        """
        try:
            conflicts = open_merge(self.directory.path).conflicts
        except (UsageError, NotARun):
            return False
        return all(conflict.arbiter is None for conflict in conflicts)

    def _decide(self) -> tuple[int, tuple[str, ...]]:
        left = resolve(open_merge(self.directory.path), [Written("$.n", TakeShard("b"), "", "a test")])
        return (CONFLICT if left.folded.result.conflicts else 0), ()

    def _resume(self) -> tuple[int, tuple[str, ...]]:
        asked = request(str(self.folder))
        record = read_run_record(self.directory)
        resumed = ResumeRequest(self.directory, record, asked.workflow, asked.workflow_file, asked.workflow_bytes)
        report = resume_run(resumed, lambda event: None)
        return report.exit_code, _told(report)

    def _apart(
        self, work: Callable[[], tuple[int, tuple[str, ...]]], strike: Strike | None, tell: Callable[[], object]
    ) -> Outcome:
        told = self.folder / "told"
        told.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            os.chdir(self.folder)
            self._make_world()
            steps = Steps(Path(self.directory.path).parent, *([strike] if strike else []))
            steps.wrap()
            code, raised = 70, ""
            problems: tuple[str, ...] = ()
            try:
                code, problems = work()
            except NotARun:
                code = NO_RUN
            except ShardflowError as error:
                code, problems = error.exit_code, (str(error),)
            except BaseException:
                raised = traceback.format_exc()
            finally:
                with open("told", "w") as file:
                    json.dump([steps.names, raised, problems], file)
                tell()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not told.exists():
            return Outcome(code)
        names, raised, problems = json.loads(told.read_text())
        return Outcome(code, tuple(names), raised, tuple(problems))


def _told(report: RunReport) -> tuple[str, ...]:
    """Give everything that a run tells of what went wrong."""
    failed = [f"{subagent.id} {ending_text(subagent.ending)}" for group in report.groups for subagent in group.failed]
    return (*report.problems, *(text for group in report.groups for text in group.problems), *failed)


class Journeys:
    """Runs of one workflow, each in a folder of its own, compared with the one that nobody disturbed.

    `acts` are what that one took: each with its steps, every write once more as cut in half. `contexts` are all that
    its canonical context ever held.
    """

    def __init__(
        self, folder: Path, name: str, context: Context = Context.OWN, make_world: World = Pace.LATE.set
    ) -> None:
        self.context = context
        self._workflow = WORKFLOWS[name]
        self._make_world = make_world
        self._places = (folder / f"{name}-{number}" for number in _NUMBERS)
        place = self.place()
        first = place.context
        done = [(what, place.act(what)) for what in place.acts()]
        self.acts = [(what, list(with_halves(list(ended.steps)))) for what, ended in done]
        self.expected = place.context or b""
        self.contexts = {first, *map(Path.read_bytes, Path(place.directory.path).rglob("groups/*/*.json"))}
        assert not place.problems_of_the_end(self.expected, {}), "the run that nobody disturbs does not end well"

    def place(self) -> Place:
        """Give a new place."""
        return Place(next(self._places), self._workflow, self.context, self._make_world)

    def before(self, number: int) -> Place:
        """Give a new place in which all acts before the one of this number are done."""
        place = self.place()
        for what, _ in self.acts[:number]:
            place.act(what)
        return place
