"""What `--json` prints of a run.

`shardflow run` and `shardflow resume`:

    status          done | failed | conflict | interrupted | paused | aborted; invalid | error: nothing was started
    exit_code       what the process ends with
    workflow, run_dir, context
    seconds         wall time; subagent_seconds the sum of the times of all subagents this start ran, every try
    counts          all changes by outcome: applied, agreed, combined, superseded, conflict
    usage           {input, output, cost, told_by: {input, output, cost}, subagents, tries, arbiters, prompts}: what
                    agent CLIs used in this start, added up, and by how many tries, arbiters and prompts of scripts
                    it was told; not where none was called
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
"""

from __future__ import annotations

from shardflow.execution.reporting.endings import ending_name, ending_text
from shardflow.execution.reporting.report import ArbiterReport, GroupReport, PhaseReport, RunReport, SubagentReport
from shardflow.merge.report import conflict_json
from shardflow.model.paths import path_text
from shardflow.model.values import Json


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
