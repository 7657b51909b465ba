"""A run as an object: `Run` of `cli/README.md`."""

from __future__ import annotations

from shardflow.cli.views.objects import message_objects, without_none
from shardflow.execution.reporting.endings import ending_text, failure_facts
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
        "context_file": report.context,
        "seconds": round(report.seconds, 3),
        "subagent_seconds": round(report.subagent_seconds, 3),
        "counts": dict(report.counts),
        **({} if (used := report.used) is None else {"usage": without_none(used.as_json())}),
        "phases": [_phase(phase) for phase in report.phases],
        "problems": message_objects(report.problems),
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
        "problems": message_objects(phase.problems),
        **({"reason": phase.reason} if phase.reason else {}),
    }


def _group(group: GroupReport) -> Json:
    return {
        "name": group.name,
        "status": group.status.value,
        "seconds": round(group.seconds, 3),
        "folder": group.folder,
        "counts": dict(group.counts),
        "conflicts": [conflict_json(conflict) for conflict in group.conflicts],
        "problems": message_objects(group.problems),
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
        **failure_facts(subagent.ending),
        "detail": ending_text(subagent.ending),
        "seconds": round(subagent.seconds, 3),
        "tries": subagent.tries,
        "shard_file": subagent.shard,
        "stdout_file": subagent.stdout,
        "stderr_file": subagent.stderr,
        "warnings": message_objects(subagent.warnings),
        "kept": subagent.kept,
        **({"reused_from": subagent.reused_from} if subagent.reused_from else {}),
        "engine_made": subagent.engine_made,
        **({} if subagent.undeclared is None else {"undeclared": subagent.undeclared.as_json()}),
        **({} if (used := subagent.used) is None else {"usage": without_none(used.as_json())}),
    }


def _arbiter(arbiter: ArbiterReport) -> Json:
    return {
        "conflict": arbiter.conflict,
        "path": path_text(arbiter.path),
        "decided": arbiter.decided,
        "seconds": round(arbiter.seconds, 3),
        "folder": arbiter.folder,
        "warnings": message_objects(arbiter.warnings),
        "kept": arbiter.kept,
        **({} if arbiter.usage is None else {"usage": without_none(arbiter.usage.as_json())}),
    }
