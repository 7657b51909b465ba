"""`shardflow merge RUN_DIR`: every merge of a run once more, and whether it gives the same bytes."""

from __future__ import annotations

import sys
from typing import TextIO

from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.display import place
from shardflow.cli.views.merging.ledger import ledger_text
from shardflow.cli.views.merging.objects import post_mortem_object
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import markdown_span
from shardflow.cli.views.trying import at_work
from shardflow.execution.inspection.post_mortem import PostMortem, Refolded, Repetition, repeat_merges
from shardflow.exit_codes import CONFLICTS
from shardflow.storage.excerpts import printable

_NOT_THE_SAME = 1
_WHY_DIFFERENT = (
    "was the run made by another version of shardflow, or does a function of a custom rule depend on more than its"
    " arguments?"
)


def merge_again(run_dir: str, shown: Selection) -> int:
    """Repeat the merges of a run and tell what came of it; give the exit code."""
    with at_work("merging"):
        again = repeat_merges(run_dir)
    code = _exit_code(again)
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(post_mortem_object(again, code, shown)))
        return code
    for number, group in enumerate(again.groups):
        if shown.layout is Format.MARKDOWN:
            CONSOLE.say(_in_markdown(group, shown))
        else:
            head = styled(group.group, "bold", sys.stdout) + "\n" if len(again.groups) > 1 else ""  # else it is plain
            CONSOLE.say("\n" * bool(number) + head + _in_text(group, shown))
    if not again.groups:
        CONSOLE.say("nothing was merged in this run")
    return code


def _in_text(group: Refolded, shown: Selection) -> str:
    ledger = [] if group.folded is None else [ledger_text(group.folded.result, sys.stdout, shown)]
    return "\n".join([*ledger, _verdict(group, sys.stdout)])


def _in_markdown(group: Refolded, shown: Selection) -> str:
    """Give a section of a report; the verdict stands as code, since it may name files."""
    ledger = [] if group.folded is None else [ledger_text(group.folded.result, None, shown), ""]
    verdict = [f"- {markdown_span(line.strip())}" for line in _verdict(group, None).split("\n")]
    return "\n".join([f"### {markdown_span(group.group)}", "", *ledger, *verdict, ""])


def _exit_code(again: PostMortem) -> int:
    if not again.is_same:
        return _NOT_THE_SAME
    return CONFLICTS if any(group.folded and group.folded.open_conflicts for group in again.groups) else 0


def _verdict(group: Refolded, stream: TextIO | None) -> str:
    good, bad = styled("same bytes", "good", stream), "bad"
    match group.verdict, group.record:
        case Repetition.SAME, record if record is not None and record.context is not None:
            return f"{group.group}: {good} (sha256 {record.context})"
        case Repetition.SAME, _:
            return f"{group.group}: {good}: the same conflicts, nothing merged"
        case Repetition.NOT_MERGED, record:
            ended = "it has not ended" if record is None else f"it ended as {printable(record.status)}"
            return f"{group.group}: the run merged nothing here: {ended}"
        case Repetition.DIFFERENT, _:
            head = styled("other bytes", bad, stream)
            return f"{group.group}: {head} from the same inputs: {_WHY_DIFFERENT}"
        case _:
            head = styled("altered", bad, stream)
            lines = [f"  {place(altered.path)}: {printable(altered.how)}" for altered in group.altered]
            return "\n".join([f"{group.group}: {head} since the run:", *lines])
