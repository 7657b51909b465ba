"""Runs of the dialect for tests: a workflow in a folder of its own, run for real in this process, and resumed."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.events import Listener
from shardflow.execution.reporting.report import RunReport
from shardflow.execution.request import RunRequest
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.execution.run import run_workflow
from shardflow.execution.staging.asking import Asker, nobody, written_answers
from shardflow.execution.staging.preparing import StagingRequest
from shardflow.model.documents import Document
from shardflow.model.values import Json
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import read_run_record
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.dialect.answers import read_answers
from shardflow.workflow.model import Workflow
from shardflow.workflow.reading.workflow import read_workflow
from tests.execution.hearing import heard

WRITER = (
    """'printf "# of %s\\n" "$SHARDFLOW_ID" > "$SHARDFLOW_OUTPUT"; echo $SHARDFLOW_ID >> "$SHARDFLOW_OUTPUT_DIR/ran"'"""
)
"""An agent that writes its output, and says in a file that it ran."""


class FeaturePlace:
    """The current folder of the test, with a workflow for the feature `shop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / ".temp/shop"
        self.file = "w.yaml"
        self.runs = 0

    @property
    def run_dir(self) -> Path:
        """Give the run directory of the last run."""
        return self.folder / f"run-{self.runs}"

    @property
    def context(self) -> Any:
        """Give the canonical context."""
        return json.loads((self.output / "context.json").read_bytes())

    @property
    def ran(self) -> list[str]:
        """List what says that it ran, in order."""
        file = self.output / "ran"
        return file.read_text().split() if file.exists() else []

    @property
    def journal(self) -> list[dict[str, Any]]:
        """Read the journal of the last run."""
        return [json.loads(line) for line in (self.run_dir / "events.jsonl").read_text().splitlines()]

    def run(
        self,
        text: str,
        answers: Json = None,
        flags: tuple[str, ...] = (),
        listen: Listener = lambda _event: None,
    ) -> RunReport:
        """Write the workflow and run it; `answers` are those of an answers file."""
        self.runs += 1
        self.write(text)
        data = (self.folder / self.file).read_bytes()
        workflow = read_workflow(parse_yaml(data, self.file))
        staging = StagingRequest("shop", flags, asker=asker(answers, workflow))
        request = RunRequest(workflow, self.file, data, run_dir=str(self.run_dir), staging=staging)
        return self.checked(heard(run_workflow, request, listen))

    def resume(self, answers: Json = None, **options: Any) -> RunReport:
        """Resume the last run."""
        directory = RunDirectory(str(self.run_dir))
        record = read_run_record(directory)
        file = record.settings.workflow_file
        data = Path(file).read_bytes()
        workflow = read_workflow(parse_yaml(data, file))
        request = ResumeRequest(directory, record, workflow, file, data, asker=asker(answers, workflow), **options)
        return self.checked(heard(resume_run, request))

    def write(self, text: str) -> None:
        """Write the workflow; one agent runs all types unless it says otherwise."""
        text = textwrap.dedent(text).strip() + "\n"
        if not re.search("^agents:", text, re.MULTILINE):
            text = f"agents: {{default: {{run: {WRITER}}}}}\n{text}"
        (self.folder / self.file).write_text(text)

    def checked(self, report: RunReport) -> RunReport:
        """Find that all merges of the run can be repeated."""
        assert repeat_merges(str(self.run_dir)).is_same
        return report


def asker(answers: Json, workflow: Workflow) -> Asker:
    """Give one who answers as it is written, and otherwise not at all."""
    if answers is None:
        return nobody
    document = Document("answers.yaml", answers)
    questions = {phase.id: phase.staging.questions for phase in workflow.phases}
    return written_answers(read_answers(document, questions), nobody)


def problems(report: RunReport) -> list[str]:
    """List what failed in phases."""
    return [problem for phase in report.phases for problem in phase.problems]


def without(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leave members out of an entry."""
    return {name: value for name, value in entry.items() if name not in names}
