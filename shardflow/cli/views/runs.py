"""Runs at a glance, for people and as objects: `Listed`, `Shown` and `Pruned` of `cli/README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from shardflow.cli.console import styled
from shardflow.cli.views.display import STANDING_STYLES, count, place, seconds, shortened, way_on
from shardflow.cli.views.objects import message_objects, without_none
from shardflow.cli.views.tables import Count, text_table
from shardflow.cli.views.usages import used_text
from shardflow.execution.inspection.runs import GroupOverview, RunOverview, age, duration
from shardflow.execution.reporting.endings import FAILURE_FACTS, Succeeded, ending_name, ending_text
from shardflow.execution.reporting.report import Status
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable
from shardflow.storage.runs.history import SealedShard
from shardflow.storage.runs.listing import RUNNING, FoundRun
from shardflow.storage.runs.records import SubagentRecord

_HEAD = ("run", "status", "workflow", "age", "took", Count("groups"))
_NAME_WIDTH = 100


def runs_text(runs: Sequence[FoundRun], now: float) -> str:
    """List runs in a table."""
    rows = [
        (
            printable(run.name),  # whole: it is what other commands are told
            run.standing,
            shortened(run.record.workflow, _NAME_WIDTH),
            _long(age(run.record, now)),
            _took(run),
            Count(f"{len(run.record.groups):,}"),
        )
        for run in runs
    ]
    return "\n".join(text_table(_HEAD, rows, sys.stdout, STANDING_STYLES))


def _standing(word: str) -> str:
    return styled(word, STANDING_STYLES.get(word, "bold"), sys.stdout)


def _took(run: FoundRun) -> str:
    took = duration(run.record)
    return "-" if took is None or run.standing == RUNNING else seconds(took)


def _long(amount: float) -> str:
    """Show an age, in days where it has some."""
    days = int(amount // 86400)
    return seconds(amount) if days < 1 else f"{days:,} d {int(amount % 86400 // 3600)} h"


def runs_object(runs: Sequence[FoundRun], now: float) -> dict[str, Json]:
    """Give runs as an object."""
    return {"status": "done", "exit_code": 0, "runs": [_run(run, now) for run in runs]}


def _run(run: FoundRun, now: float) -> dict[str, Json]:
    took = duration(run.record)
    told: dict[str, Json] = {
        "name": run.name,
        "run_dir": run.directory.path,
        "workflow": run.record.workflow,
        "status": run.standing,
        "started": run.record.started,
        "finished": run.record.finished,
        "age_seconds": round(age(run.record, now), 3),
        "seconds": None if took is None else round(took, 3),
        "context_file": run.record.settings.context or run.directory.context,
        "group_count": len(run.record.groups),
    }
    return without_none(told)


def overview_text(found: RunOverview, now: float) -> str:
    """Show one run with its groups and subagents."""
    return "\n".join(_overview_lines(found, now))


def _overview_lines(found: RunOverview, now: float) -> Iterator[str]:
    run = found.run
    waits = ", waits to be resumed" if run.standing == Status.DECIDED else ""
    yield f"{printable(run.name)}: {_standing(run.standing)}{waits}"
    yield f"workflow:      {printable(run.record.workflow)}, {place(run.record.settings.workflow_file)}"
    again = f", started {found.starts} times" if found.starts > 1 else ""
    yield f"started:       {printable(run.record.started)}, {_long(age(run.record, now))} ago{again}"
    waited = ", the time between its starts included" if found.starts > 1 and run.record.finished is not None else ""
    yield f"took:          {_took(run)}{waited}"
    yield f"context:       {place(run.record.settings.context or run.directory.context)}"
    yield f"run directory: {place(run.directory.path)}, {count(found.size, 'byte')}"
    if found.used is not None:
        yield f"agent CLIs:    {used_text(found.used)}"
    for group in found.groups:
        yield from _group_lines(group)
    if run.standing not in (Status.DONE, RUNNING):
        undecided = any(group.record is not None and group.record.status == Status.CONFLICT for group in found.groups)
        yield way_on(run.directory.path, undecided=undecided)


def _group_lines(group: GroupOverview) -> Iterator[str]:
    if group.record is None:
        yield f"{printable(group.name)}: not ended"
        yield from (_subagent_line(seal.subagent, ending_text(Succeeded()), seal.tries) for seal in group.sealed)
        return
    yield f"{printable(group.name)}: {_standing(printable(group.record.status))}"
    yield from (_subagent_line(one.id, one.detail, one.tries) for one in group.record.subagents)


def _subagent_line(name: str, detail: str, number: int) -> str:
    tries = f" ({count(number, 'try', 'tries')})" if number > 1 else ""
    return f"  {printable(name)}: {printable(detail)}{tries}"


def overview_object(found: RunOverview, now: float) -> dict[str, Json]:
    """Give one run as an object."""
    groups: list[Json] = [_group(group) for group in found.groups]
    usage: dict[str, Json] = {} if found.used is None else {"usage": without_none(found.used.as_json())}
    told = {**_run(found.run, now), "starts": found.starts, "bytes": found.size, **usage, "groups": groups}
    return {"status": "done", "exit_code": 0, "run": told}


def _group(group: GroupOverview) -> Json:
    if group.record is None:
        so_far = [_sealed(seal) for seal in group.sealed]
        return {"name": group.name, "folder": group.folder.path, "subagents": so_far}
    return {
        "name": group.name,
        "phase": group.record.phase,
        "status": group.record.status,
        "folder": group.folder.path,
        "subagents": [_subagent(one) for one in group.record.subagents],
    }


def _subagent(one: SubagentRecord) -> Json:
    return {
        "id": one.id,
        "ending": one.ending,
        **_facts(one.failure),
        "detail": one.detail,
        "tries": one.tries,
        "sealed": one.sha256 is not None,
    }


def _facts(failure: Json) -> dict[str, Json]:
    """Give the facts of a failure, of a record that may say anything."""
    return {name: failure[name] for name in FAILURE_FACTS if name in failure} if isinstance(failure, dict) else {}


def _sealed(seal: SealedShard) -> Json:
    ending = Succeeded()
    told = {"ending": ending_name(ending), "detail": ending_text(ending)}
    return {"id": seal.subagent, **told, "tries": seal.tries, "sealed": True}


def pruned_text(removed: Sequence[FoundRun], *, dry_run: bool) -> str:
    """Tell which runs were removed."""
    verb = "would be removed" if dry_run else "removed"
    lines = [f"{printable(run.name)}: {verb} ({run.standing})" for run in removed]
    return "\n".join([*lines, f"{count(len(removed), 'run')} {verb}"])


def pruned_object(removed: Sequence[FoundRun], problems: Sequence[str], code: int, *, dry_run: bool) -> dict[str, Json]:
    """Give which runs were removed as an object."""
    return {
        "status": "failed" if problems else "planned" if dry_run else "done",
        "exit_code": code,
        "removed": [{"name": run.name, "run_dir": run.directory.path} for run in removed],
        "problems": message_objects(problems),
    }
