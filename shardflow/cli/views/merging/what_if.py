"""Merges made otherwise, beside what the run recorded; as an object: `Otherwise` of `cli/README.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TextIO

from shardflow.cli.console import styled
from shardflow.cli.views.display import count, counts_text
from shardflow.cli.views.merging.conflicts import conflicts_text
from shardflow.cli.views.merging.differences import difference_object, differences_table
from shardflow.cli.views.merging.ledger import ledger_text
from shardflow.cli.views.merging.objects import ledger_object
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import markdown_span
from shardflow.execution.inspection.rewriting import Rewritten
from shardflow.execution.inspection.what_if import Imagined, WhatIf
from shardflow.model.decisions import Outcome, no_counts
from shardflow.model.values import Json

_HEAD: Final = ("path", "recorded", "otherwise")


def what_if_text(imagined: WhatIf, shown: Selection, stream: TextIO | None) -> str:
    """Show people how every merge would have come out."""
    if not imagined.groups:
        return "nothing was merged in this run"
    return "\n".join(line for group in imagined.groups for line in _group(group, shown, stream))


def _group(group: Imagined, shown: Selection, stream: TextIO | None) -> Iterator[str]:
    in_markdown = shown.layout is Format.MARKDOWN
    gap = [""] if in_markdown else []
    if in_markdown:
        yield f"### {markdown_span(group.group)}"
        yield ""
    if shown.only is not None:
        yield ledger_text(group.folded.result, stream, shown)
        yield from gap
    elif group.folded.open_conflicts:
        only_conflicts = Selection(shown.layout, Outcome.CONFLICT, shown.whole)
        yield _conflicts(group, only_conflicts, stream)
        yield from gap
    if group.differences:
        yield from _differences(group, shown, stream)
        yield from gap
    yield from [f"{group.group}: {_verdict(group, None if in_markdown else stream)}", *gap]
    recorded = counts_text({outcome: group.recorded.counts.get(outcome, 0) for outcome in no_counts()})
    now = counts_text(group.folded.counts)
    yield from [f"  recorded:  {recorded}", *gap, f"  otherwise: {now}", *gap]


def _differences(group: Imagined, shown: Selection, stream: TextIO | None) -> Iterator[str]:
    if shown.layout is Format.DEEPDIFF:
        from shardflow.cli.views.merging.deepdiff import deepdiff_lines

        lines = deepdiff_lines(group.recorded.context, group.folded.value)
        yield from shown.rows(lines)
        yield from shown.left_out(lines, "line")
        return
    yield from differences_table(_HEAD, shown.rows(group.differences), shown.layout, stream)
    yield from shown.left_out(group.differences, "difference")


def _conflicts(group: Imagined, shown: Selection, stream: TextIO | None) -> str:
    if shown.layout is Format.MARKDOWN:
        return ledger_text(group.folded.result, stream, shown)
    conflicts = shown.conflicts(group.folded.result)
    shown_ones = conflicts_text(shown.rows(conflicts), "", stream, most=None)
    return "\n".join([shown_ones, *shown.left_out(conflicts, "conflict")])


def _verdict(group: Imagined, stream: TextIO | None) -> str:
    conflicts = len(group.folded.open_conflicts)
    if conflicts:
        return f"{styled(count(conflicts, 'conflict'), 'bad', stream)}, nothing would be merged"
    had = f", where the run had {count(group.recorded.conflicts, 'conflict')}" if group.recorded.conflicts else ""
    if group.is_same:
        return styled("the same context", "good", stream)
    return f"{styled(count(len(group.differences), 'difference'), 'warn', stream)}{had}"


def what_if_object(imagined: WhatIf, written: Rewritten | None, code: int, shown: Selection) -> dict[str, Json]:
    """Give programs how every merge would have come out."""
    return {
        "status": "written" if written is not None else _worst([_status(group) for group in imagined.groups]),
        "exit_code": code,
        "workflow": imagined.run.workflow,
        **({} if written is None else {"written": written.group}),
        "groups": [_object(group, shown) for group in imagined.groups],
    }


def _worst(found: list[str]) -> str:
    return next((status for status in ("conflict", "different") if status in found), "same")


def _status(group: Imagined) -> str:
    if group.folded.open_conflicts:
        return "conflict"
    return "same" if group.is_same else "different"


def _object(group: Imagined, shown: Selection) -> Json:
    counts: dict[str, Json] = dict(group.recorded.counts)
    return {
        "name": group.group,
        "status": _status(group),
        "recorded": {"counts": counts, "conflict_count": group.recorded.conflicts},
        "differences": [difference_object(change) for change in group.differences],
        **ledger_object(group.folded.result, shown),
    }
