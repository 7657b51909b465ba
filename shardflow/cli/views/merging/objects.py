"""Merges as objects: `Merged`, `Repeated` and `Resolved` of `cli/README.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardflow.cli.views.selection import Selection
from shardflow.execution.inspection.post_mortem import PostMortem, Refolded
from shardflow.merge.engine import MergeResult
from shardflow.merge.report import conflict_json, ledger_json, settled_json
from shardflow.merge.resolving.documents import resolutions_json
from shardflow.model.values import Json

if TYPE_CHECKING:
    from shardflow.execution.inspection.resolving import Resolved


def merged_object(result: MergeResult, output: str | None, code: int, shown: Selection) -> dict[str, Json]:
    """Give a merge of files; with conflicts nothing is merged and there is no `context`."""
    merged: dict[str, Json] = {}
    if not result.conflicts:
        merged = {"context": result.context} if output is None else {"output_file": output}
    status = "conflict" if result.conflicts else "done"
    return {"status": status, "exit_code": code, **merged, **ledger_object(result, shown)}


def post_mortem_object(again: PostMortem, code: int, shown: Selection) -> dict[str, Json]:
    """Give the repeated merges of a run."""
    groups: list[Json] = [_refolded(group, shown) for group in again.groups]
    return {"status": again.verdict.value, "exit_code": code, "workflow": again.run.workflow, "groups": groups}


def _refolded(group: Refolded, shown: Selection) -> Json:
    recorded = group.record.context if group.record is not None else None
    sha256: dict[str, Json] = {} if recorded is None else {"sha256": recorded}
    ledger = {} if group.folded is None else ledger_object(group.folded.result, shown)
    altered: list[Json] = [{"file": file.path, "how": file.how} for file in group.altered]
    return {"name": group.group, "status": group.verdict.value, **sha256, "altered": altered, **ledger}


def ledger_object(result: MergeResult, shown: Selection) -> dict[str, Json]:
    """Give a ledger with the decisions that are of interest, the counts whole."""
    conflicts: list[Json] = [conflict_json(conflict) for conflict in shown.conflicts(result)]
    decisions: list[Json] = [settled_json(decision) for decision in shown.settled(result)]
    return {**ledger_json(result), "conflicts": conflicts, "decisions": decisions}


def resolved_object(came: Resolved, code: int) -> dict[str, Json]:
    """Give what deciding about the conflicts of a run came to."""
    left = came.folded.open_conflicts
    return {
        "status": "conflict" if left else "done",
        "exit_code": code,
        "group": came.group,
        "context_file": came.context,
        **resolutions_json(came.decided),
        "instead_of": resolutions_json(came.instead_of.values())["resolutions"],
        "conflicts": [conflict_json(conflict) for conflict in left],
    }
