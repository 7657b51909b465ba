"""Deaths of the engine at every step at which it changes the file system, enumerated by the engine's own calls.

Production code knows nothing of this: in a process of its own, made to die, the few functions of `os` that change files
are wrapped. Undisturbed, the wrappers list the steps of a run; each step is a place to die: before it happens, or, of
a write, in the middle of it. A step is named by what it does to which file and how often that was done before, not by
time or by a number, so a name means the same although children end in another order.

    python -m tests.faults.dying FOLDER PART DEATHS-TWICE

prints what it found as one JSON object: dying once at every step, of which PART 0 and 1 are every other one; then, in
the resumed run, once more, as often as told, evenly spread over all pairs of steps.
"""

from __future__ import annotations

import json
import os
import posix
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shardflow.errors import NotARun
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.resumption.resume import ResumeRequest, resume_run
from shardflow.execution.run import run_workflow
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.history import History, read_history
from shardflow.storage.runs.records import read_run_record
from tests.execution.running import request

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
      - {id: idle, run: 'echo idle >> count'}
      - {id: c, run: 'echo c >> count; echo ''{"b": [1, 2], "c": null}'' > "$SHARDFLOW_SHARD"', shard: patch}
"""

CHANGES = ("open", "write", "pwrite", "fsync", "replace", "rename", "mkdir", "unlink", "fchmod", "ftruncate")
HALF = "half of "


class Steps:
    """Wraps what changes files; lists the steps, or dies at one of them."""

    def __init__(self, folder: Path, die_at: str | None) -> None:
        self.names: list[str] = []
        self._folder = f"{folder}/"
        self._die_at = die_at
        self._seen: Counter[str] = Counter()

    def wrap(self) -> None:
        for function in CHANGES:
            setattr(os, function, self._wrapped(function, getattr(posix, function)))

    def _wrapped(self, function: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(target: Any, *rest: Any, **named: Any) -> Any:
            name = self._name(function, target, rest)
            if name is not None:
                self.names.append(name)
                if name == self._die_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                if function == "write" and HALF + name == self._die_at:
                    real(target, bytes(rest[0])[: len(rest[0]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(target, *rest, **named)

        return step

    def _name(self, function: str, target: Any, rest: tuple[Any, ...]) -> str | None:
        """Name a step; None for what changes nothing, or nothing here."""
        if function == "open" and not rest[0] & os.O_CREAT:
            return None
        path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else os.path.abspath(target)
        if not path.startswith(self._folder):
            return None
        place = re.sub(r"\.shardflow-\w+\.tmp", "TEMPORARY", path.removeprefix(self._folder))
        self._seen[f"{function} {place}"] += 1
        return f"{function} {place}, {self._seen[f'{function} {place}']}"


class Place:
    """One run and what becomes of it; with `outside`, its context is a file that was there before."""

    def __init__(self, folder: Path, *, outside: bool) -> None:
        folder.mkdir()
        self.folder = folder
        self.outside = outside
        self.directory = RunDirectory(str(folder / "run"))
        (folder / "workflow.yaml").write_text(WORKFLOW)
        if outside:
            (folder / "outside.json").write_text('{"n": 1, "text": "\\u00e9"}')

    @property
    def context(self) -> bytes:
        path = self.folder / "outside.json" if self.outside else Path(self.directory.context)
        return path.read_bytes()

    @property
    def runs_of(self) -> Counter[str]:
        """Count how often each subagent was started."""
        count = self.folder / "count"
        return Counter(count.read_text().split() if count.exists() else ())

    def start(self, die_at: str | None = None) -> list[str] | None:
        """Run in a process of its own; the steps it took, or None if it died."""
        return self._apart(self._run, die_at)

    def resume(self, die_at: str | None = None) -> list[str] | None:
        return self._apart(self._resume, die_at)

    def _run(self) -> int:
        context = str(self.folder / "outside.json") if self.outside else None
        return run_workflow(request(str(self.folder), context=context), lambda event: None).exit_code

    def _resume(self) -> int:
        asked = request(str(self.folder))
        record = read_run_record(self.directory)
        resumed = ResumeRequest(self.directory, record, asked.workflow, asked.workflow_file, asked.workflow_bytes)
        return resume_run(resumed, lambda event: None).exit_code

    def _apart(self, work: Callable[[], int], die_at: str | None) -> list[str] | None:
        told = self.folder / "steps"
        child = os.fork()
        if child == 0:
            os.chdir(self.folder)
            steps = Steps(self.folder, die_at)
            steps.wrap()
            code = 70
            try:
                code = work()
            except NotARun:
                code = 2
            finally:
                told.write_text(json.dumps(steps.names))
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == -signal.SIGKILL:
            return None
        if code == 2:
            return []
        assert code == 0, f"exit code {code}"
        return list(json.loads(told.read_text()))


def places_to_die(steps: list[str]) -> Iterator[str]:
    """Give every step, and every write once more: cut in half."""
    for step in steps:
        yield step
        if step.startswith("write "):
            yield HALF + step


class Campaign:
    """Deaths in one folder, each in a run of its own, compared with the run that nobody disturbed."""

    def __init__(self, folder: Path, *, outside: bool) -> None:
        self._folder = folder
        self._outside = outside
        self._number = 0
        undisturbed = self.place()
        self.deaths = list(places_to_die(undisturbed.start() or []))
        self.expected = undisturbed.context
        self.survived = 0
        self.problems: list[str] = []

    def place(self) -> Place:
        self._number += 1
        return Place(self._folder / f"{'outside' if self._outside else 'own'}-{self._number}", outside=self._outside)

    def die(self, *deaths: str) -> list[str]:
        """Die at each of these in turn, then go on to the end; give the steps of the last start."""
        place = self.place()
        sealed: dict[str, str] = {}
        steps: list[str] | None = None
        for number, death in enumerate((*deaths, None)):
            before = place.runs_of
            steps = place.start(death) if number == 0 else place.resume(death)
            self.survived += death is not None and steps is not None
            self._check_nobody_ran_twice(deaths, before, place.runs_of, sealed)
            sealed = sealed_shards(place)
        if not os.path.exists(place.directory.record):
            assert not place.runs_of, f"{deaths}: subagents ran, and there is no run"
            return []
        self._check_the_end(deaths, place, sealed)
        return steps or []

    def _check_nobody_ran_twice(
        self, deaths: tuple[str, ...], before: Counter[str], after: Counter[str], sealed: dict[str, str]
    ) -> None:
        again = [name for name in sealed if after[name] != before[name]]
        if again:
            self.problems.append(f"{deaths}: sealed, and run again: {again}")

    def _check_the_end(self, deaths: tuple[str, ...], place: Place, sealed: dict[str, str]) -> None:
        if place.context != self.expected:
            self.problems.append(f"{deaths}: other bytes: {place.context!r}")
        if not repeat_merges(place.directory.path).is_same:
            self.problems.append(f"{deaths}: the merges cannot be repeated")
        if read_run_record(place.directory).status != "done":
            self.problems.append(f"{deaths}: the record does not say that it is done")
        if lost := set(sealed.values()) - shards(place):
            self.problems.append(f"{deaths}: shards lost: {lost}")


def sealed_shards(place: Place) -> dict[str, str]:
    """Give the SHA-256 of each shard that the journal says is sealed, by its subagent."""
    if not os.path.exists(place.directory.journal):
        return {}
    history: History = read_history(place.directory.journal)
    return {seal.subagent: seal.sha256 for seal in history.seals.values()}


def shards(place: Place) -> set[str]:
    return {sha256_hex(path.read_bytes()) for path in Path(place.directory.path).rglob("context-*.json")}


def main() -> None:
    folder, part, twice = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    died: set[str] = set()
    found: dict[str, Any] = {"deaths": 0, "deaths twice": 0, "survived": 0, "problems": []}
    for outside in (False, True):
        campaign = Campaign(folder, outside=outside)
        deaths = [death for death in campaign.deaths if death not in died]
        died.update(deaths)
        mine = deaths[part::2]
        pairs = [(first, second) for first in mine for second in places_to_die(campaign.die(first))]
        chosen = pairs[:: max(1, 2 * len(pairs) // twice)] if twice else []
        for pair in chosen:
            campaign.die(*pair)
        found["deaths"] += len(mine)
        found["deaths twice"] += len(chosen)
        found["survived"] += campaign.survived
        found["problems"] += campaign.problems
    print(json.dumps(found))


if __name__ == "__main__":
    main()
