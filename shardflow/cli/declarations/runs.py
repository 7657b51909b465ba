"""Commands about the runs of a folder."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations import known
from shardflow.cli.declarations.common import JSON
from shardflow.cli.parameters import Argument, Option, command

_IN: Final = Option(("--in",), "The folder the runs stand in. Default: .shardflow/runs.", "DIR")
_WORKFLOW: Final = Option(("--workflow",), "Only runs of workflows of this name; * and ? stand for anything.", "NAME")
_OLDER: Final = Option(("--older-than",), "Only runs started so long ago: 90s, 30m, 12h, 7d.", "AGE")


def list_runs(
    *,
    status: Annotated[
        str | None,
        Option(
            ("--status",),
            "Only these: running, killed, done, failed, conflict, decided, interrupted, paused, aborted.",
            "STATUS",
            known=known.standings,
        ),
    ] = None,
    workflow: Annotated[str | None, _WORKFLOW] = None,
    older_than: Annotated[str | None, _OLDER] = None,
    newest: Annotated[int | None, Option(("--newest",), "Only the last so many.", "N", minimum=1)] = None,
    folder: Annotated[str | None, _IN] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """List runs: how they stand, how old they are and how long they took.

    The last started stands first. A run whose process is gone without a word is `killed`; one whose conflicts are
    decided, and which waits for `shardflow resume`, is `decided`. What a run took is the time from its first start to
    its end, the time it stood still between starts included. `shardflow runs` alone does the same.

    Exit codes: 0 listed (also if there are none), 2 wrong usage.

    For example:

      shardflow runs
      shardflow runs list --status failed --workflow 'audit*'
      shardflow runs list --older-than 7d --json
    """
    from shardflow.cli.commands.runs import ListOptions, show_runs

    return show_runs(ListOptions(status, workflow, older_than, newest, folder, as_json))


def show_run(
    run: Annotated[str, Argument("RUN", "A run directory, or its name in .shardflow/runs.")],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Show what a run is made of: its groups, and how each subagent ended.

    Of a group that has not ended, those that have succeeded so far are shown.

    Exit codes: 0 shown, 2 wrong usage.

    For example:

      shardflow runs show 20261123-101500-audit-1f3a
      shardflow runs show .shardflow/runs/20261123-101500-audit-1f3a --json
    """
    from shardflow.cli.commands.runs import show_one

    return show_one(run, as_json=as_json)


def prune_runs(
    *,
    status: Annotated[
        str | None,
        Option(
            ("--status",),
            "Which runs: done (the default), another status, or any.",
            "STATUS",
            known=known.standings,
        ),
    ] = None,
    workflow: Annotated[str | None, _WORKFLOW] = None,
    older_than: Annotated[str | None, _OLDER] = None,
    keep: Annotated[
        int | None, Option(("--keep",), "Keep the last so many runs, whatever they are.", "N", minimum=0)
    ] = None,
    folder: Annotated[str | None, _IN] = None,
    dry_run: Annotated[bool, Option(("--dry-run",), "Say what would be removed, remove nothing.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Remove run directories that are not needed any more.

    Only runs that are done are removed unless --status says otherwise: all others can still be resumed. Say at least
    one of --older-than, --keep and --workflow. A run that goes on is never removed.

    Exit codes: 0 removed, 1 something could not be removed, 2 wrong usage.

    For example:

      shardflow runs prune --older-than 7d --dry-run
      shardflow runs prune --keep 20
      shardflow runs prune --status any --older-than 30d
    """
    from shardflow.cli.commands.runs import PruneOptions, prune

    return prune(PruneOptions(status, workflow, older_than, keep, folder, dry_run, as_json))


COMMANDS: Final = (
    command(list_runs, "runs", "list"),
    command(show_run, "runs", "show"),
    command(prune_runs, "runs", "prune"),
)
