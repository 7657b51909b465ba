"""Where a run of the dialect parts from a native one, which loads nothing of what is behind these functions."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput
from shardflow.model.records import replaced

if TYPE_CHECKING:
    from shardflow.execution.folding.base import Base
    from shardflow.execution.processes.interrupts import Interrupts
    from shardflow.execution.reporting.events import Event
    from shardflow.execution.request import Layout, RunRequest
    from shardflow.execution.scripts.programs import ScriptPrograms
    from shardflow.execution.staging.staged_run import StagedRun, Staging
    from shardflow.workflow.model import Workflow


def staged(
    request: RunRequest, held: ExitStack, stopped: Callable[[], bool] = lambda: False
) -> tuple[RunRequest, Staging | None]:
    """Prepare a run of the dialect: its workflow with all that is left to agents and to the dialect filled in.

    What it starts for that ends with what is `held`. Raises InvalidInput with all that is wrong, UsageError,
    StorageError, or NodeUnusable where it has scripts.
    """
    if request.staging is None and not request.workflow.keeps_books:
        return request, None
    from shardflow.execution.staging.preparing import StagingRequest, prepare

    file, data, asked = request.workflow_file, request.workflow_bytes, request.staging or StagingRequest()
    try:
        staging, workflow = prepare(asked, request.workflow, file, data, held, stopped)
    except InvalidInput:
        from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

        refuse_all(data, file, asked.agents_file)
        raise
    return replaced(request, workflow=workflow), staging


def opened(base: Base, workflow: Workflow, staging: Staging, started: str, source: str) -> Base:
    """Open the books of the dialect in what a run starts from. Raises InvalidWorkflow."""
    from shardflow.execution.staging.preparing import opened_base

    return opened_base(base, workflow, staging, started, source)


def staged_run(
    request: RunRequest, layout: Layout, tell: Callable[[Event], None], interrupts: Interrupts
) -> StagedRun | None:
    """Give what the phases of a run of the dialect share; None for a native one."""
    if layout.staging is None:
        return None
    from shardflow.execution.staging.staged_run import StagedRun

    most = layout.record.settings.max_parallel
    stopped: Callable[[], bool] = lambda: bool(interrupts.count)  # noqa: E731
    programs = partial(_programs, request, layout, layout.staging, tell, interrupts)
    return StagedRun(layout.staging, request.workflow, most, tell, stopped, programs)


def _programs(
    request: RunRequest, layout: Layout, staging: Staging, tell: Callable[[Event], None], interrupts: Interrupts
) -> ScriptPrograms:
    from shardflow.execution.scripts.programs import ScriptPrograms

    environment = {
        **layout.secrets.left_of(os.environb),
        b"SHARDFLOW_RUN_DIR": os.fsencode(layout.directory.path),
        b"SHARDFLOW_WORKFLOW_DIR": os.fsencode(os.path.dirname(os.path.abspath(request.workflow_file))),
    }
    project, output_dir = staging.settings.project, staging.folder.path
    folder = layout.directory.scripts
    return ScriptPrograms(folder, project, output_dir, environment, layout.secrets, tell, request.grace, interrupts)
