"""What one resumed run is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardflow.model.records import record
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import RunRecord
from shardflow.workflow.model import DEFAULT_GRACE, Workflow

if TYPE_CHECKING:  # only runs of the dialect need it
    from shardflow.execution.staging.asking import Asker


@record
class ResumeRequest:
    """All that one resumed run needs to know.

    record          the run's record, which names the workflow file and how the run was started
    workflow_file   where the workflow stands now; it may have been edited, or moved with its folder
    rerun           subagents to run again though their shards are sealed: `ID`, or `PHASE/ID`
    from_phase      run this phase and all behind it again
    asker           who decides where a person must; None for nobody
    """

    directory: RunDirectory
    record: RunRecord
    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    rerun: tuple[str, ...] = ()
    from_phase: str | None = None
    asker: Asker | None = None
    grace: float = DEFAULT_GRACE
