"""The top of execution: one run of one workflow, from the request to the report."""

from __future__ import annotations

from dataclasses import dataclass

from shardflow.execution.events import Listener
from shardflow.execution.report import RunReport
from shardflow.workflow.model import DEFAULT_GRACE, Workflow


@dataclass(frozen=True, slots=True)
class RunRequest:
    """All that one run needs to know.

    workflow_file   where the workflow was read; its folder is the workflow's folder
    workflow_bytes  what was read there, copied into the run directory
    context         the canonical context file; None for `context.json` in the run directory
    rules           a rule file (relative to the current folder) or a shipped set's name; goes over every
                    `rules:` of the workflow and its phases
    max_parallel    goes over every `max_parallel:` of the workflow and its phases
    run_dir         a new or empty folder; None for a new one under `.shardflow/runs/` of the current folder
    grace           seconds between SIGTERM and SIGKILL when a subagent is stopped
    """

    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    context: str | None = None
    rules: str | None = None
    max_parallel: int | None = None
    run_dir: str | None = None
    grace: float = DEFAULT_GRACE


def run_workflow(request: RunRequest, listen: Listener) -> RunReport:
    """Run a workflow to its end and give the report; its `exit_code` is what the command line ends with.

    Raises only before anything was started: InvalidInput (context or rules that cannot be used), UsageError
    (a run directory that is not empty), ContextLocked, StorageError. Later failures are in the report.
    """
    raise NotImplementedError
