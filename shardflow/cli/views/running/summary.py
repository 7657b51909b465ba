"""The closing summary of a run: what it came to, where things are, and how to look at its merges again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from shardflow.cli.console import styled
from shardflow.cli.views.display import STANDING_STYLES, count, counts_text, place, seconds, shell_word, way_on
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.model.documents import listed

_MERGED: Final = (Status.DONE, Status.CONFLICT)
"""How groups end whose merge can be looked at again."""


def summary(report: RunReport) -> str:
    """Tell what the run came to and where things are."""
    return "\n".join(_summary_lines(report))


def _summary_lines(report: RunReport) -> Iterator[str]:
    status = styled(report.status.value, STANDING_STYLES[report.status], sys.stdout)
    yield f"{status}: {_times(report)}"
    yield f"changes:       {counts_text(report.counts)}"
    yield from _stale_reads(report)
    yield from _used(report)
    yield f"context:       {place(report.context)}"
    yield f"run directory: {place(report.run_dir)}"
    if any(group.status in _MERGED for group in report.groups):
        yield f"merge again:   shardflow merge {shell_word(report.run_dir)}"
    if report.status is Status.PAUSED:
        yield "answers:       asked for at a terminal, or given by --answers FILE or --yes"
    if report.status is not Status.DONE:
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


def _times(report: RunReport) -> str:
    subagents = sum(not subagent.kept for subagent in report.programs)
    kept = sum(subagent.kept for subagent in report.programs)
    work = report.subagent_seconds
    whose = (
        "reused from other runs" if any(one.reused_from for one in report.subagents) else "kept from an earlier start"
    )
    more = f" and {kept:,} {whose}" if kept else ""
    told = f"{count(subagents, 'subagent')}{more} in {count(len(report.phases), 'phase')}, {seconds(report.seconds)}"
    if subagents < 2 or not report.seconds:
        return told
    at_once = work / report.seconds
    average = f", {at_once:.1f} at once on average" if at_once >= 1 else ""  # less only tells how short they were
    return f"{told}; their own times add up to {seconds(work)}{average}"
