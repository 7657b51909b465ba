"""`shardflow blame`: which shard, phase and rule made the context of a run what it is."""

from __future__ import annotations

from shardflow.cli.console import CONSOLE
from shardflow.cli.views.merging.blame import blame_object, blame_text
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.trying import at_work
from shardflow.errors import UsageError
from shardflow.execution.inspection.blame import Blame, blame
from shardflow.model.paths import Path, PathError, parse_path
from shardflow.model.values import ABSENT
from shardflow.storage.runs.listing import folder_named

_NEVER_THERE = 1


def show_blame(run_dir: str, path: str | None, shown: Selection) -> int:
    """Print who made what stands at a path; give the exit code."""
    with at_work("looking through the merges"):
        found = blame(folder_named(run_dir), _path(path or "$"))
    code = _NEVER_THERE if _is_unheard_of(found) else 0
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(blame_object(found, code)))
    else:
        CONSOLE.say(blame_text(found, shown))
    return code


def _is_unheard_of(found: Blame) -> bool:
    return found.value is ABSENT and not found.superseded and not found.removed


def _path(text: str) -> Path:
    try:
        return parse_path(text)
    except PathError as error:
        raise UsageError(f"'{text}' is no path: {error}; for example $.findings[0].severity") from error
