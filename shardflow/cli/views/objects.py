"""What `--json` prints: one object with stable keys. What is absent has no member, never a made-up value.

`shardflow run` and `shardflow resume`:

    status          done | failed | conflict | interrupted | paused | aborted; invalid | error: nothing was started
    exit_code       what the process ends with
    workflow, run_dir, context
    seconds         wall time; subagent_seconds the sum of the times of all subagents this start ran, every try
    counts          all changes by outcome: applied, agreed, combined, superseded, conflict
    usage           {input, output, cost, told_by: {input, output, cost}, subagents, tries, arbiters}: what agent CLIs
                    used in this start, added up, and by how many tries and arbiters it was told; not where none was
                    called
    phases          [{id, behavior, status, seconds, groups, skipped, problems, reason}]
      skipped       [{subagent, reason}], subagents that did not run; reason: why the whole phase did not
      problems      [text], what failed besides a group
      groups        [{name, status, seconds, folder, counts, conflicts, problems, kept, stale_reads, subagents,
                    arbiters}]
        stale_reads [{shard, reads, count, changed: [{path, shards}]}]
      subagents     [{id, of, rank, ending, detail, seconds, tries, shard, stdout, stderr, warnings, kept, reused_from,
                    engine_made, undeclared, usage}]
        of          the fan-out it belongs to; only of one that does
        undeclared  {count, places: [{path, nearest}]}; not where every change was declared
        usage       {input, output, cost}: tokens and US dollars that an agent CLI says it used, in all tries of this
                    start; null where it does not say; only of these
                    engine_made: the engine itself changed the context, no program ran
                    kept: an earlier start of the run merged or sealed it, or the run that reused_from names
      arbiters      [{conflict, path, decided, seconds, folder, warnings, kept, usage}], those that this start asked,
                    or whose answers to an earlier start it kept
                    conflict: its id; folder: has the question, the answer and the log; usage as above
    problems        [text], what failed outside every group
    notes           [text], what people shall hear besides

`shardflow run --dry-run`:

    status          planned
    exit_code
    plan            the workflow with every default spelt out (see `workflow/plan.py`)
    warnings        [{source, line, message, path, hint}], as `validate` tells them

`shardflow merge BASE SHARD...`:

    status          done | conflict
    exit_code       what the process ends with
    context         the merged context; not with conflicts. With `--output FILE` there is `output` instead
    counts, shards, conflicts, decisions    the ledger (see `merge/report.py`); `--only` leaves out decisions only

`shardflow merge RUN_DIR`:

    status          same | not-same
    exit_code, workflow
    groups          [{name, verdict, sha256, altered: [{path, how}], counts, shards, conflicts, decisions}]

`shardflow validate`:

    status          valid | invalid
    exit_code
    workflows       [{file, status, problems, warnings}], both lists of {source, line, message, path, hint}

`shardflow merge RUN_DIR --resolve ...`:

    status          resolved | conflict
    exit_code, group, context
    resolutions     [{path, take: "base" | {shard} | {value}, reason, by}], what was decided now
    instead_of      [{path, take, reason, by}], what had been decided before where that was decided anew
    conflicts       [{id, path, reason, rule, base, candidates: [{shard, rank, value}]}], what is left

Anything that could not start: `{status, exit_code, error, problems: [{source, line, message, path, hint}]}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shardflow.cli.views.selection import Selection
from shardflow.errors import InvalidInput
from shardflow.execution.checking import CheckedWorkflow
from shardflow.execution.inspection.post_mortem import PostMortem, Refolded
from shardflow.execution.reporting.endings import ending_name, ending_text
from shardflow.execution.reporting.report import ArbiterReport, GroupReport, PhaseReport, RunReport, SubagentReport
from shardflow.merge.engine import MergeResult
from shardflow.merge.report import conflict_json, ledger_json, settled_json
from shardflow.merge.resolving.conflicts import conflicts_json
from shardflow.merge.resolving.documents import resolutions_json
from shardflow.model.documents import Problem
from shardflow.model.paths import path_text
from shardflow.model.values import Json
from shardflow.storage.json.canonical import canonical_bytes

if TYPE_CHECKING:
    from shardflow.execution.inspection.resolving import Resolved


def report_object(report: RunReport) -> dict[str, Json]:
    """Give the report of a run."""
    return {
        "status": report.status.value,
        "exit_code": report.exit_code,
        "workflow": report.workflow,
        "run_dir": report.run_dir,
        "context": report.context,
        "seconds": round(report.seconds, 3),
        "subagent_seconds": round(report.subagent_seconds, 3),
        "counts": {outcome.value: number for outcome, number in report.counts.items()},
        **({} if (used := report.used) is None else {"usage": used.as_json()}),
        "phases": [_phase(phase) for phase in report.phases],
        "problems": list(report.problems),
        "notes": list(report.notes),
    }


def _phase(phase: PhaseReport) -> Json:
    return {
        "id": phase.id,
        "behavior": phase.behavior.value,
        "status": phase.status.value,
        "seconds": round(phase.seconds, 3),
        "groups": [_group(group) for group in phase.groups],
        "skipped": [{"subagent": name, "reason": reason} for name, reason in phase.skipped],
        "problems": list(phase.problems),
        **({"reason": phase.reason} if phase.reason else {}),
    }


def _group(group: GroupReport) -> Json:
    return {
        "name": group.name,
        "status": group.status.value,
        "seconds": round(group.seconds, 3),
        "folder": group.folder,
        "counts": {outcome.value: number for outcome, number in group.counts.items()},
        "conflicts": [conflict_json(conflict) for conflict in group.conflicts],
        "problems": list(group.problems),
        "kept": group.kept,
        "stale_reads": [stale.as_json() for stale in group.stale_reads],
        "subagents": [_subagent(subagent) for subagent in group.subagents],
        "arbiters": [_arbiter(arbiter) for arbiter in group.arbiters],
    }


def _subagent(subagent: SubagentReport) -> Json:
    return {
        "id": subagent.id,
        **({"of": subagent.of} if subagent.of else {}),
        "rank": subagent.rank,
        "ending": ending_name(subagent.ending),
        "detail": ending_text(subagent.ending),
        "seconds": round(subagent.seconds, 3),
        "tries": subagent.tries,
        "shard": subagent.shard,
        "stdout": subagent.stdout,
        "stderr": subagent.stderr,
        "warnings": list(subagent.warnings),
        "kept": subagent.kept,
        **({"reused_from": subagent.reused_from} if subagent.reused_from else {}),
        "engine_made": subagent.engine_made,
        **({} if subagent.undeclared is None else {"undeclared": subagent.undeclared.as_json()}),
        **({} if (used := subagent.used) is None else {"usage": used.as_json()}),
    }


def _arbiter(arbiter: ArbiterReport) -> Json:
    return {
        "conflict": arbiter.conflict,
        "path": path_text(arbiter.path),
        "decided": arbiter.decided,
        "seconds": round(arbiter.seconds, 3),
        "folder": arbiter.folder,
        "warnings": list(arbiter.warnings),
        "kept": arbiter.kept,
        **({} if arbiter.usage is None else {"usage": arbiter.usage.as_json()}),
    }


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


def error_object(error: Exception, code: int) -> dict[str, Json]:
    """Give an error that kept a command from doing anything."""
    problems = problem_objects(error.problems) if isinstance(error, InvalidInput) else []
    status = "invalid" if isinstance(error, InvalidInput) else "error"
    return {"status": status, "exit_code": code, "error": str(error), "problems": problems}


def problem_objects(problems: Iterable[Problem]) -> list[Json]:
    """Give problems found in files; `line` and `path` only where they are known."""
    return [_problem(problem) for problem in problems]


def _problem(problem: Problem) -> Json:
    line: dict[str, Json] = {} if problem.line is None else {"line": problem.line}
    path: dict[str, Json] = {} if problem.path is None else {"path": path_text(problem.path)}
    return {"source": problem.source, **line, "message": problem.message, **path, "hint": problem.hint}


def checked_object(checked: Mapping[str, CheckedWorkflow], code: int) -> dict[str, Json]:
    """Give what checking workflows found, by file."""
    workflows: list[Json] = [
        {
            "file": file,
            "status": "invalid" if found.problems else "valid",
            "problems": problem_objects(found.problems),
            "warnings": problem_objects(found.warnings),
        }
        for file, found in checked.items()
    ]
    return {"status": "invalid" if code else "valid", "exit_code": code, "workflows": workflows}


def object_bytes(value: dict[str, Json]) -> bytes:
    """Write an object as `--json` prints it; bytes of file names that are no UTF-8 stand as escapes."""
    return canonical_bytes(_encodable(value))


def _encodable(value: Json) -> Json:
    match value:
        case dict():
            return {_encodable_text(name): _encodable(item) for name, item in value.items()}
        case list():
            return [_encodable(item) for item in value]
        case str():
            return _encodable_text(value)
        case _:
            return value


def _encodable_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


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
