"""`shardflow merge RUN_DIR`: every merge of a run once more, and whether it gives the same bytes."""

from __future__ import annotations

import sys

from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.display import place
from shardflow.cli.views.ledger import ledger_text
from shardflow.cli.views.objects import object_bytes, post_mortem_object
from shardflow.execution.inspection.post_mortem import PostMortem, Refolded, Verdict, repeat_merges
from shardflow.storage.excerpts import printable

_NOT_THE_SAME = 1
_CONFLICTS = 3


def merge_again(run_dir: str, *, as_json: bool) -> int:
    """Repeat the merges of a run and tell what came of it; give the exit code."""
    again = repeat_merges(run_dir)
    code = _exit_code(again)
    if as_json:
        CONSOLE.hand_over(object_bytes(post_mortem_object(again, code)))
        return code
    for group in again.groups:
        if group.folded is not None:
            CONSOLE.say(ledger_text(group.folded.result, sys.stdout))
        CONSOLE.say(_verdict(group))
    if not again.groups:
        CONSOLE.say("nothing was merged in this run")
    return code


def _exit_code(again: PostMortem) -> int:
    if not again.is_same:
        return _NOT_THE_SAME
    return _CONFLICTS if any(group.folded and group.folded.result.conflicts for group in again.groups) else 0


def _verdict(group: Refolded) -> str:
    good, bad = styled("same bytes", "good", sys.stdout), "bad"
    match group.verdict, group.record:
        case Verdict.SAME, record if record is not None and record.context is not None:
            return f"{group.group}: {good} (sha256 {record.context})"
        case Verdict.SAME, _:
            return f"{group.group}: {good}: the same conflicts, nothing merged"
        case Verdict.NOT_MERGED, record:
            ended = "it never ended" if record is None else f"it ended as {printable(record.status)}"
            return f"{group.group}: the run merged nothing here: {ended}"
        case Verdict.DIFFERENT, _:
            head = styled("other bytes", bad, sys.stdout)
            return f"{group.group}: {head} from the same inputs: was the run made by another version of shardflow?"
        case _:
            head = styled("altered", bad, sys.stdout)
            lines = [f"  {place(altered.path)}: {printable(altered.how)}" for altered in group.altered]
            return "\n".join([f"{group.group}: {head} since the run:", *lines])
