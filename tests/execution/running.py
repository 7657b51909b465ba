"""Runs for tests: a workflow written as YAML, run for real in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shardflow.execution.reporting.endings import Ending
from shardflow.execution.reporting.events import Event
from shardflow.execution.reporting.report import GroupReport, RunReport, SubagentReport
from shardflow.execution.request import RunRequest
from shardflow.execution.run import run_workflow
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.reading.workflow import read_workflow
from tests.execution.hearing import heard

ROOT = Path(__file__).parent.parent.parent

UNCOMPILED = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Environment of processes whose files are limited: Python keeps what it could write of a compiled module."""

DRIVER = """
import resource, sys
from tests.execution.running import request
from shardflow.execution.run import run_workflow

folder, grace, size_limit, *context = sys.argv[1:]
if size_limit != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size_limit), int(size_limit)))
report = run_workflow(request(folder, context=context[0] if context else None, grace=float(grace)), lambda event: None)
sys.exit(report.exit_code)
"""


def wait_for(file: str) -> str:
    """Give shell text that waits for a file to appear, and fails after twenty seconds or so without it."""
    return f"i=0; until [ -e {file} ]; do i=$((i+1)); [ $i -gt 2000 ] && exit 99; sleep 0.01; done"


def set_member(name: str, value: str) -> str:
    """Give shell text that writes an object with one member, a JSON text, into the shard."""
    return f"""printf '{{"{name}": {value}}}' > "$SHARDFLOW_SHARD" """


def edit(statement: str) -> str:
    """Give shell text that edits the shard in Python: `c` is its object, `me` the subagent's id. Needs a block text."""
    return (
        f'{sys.executable} -c \'import json, os; path = os.environ["SHARDFLOW_SHARD"]; c = json.load(open(path)); '
        f'me = os.environ["SHARDFLOW_ID"]; {statement}; json.dump(c, open(path, "w"))\''
    )


@dataclass(frozen=True)
class Workplace:
    """A folder with a workflow; `folder/run` becomes the run directory."""

    folder: Path

    @property
    def run_dir(self) -> Path:
        return self.folder / "run"

    @property
    def context(self) -> Any:
        return self.read("context.json")

    def read(self, name: str) -> Any:
        """Read a JSON file of the run directory."""
        return json.loads((self.run_dir / name).read_bytes())

    def text(self, name: str) -> str:
        """Read a file of the run directory; empty while it is not there."""
        path = self.run_dir / name
        return path.read_text() if path.exists() else ""

    def journal(self) -> list[dict[str, Any]]:
        """Read the journal."""
        return [json.loads(line) for line in (self.run_dir / "events.jsonl").read_text().splitlines()]

    def write(self, text: str) -> None:
        """Write the workflow."""
        (self.folder / "workflow.yaml").write_text(textwrap.dedent(text))

    def run(self, text: str, listen: Callable[[Event], None] = lambda event: None, **options: Any) -> RunReport:
        """Write the workflow and run it in this process."""
        self.write(text)
        return heard(run_workflow, request(str(self.folder), **options), listen)

    def start(self, text: str, *context: str, grace: float = 5.0, size_limit: int = 0) -> subprocess.Popen[bytes]:
        """Write the workflow and run it in a process of its own, which ends with the exit code of the run."""
        self.write(text)
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(self.folder), str(grace), str(size_limit), *context],
            env={**os.environ, "PYTHONPATH": str(ROOT), **UNCOMPILED},
            cwd=self.folder,
            stderr=subprocess.PIPE,
        )


def request(folder: str, **options: Any) -> RunRequest:
    """Make the request to run the workflow of a folder."""
    path = f"{folder}/workflow.yaml"
    data = Path(path).read_bytes()
    workflow = read_workflow(parse_yaml(data, path))
    return RunRequest(workflow, path, data, **{"run_dir": f"{folder}/run", **options})


def group(report: RunReport) -> GroupReport:
    """Give the one group of a run."""
    (only,) = report.groups
    return only


def subagent(report: RunReport, name: str) -> SubagentReport:
    """Give a subagent of a run by its id."""
    return next(subagent for subagent in report.subagents if subagent.id == name)


def endings(report: RunReport) -> dict[str, Ending]:
    """Give how each subagent of a run ended."""
    return {subagent.id: subagent.ending for subagent in report.subagents}


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that is dead but not yet reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
