"""What went wrong in a run, for people: failed subagents with their last words, conflicts, warnings."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

from shardflow.cli.console import styled
from shardflow.cli.views.display import count, path_label, place, printable_lines, seconds, shell_word, shortened
from shardflow.cli.views.merging.conflicts import conflicts_text
from shardflow.execution.reporting.endings import Cancelled, ending_text
from shardflow.execution.reporting.report import GroupReport, RunReport, Status, SubagentReport, last_lines
from shardflow.storage.excerpts import printable

_SHOWN: Final = 10
_FEW: Final = 3
_LOG_LINES: Final = 10
_LINE_WIDTH: Final = 200
_REASON_WIDTH: Final = 2_000


def problem_texts(report: RunReport) -> Iterator[str]:
    """Tell everything that went wrong, a text of one or more lines each; nothing when all went well."""
    for phase in report.phases:
        for group in phase.groups:
            yield from _group_problems(group)
        word = "paused" if phase.status is Status.PAUSED else "problem"
        yield from (_styled_head(word, f"{phase.id}: {printable_lines(text)}") for text in phase.problems)
    yield from (_styled_head("problem", printable_lines(problem)) for problem in report.problems)
    notes = (*report.notes, *_reused(report))
    yield from (_styled_head("note", printable_lines(note)) for note in notes)


def _reused(report: RunReport) -> Iterator[str]:
    """Tell which shards other runs had, or how many where that would be too long."""
    reused = [(f"{group.phase}/{one.id}", one.reused_from) for group in report.groups for one in group.subagents]
    found = [(who, run) for who, run in reused if run]
    if len(found) <= _FEW:
        yield from (f"{who}: reused the shard that run {run} sealed for the same content" for who, run in found)
        return
    runs = Counter(run for _, run in found).most_common()
    whose = [f"{number:,} of {run}" for run, number in runs[:_FEW]]
    more = [f"the others of {count(len(runs) - _FEW, 'more run')}"] if len(runs) > _FEW else []
    yield f"{len(found):,} shards are reused that other runs sealed for the same content: {', '.join(whose + more)}"


def _group_problems(group: GroupReport) -> Iterator[str]:
    failed = [subagent for subagent in group.failed if not isinstance(subagent.ending, Cancelled)]
    yield from ("\n".join(_failure(group, subagent)) for subagent in failed[:_SHOWN])
    if len(failed) > _SHOWN:
        yield f"… and {count(len(failed) - _SHOWN, 'more failed subagent')}, in {place(group.folder)}"
    stopped = sum(isinstance(subagent.ending, Cancelled) for subagent in group.subagents)
    if stopped:
        fast = any(isinstance(one.ending, Cancelled) and one.ending.others_failed for one in group.subagents)
        why = "since others of their group failed" if fast else "with the run"
        yield f"{group.phase}: {count(stopped, 'subagent')} stopped {why}"
    yield from (_styled_head("problem", f"{group.phase}: {printable_lines(text)}") for text in group.problems)
    if group.conflicts:
        yield conflicts_text(group.conflicts, f"{group.phase}: ", sys.stderr)
        run_dir = os.path.dirname(os.path.dirname(group.folder))
        yield f"the shards are kept in {place(group.folder)}; decide about the conflicts at a terminal with"
        yield f"  shardflow merge {shell_word(run_dir)} --interactive"
        yield "or by --resolve PATH=SHARD, PATH=base or PATH=JSON, or under other rules"
    warnings = [f"{subagent.id}: {printable(text)}" for subagent in group.subagents for text in subagent.warnings]
    warnings += [
        f"{group.phase}: the arbiter of {path_label(arbiter.path)}: {printable(text)}"
        for arbiter in group.arbiters
        for text in arbiter.warnings
    ]
    warnings += [f"{group.phase}: {printable(str(stale))}" for stale in group.stale_reads]
    yield from (_styled_head("warning", text) for text in warnings[:_SHOWN])
    if len(warnings) > _SHOWN:
        yield f"… and {count(len(warnings) - _SHOWN, 'more warning')}"


def _failure(group: GroupReport, subagent: SubagentReport) -> Iterator[str]:
    ending = shortened(ending_text(subagent.ending), _REASON_WIDTH)
    tries = f" in {count(subagent.tries, 'try', 'tries')}" if subagent.tries > 1 else ""
    head = "failed, as is allowed" if group.allowed else "failed"
    took = f"in an earlier start{tries}" if subagent.kept else f"after {seconds(subagent.seconds_in_all)}{tries}"
    yield _styled_head(head, f"{subagent.id} (phase {group.phase}): {ending}, {took}")
    log, lines = _last_words(subagent)
    if lines:
        yield f"  last lines of {log}:"
        yield from (f"    | {shortened(line.expandtabs(), _LINE_WIDTH)}" for line in lines)
    yield f"  shard:  {place(subagent.shard)}"
    yield f"  stdout: {place(subagent.stdout)}"
    yield f"  stderr: {place(subagent.stderr)}"


def _last_words(subagent: SubagentReport) -> tuple[str, tuple[str, ...]]:
    """Give the last lines of standard error, or of standard output when there are none."""
    lines = last_lines(subagent.stderr, _LOG_LINES)
    return ("stderr.log", lines) if lines else ("stdout.log", last_lines(subagent.stdout, _LOG_LINES))


def _styled_head(word: str, text: str) -> str:
    return f"{styled(word, 'bad' if word in ('failed', 'problem') else 'warn', sys.stderr)}: {text}"
