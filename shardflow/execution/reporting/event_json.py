"""Events as the journal has them; the schema is described in `storage/runs/journal.py`."""

from __future__ import annotations

import os

from shardflow.execution.reporting.endings import ending_name, ending_text, signal_name
from shardflow.execution.reporting.events import (
    ArbiterFinished,
    ArbiterStarted,
    Event,
    GroupFinished,
    GroupMerged,
    GroupStarted,
    Noted,
    PhaseFinished,
    PhaseStarted,
    PromptFinished,
    QuestionAnswered,
    RunFinished,
    RunStarted,
    Stopping,
    SubagentFinished,
    SubagentRetried,
    SubagentSkipped,
    SubagentStarted,
)
from shardflow.execution.reporting.report import ArbiterReport, GroupReport, Sealed, SubagentReport
from shardflow.model.paths import path_text


def event_json(event: Event) -> tuple[str, dict[str, object]]:
    """Give an event's name and members."""
    match event:
        case RunStarted():
            return _run(event)
        case PhaseStarted() | PhaseFinished():
            return _phase(event)
        case SubagentSkipped(phase, subagent, reason):
            return "subagent-skipped", {"phase": phase, "subagent": subagent, "reason": reason}
        case SubagentStarted() | SubagentRetried() | SubagentFinished() | Stopping():
            return _subagents(event)
        case ArbiterStarted() | ArbiterFinished():
            return _arbiters(event)
        case GroupStarted() | GroupMerged() | GroupFinished():
            return _of_group(event)
        case QuestionAnswered() | PromptFinished() | Noted():
            return _told(event)
        case RunFinished(report):
            members = {"status": report.status, "exit_code": report.exit_code, "seconds": report.seconds}
            return "run-finished", {**members, "problems": report.problems}


def _told(event: QuestionAnswered | PromptFinished | Noted) -> tuple[str, dict[str, object]]:
    match event:
        case QuestionAnswered(phase, question, content, answer):
            return "answered", {"phase": phase, "question": question, "content": content, "answer": answer}
        case PromptFinished(folder, seconds, usage):
            return "prompt-finished", {"folder": folder, "seconds": round(seconds, 6), "usage": usage.as_json()}
        case Noted(phase, text):
            return "noted", {"phase": phase, "text": text}


def _run(event: RunStarted) -> tuple[str, dict[str, object]]:
    members = {"workflow": event.workflow, "phases": event.phases, "context": event.context, "pid": os.getpid()}
    if event.start == 1:
        return "run-started", members
    return "run-resumed", {**members, "start": event.start, "again": event.again}


def _phase(event: PhaseStarted | PhaseFinished) -> tuple[str, dict[str, object]]:
    match event:
        case PhaseStarted(phase, behavior, subagents, most, fan_outs):
            members = {"phase": phase, "behavior": behavior, "subagents": subagents, "max_parallel": most}
            return "phase-started", {**members, "fans_out": bool(fan_outs)}
        case PhaseFinished(report):
            told = {"phase": report.id, "status": report.status, "seconds": report.seconds, "reason": report.reason}
            return "phase-finished", {**told, "problems": report.problems}


def _arbiters(event: ArbiterStarted | ArbiterFinished) -> tuple[str, dict[str, object]]:
    match event:
        case ArbiterStarted(phase, group, conflict, path, pid):
            members = {"phase": phase, "group": group, "conflict": conflict, "path": path_text(path), "pid": pid}
            return "arbiter-started", members
        case ArbiterFinished(phase, group, report):
            return "arbiter-finished", {"phase": phase, "group": group, **_arbiter(report)}


def _of_group(event: GroupStarted | GroupMerged | GroupFinished) -> tuple[str, dict[str, object]]:
    match event:
        case GroupStarted(phase, group, subagents):
            return "group-started", {"phase": phase, "group": group, "subagents": subagents}
        case GroupMerged(phase, group, sha256):
            return "group-merged", {"phase": phase, "group": group, "sha256": sha256}
        case GroupFinished(report):
            return "group-finished", _group(report)


def _subagents(event: SubagentStarted | SubagentRetried | SubagentFinished | Stopping) -> tuple[str, dict[str, object]]:
    match event:
        case SubagentStarted(phase, group, subagent, rank, pid):
            members = {"phase": phase, "group": group, "subagent": subagent, "rank": rank, "pid": pid}
            return "subagent-started", members
        case SubagentFinished(phase, group, report):
            return "subagent-finished", {"phase": phase, "group": group, **_subagent(report)}
        case SubagentRetried():
            return "subagent-retried", _retried(event)
        case Stopping(number, subagents, grace, arbiters):
            by = None if number is None else signal_name(number)
            asked = {"arbiters": arbiters} if arbiters else {}
            return "stopping", {"signal": by, "subagents": subagents, **asked, "grace": grace}


def _retried(event: SubagentRetried) -> dict[str, object]:
    return {
        "phase": event.phase,
        "group": event.group,
        "subagent": event.subagent,
        "rank": event.rank,
        "content": event.content,
        "tries": event.tries,
        "ending": ending_name(event.ending),
        "detail": ending_text(event.ending),
        "seconds": round(event.seconds, 6),
        "pause": round(event.pause, 6),
        "folder": event.folder,
        **({} if event.usage is None else {"usage": event.usage.as_json()}),
        **({"warnings": event.warnings} if event.warnings else {}),
    }


def _subagent(report: SubagentReport) -> dict[str, object]:
    return {
        "subagent": report.id,
        **({"of": report.of} if report.of else {}),
        "rank": report.rank,
        "ending": ending_name(report.ending),
        "detail": ending_text(report.ending),
        "seconds": round(report.seconds, 6),
        "tries": report.tries,
        "warnings": report.warnings,
        **({} if report.undeclared is None else {"undeclared": report.undeclared.as_json()}),
        "sealed": _sealed(report.sealed),
        "kept": report.kept,
        **({"reused_from": report.reused_from} if report.reused_from else {}),
        **({} if report.usage is None else {"usage": report.usage.as_json()}),
    }


def _arbiter(report: ArbiterReport) -> dict[str, object]:
    return {
        "conflict": report.conflict,
        "path": path_text(report.path),
        "decided": report.decided,
        "seconds": round(report.seconds, 6),
        "warnings": report.warnings,
        "sealed": _sealed(report.sealed),
        "kept": report.kept,
        **({} if report.usage is None else {"usage": report.usage.as_json()}),
    }


def _sealed(sealed: Sealed | None) -> dict[str, str] | None:
    return {"content": sealed.content, "sha256": sealed.sha256, "base": sealed.base} if sealed else None


def _group(report: GroupReport) -> dict[str, object]:
    return {
        "phase": report.phase,
        "group": report.name,
        "status": report.status,
        "seconds": round(report.seconds, 6),
        "counts": dict(report.counts),
        "conflicts": len(report.conflicts),
        "stale_reads": len(report.stale_reads),
        "problems": report.problems,
        "kept": report.kept,
    }
