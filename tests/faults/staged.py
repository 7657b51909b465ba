"""Deaths of the engine in a run of the dialect, with a script, a gap check that repeats its phase, and a checkpoint.

    python -m tests.faults.staged FOLDER EVERY

kills the engine at every EVERYth step at which it changes the file system, resumes the run, and prints what it found as
one JSON object. Nobody may be asked twice, no sealed subagent run twice, and but for its moments the context must be
the one of the run that nobody disturbs.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.execution.run import run_workflow
from shardflow.execution.staging.asking import ChosenOption, Question
from shardflow.execution.staging.preparing import StagingRequest
from shardflow.model.records import replaced
from shardflow.storage.runs.records import read_run_record
from tests.execution.running import request
from tests.faults.mortal import RESUME, START, Place, _told
from tests.faults.steps import death

WORKFLOW = """
name: staged
agents: {default: {run: 'echo "$SHARDFLOW_ID" >> count; echo out > "$SHARDFLOW_OUTPUT"'}}
phases:
  - id: look
    execution_mode: adaptive
    behavior: parallel
    subagents:
      always: [{type: a}]
      adaptive: {script: 'return [{type: "b", config: {chance: Math.random()}}]'}
    gap_check:
      script: |
        return context.phases.iteration_counts.look ? {status: "complete"}
          : {status: "incomplete", gaps: ["g"], action: "retry"};
    checkpoint: {approval_required: true}
  - {id: close, behavior: main-only, main_agent: {script: 'writeFile("end.md", "end")'}}
finalization: {template: '{{workflow.name}}', output: final.md}
"""


class StagedPlace(Place):
    """One run of the dialect, whose checkpoint somebody answers who counts how often."""

    @property
    def context_file(self) -> Path:
        """Give the canonical context."""
        return self.folder / ".temp/staged/context.json"

    @property
    def asked(self) -> int:
        """Count how often somebody was asked."""
        file = self.folder / "asked"
        return len(file.read_text().split()) if file.exists() else 0

    @property
    def answered(self) -> bool:
        """Tell whether the journal has what somebody decided."""
        journal = Path(self.directory.journal)
        return journal.exists() and b'"question": "checkpoint"' in journal.read_bytes()

    def told(self, event: str, behind: str = "") -> Counter[str]:
        """Count what the journal tells of subagents, behind the last event of another name if there is one."""
        journal = Path(self.directory.journal)
        lines = [json.loads(line) for line in _whole(journal.read_bytes())] if journal.exists() else []
        names = [line["event"] for line in lines]
        start = len(names) - names[::-1].index(behind) if behind in names else 0
        return Counter(line["subagent"] for line in lines[start:] if line["event"] == event)

    def shape(self) -> str:
        """Give the context without its moments, and without what chance decided."""
        text = (self.context or b"").decode()
        return re.sub(r'"20[0-9TZ:.-]+"', '"then"', text)

    def _run(self) -> tuple[int, tuple[str, ...]]:
        asked = request(str(self.folder))
        report = run_workflow(replaced(asked, staging=StagingRequest("staged", asker=self._ask)), lambda _event: None)
        return report.exit_code, _told(report)

    def _resume(self) -> tuple[int, tuple[str, ...]]:
        asked, record = request(str(self.folder)), read_run_record(self.directory)
        file, data = asked.workflow_file, asked.workflow_bytes
        report = resume_run(
            ResumeRequest(self.directory, record, asked.workflow, file, data, asker=self._ask), lambda _event: None
        )
        return report.exit_code, _told(report)

    def _ask(self, _question: Question, _stopped: Callable[[], bool]) -> ChosenOption:
        with (self.folder / "asked").open("a") as file:
            file.write("asked\n")
        return ChosenOption(0)


def _whole(journal: bytes) -> list[bytes]:
    """Give the lines of a journal that are not torn."""
    return [line for line in journal.split(b"\n") if line.endswith(b"}")]


def main() -> None:
    folder, every = Path(sys.argv[1]), int(sys.argv[2])
    whole = StagedPlace(folder / "whole", WORKFLOW)
    steps = whole.act(START).steps
    found: dict[str, Any] = {"deaths": 0, "problems": whole.problems_of_the_end(whole.context or b"", {})}
    for number, at in enumerate(steps[::every]):
        place = StagedPlace(folder / str(number), WORKFLOW)
        found["deaths"] += place.act(START, death(at)).died
        sealed, finished, answered = place.sealed(), place.told("subagent-finished"), place.answered
        acts = place.acts()
        ended = [place.act(next(acts, RESUME))]
        if ended[0].code:
            found["problems"].append(f"{at}: {ended}")
            continue
        problems = place.problems_of_the_end(place.context or b"", sealed)
        if place.shape() != whole.shape():
            problems.append(f"another context: {place.shape()}")
        if place.asked > 1 + (not answered):
            problems.append(f"asked {place.asked} times")
        started = place.told("subagent-started", behind="run-resumed")
        problems += [f"{name} ran {started[name]} times" for name in "ab" if started[name] != 2 - finished[name]]
        found["problems"] += [f"{at}: {problem}" for problem in problems]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
