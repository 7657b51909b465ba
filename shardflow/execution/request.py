"""What one run is asked for, and what is laid out for it before anything starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardflow.execution.folding.base import Base
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.groups.inputs import Earlier
from shardflow.execution.schedule import ScheduledPhase
from shardflow.execution.secrets.references import NO_SECRETS, Secrets
from shardflow.model.records import record
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.history import Asked
from shardflow.storage.runs.records import RunRecord
from shardflow.workflow.model import DEFAULT_GRACE, Workflow

if TYPE_CHECKING:  # only workflows of the dialect need it
    from shardflow.execution.staging.preparing import StagingRequest
    from shardflow.execution.staging.staged_run import Staging


@record
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
    staging         what else a run of the dialect needs to know; None for a native one
    reuse           use sealed shards of other runs in the run directory's folder that have the same content
    """

    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    context: str | None = None
    rules: str | None = None
    max_parallel: int | None = None
    run_dir: str | None = None
    grace: float = DEFAULT_GRACE
    staging: StagingRequest | None = None
    reuse: bool = False


@record
class Layout:
    """What is checked and made before anything starts. `copy` is where the context is copied to in the end.

    For a resumed run `start` counts its starts, `earlier` is what those before left, and `again` names subagents, each
    by its phase and id, whose sealed shards shall not be used again. `notes` tell what was found of those starts.
    """

    schedule: tuple[ScheduledPhase, ...]
    base: Base
    context: CanonicalContext
    copy: str | None
    directory: RunDirectory
    record: RunRecord
    start: int = 1
    again: tuple[Asked, ...] = ()
    earlier: Earlier | None = None
    notes: tuple[str, ...] = ()
    secrets: Secrets = NO_SECRETS
    staging: Staging | None = None


def context_path(request: RunRequest, staging: Staging | None) -> str | None:
    """Give the canonical context's file (absolute); None for the run directory's own."""
    if request.context is not None:
        return os.path.abspath(request.context)
    return staging.folder.context if staging is not None else None
