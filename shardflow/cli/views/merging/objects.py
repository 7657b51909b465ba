"""What `--json` prints of merges.

`shardflow merge BASE SHARD...`:

    status          done | conflict
    exit_code       what the process ends with
    context         the merged context; not with conflicts. With `--output FILE` there is `output` instead
    counts, shards, conflicts, decisions    the ledger (see `merge/report.py`); `--only` leaves out decisions only

`shardflow merge RUN_DIR`:

    status          same | not-same
    exit_code, workflow
    groups          [{name, verdict, sha256, altered: [{path, how}], counts, shards, conflicts, decisions}], `verdict`
                    one of same, altered, different, not-merged

`shardflow merge RUN_DIR --resolve ...`:

    status          resolved | conflict
    exit_code, group, context
    resolutions     [{path, take: "base" | {shard} | {value}, reason, by}], what was decided now
    instead_of      [{path, take, reason, by}], what had been decided before where that was decided anew
    conflicts       [{id, path, reason, rule, base, candidates: [{shard, rank, value}]}], what is left
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardflow.cli.views.selection import Selection
from shardflow.execution.inspection.post_mortem import PostMortem, Refolded
from shardflow.merge.engine import MergeResult
from shardflow.merge.report import conflict_json, ledger_json, settled_json
from shardflow.merge.resolving.conflicts import conflicts_json
from shardflow.merge.resolving.documents import resolutions_json
from shardflow.model.values import Json

if TYPE_CHECKING:
    from shardflow.execution.inspection.resolving import Resolved


def merged_object(result: MergeResult, output: str | None, code: int, shown: Selection) -> dict[str, Json]:
    """Give a merge of files; with conflicts nothing is merged and there is no `context`."""
    merged: dict[str, Json] = {}
    if not result.conflicts:
        merged = {"context": result.context} if output is None else {"output": output}
    status = "conflict" if result.conflicts else "done"
    return {"status": status, "exit_code": code, **merged, **ledger_object(result, shown)}


def post_mortem_object(again: PostMortem, code: int, shown: Selection) -> dict[str, Json]:
    """Give the repeated merges of a run."""
    groups: list[Json] = [_refolded(group, shown) for group in again.groups]
    status = "same" if again.is_same else "not-same"
    return {"status": status, "exit_code": code, "workflow": again.run.workflow, "groups": groups}


def _refolded(group: Refolded, shown: Selection) -> Json:
    recorded = group.record.context if group.record is not None else None
    sha256: dict[str, Json] = {} if recorded is None else {"sha256": recorded}
    ledger = {} if group.folded is None else ledger_object(group.folded.result, shown)
    altered: list[Json] = [{"path": file.path, "how": file.how} for file in group.altered]
    return {"name": group.group, "verdict": group.verdict.value, **sha256, "altered": altered, **ledger}


def ledger_object(result: MergeResult, shown: Selection) -> dict[str, Json]:
    """Give a ledger with the decisions that are of interest, the counts whole."""
    conflicts: list[Json] = [conflict_json(conflict) for conflict in shown.conflicts(result)]
    decisions: list[Json] = [settled_json(decision) for decision in shown.settled(result)]
    return {**ledger_json(result), "conflicts": conflicts, "decisions": decisions}


def resolved_object(came: Resolved, code: int) -> dict[str, Json]:
    """Give what deciding about the conflicts of a run came to."""
    left = came.folded.open_conflicts
    return {
        "status": "conflict" if left else "resolved",
        "exit_code": code,
        "group": came.group,
        "context": came.context,
        **resolutions_json(came.decided),
        "instead_of": resolutions_json(came.instead_of.values())["resolutions"],
        **conflicts_json(left),
    }
