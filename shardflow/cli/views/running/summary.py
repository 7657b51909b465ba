"""The closing summary of a run: what it came to, where things are, and how to look at its merges again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final

from shardflow.cli.console import styled
from shardflow.cli.views.display import STANDING_STYLES, count, counts_text, place, seconds, shell_word, way_on
from shardflow.cli.views.running.lines import allowed_text
from shardflow.execution.reporting.endings import Cancelled
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.model.documents import listed
from shardflow.storage.runs.directory import RunDirectory

_MERGED: Final = (Status.DONE, Status.CONFLICT)
"""How groups end whose merge can be looked at again."""


def summary(report: RunReport) -> str:
    """Tell what the run came to and where things are."""
    return "\n".join(_summary_lines(report))


def _summary_lines(report: RunReport) -> Iterator[str]:
    status = styled(report.status.value, STANDING_STYLES[report.status], sys.stdout)
    yield f"{status}: {_subagents(report)}"
    yield from _at_once(report)
    yield f"changes:       {counts_text(report.counts)}"
    yield from _stale_reads(report)
    yield from _used(report)
    yield f"context:       {place(report.context)}"
    yield f"run directory: {place(report.run_dir)}"
    yield from _commands(report)


def _commands(report: RunReport) -> Iterator[str]:
    """Name the commands for this run from here on, as far as somebody left of it what they read."""
    run = RunDirectory(report.run_dir)
    gone = [file for file in (run.path, run.record, run.journal) if not os.path.lexists(file)]
    if run.record not in gone and any(group.status in _MERGED for group in report.groups):
        yield f"merge again:   shardflow merge {shell_word(report.run_dir)}"
    if gone:
        yield f"no way on:     {place(gone[0])} is gone; start a new run"
    elif report.status is not Status.DONE:
        yield way_on(report.run_dir, undecided=report.status is Status.CONFLICT)


def _stale_reads(report: RunReport) -> Iterator[str]:
    stale = [read for group in report.groups for read in group.stale_reads]
    if stale:
        readers = listed(list(dict.fromkeys(read.shard for read in stale)))
        yield f"stale reads:   {len(stale):,}, of {readers}: others of their group changed what they read"


def _used(report: RunReport) -> Iterator[str]:
    if (used := report.used) is not None:
        from shardflow.cli.views.usages import used_text  # most runs call no agent CLI

        yield f"agent CLIs:    {used_text(used)}"


def _undone(report: RunReport) -> str:
    """Count what kept a run from being done, as the beginning of how many subagents it had."""
    failed = [one for group in report.groups if group.status is Status.FAILED for one in group.failed]
    counted = sum(not isinstance(one.ending, Cancelled) for one in failed)
    conflicts = sum(len(group.conflicts) for group in report.groups)
    match report.status:
        case Status.CONFLICT:
            return f"{count(conflicts, 'conflict')} to decide; "
        case Status.FAILED if counted:
            return f"{counted:,} of "
        case Status.FAILED if problems := _problems(report):
            return f"{count(problems, 'problem')}; "
        case _:
            return ""


def _problems(report: RunReport) -> int:
    """Count what failed besides subagents."""
    in_groups = sum(len(group.problems) for group in report.groups)
    return in_groups + sum(len(phase.problems) for phase in report.phases) + len(report.problems)


def _subagents(report: RunReport) -> str:
    ran = sum(not subagent.kept for subagent in report.programs)
    kept = sum(subagent.kept for subagent in report.programs)
    whose = (
        "reused from other runs" if any(one.reused_from for one in report.subagents) else "kept from an earlier start"
    )
    more = f" and {kept:,} {whose}" if kept else ""
    where = f"in {_phases(report)}, {seconds(report.seconds)}"
    return f"{_undone(report)}{count(ran, 'subagent')}{more} {where}{allowed_text(report.groups)}"


def _phases(report: RunReport) -> str:
    """Count the phases, and how often one of them ran again."""
    phases = len({phase.id for phase in report.phases})
    again = len(report.phases) - phases
    repeated = f" and {count(again, 'repetition')}" if again else ""
    return f"{count(phases, 'phase')}{repeated}"


def _at_once(report: RunReport) -> Iterator[str]:
    """Tell how long the subagents took together, where there were several."""
    if sum(not subagent.kept for subagent in report.programs) > 1 and report.seconds:
        at_once = report.subagent_seconds / report.seconds
        average = f", {at_once:.1f} at once on average" if at_once >= 1 else ""  # less only tells how short they were
        yield f"subagent time: {seconds(report.subagent_seconds)}{average}"
