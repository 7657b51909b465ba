"""`shardflow runs`: what was run here, what one run came to, and making room."""

from __future__ import annotations

import re
import time
from typing import Final

from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import place
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.runs import (
    overview_object,
    overview_text,
    pruned_object,
    pruned_text,
    runs_object,
    runs_text,
)
from shardflow.errors import ShardflowError, UsageError
from shardflow.execution.inspection.runs import ANY, Wanted, overview, prunable, sweep
from shardflow.execution.inspection.runs import prune as throw_away
from shardflow.execution.reporting.report import Status
from shardflow.model.documents import did_you_mean
from shardflow.model.records import record, replaced
from shardflow.storage.excerpts import printable
from shardflow.storage.runs.folders import RUNS
from shardflow.storage.runs.listing import KILLED, FoundRun, list_runs, run_named

_AGE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
STANDINGS: Final = {*(status.value for status in Status if status is not Status.SKIPPED), KILLED, ANY}


@record
class ListOptions:
    """What the command line says about listing."""

    status: str | None
    workflow: str | None
    older_than: str | None
    newest: int | None
    folder: str | None
    as_json: bool


@record
class PruneOptions:
    """What the command line says about removing."""

    status: str | None
    workflow: str | None
    older_than: str | None
    keep: int | None
    folder: str | None
    dry_run: bool
    as_json: bool


def show_runs(options: ListOptions) -> int:
    """List runs; give the exit code."""
    now = time.time()
    wanted = Wanted(_standing(options.status or ANY), options.workflow, _age(options.older_than), options.newest)
    found = wanted.of(list_runs(options.folder or RUNS), now)
    if options.as_json:
        CONSOLE.hand_over(object_bytes(runs_object(found, now)))
    elif found:
        CONSOLE.say(runs_text(found, now))
    else:
        every = replaced(_ALL, folder=options.folder)
        CONSOLE.say(f"no runs in {place(options.folder or RUNS)}" + ("" if options == every else " like that"))
    return 0


_ALL: Final = ListOptions(None, None, None, None, None, as_json=False)


def show_one(name: str, *, as_json: bool) -> int:
    """Show one run; give the exit code."""
    found = overview(run_named(name))
    if as_json:
        CONSOLE.hand_over(object_bytes(overview_object(found, time.time())))
    else:
        CONSOLE.say(overview_text(found, time.time()))
    return 0


def prune(options: PruneOptions) -> int:
    """Remove runs; give the exit code."""
    if options.older_than is None and options.keep is None and options.workflow is None:
        raise UsageError("say which runs to remove: --older-than AGE, --keep N or --workflow NAME")
    wanted = Wanted(_standing(options.status or Status.DONE.value), options.workflow, _age(options.older_than))
    if not options.dry_run:
        sweep(options.folder or RUNS)
    removed: list[FoundRun] = []
    failed: list[str] = []
    for run in list(prunable(options.folder or RUNS, wanted, options.keep or 0, time.time())):
        try:
            if not options.dry_run:
                throw_away(run)
            removed.append(run)
        except (ShardflowError, OSError) as error:
            failed.append(str(error))
    code = 1 if failed else 0
    if options.as_json:
        CONSOLE.hand_over(object_bytes(pruned_object(removed, failed, code, dry_run=options.dry_run)))
    else:
        CONSOLE.say(pruned_text(removed, dry_run=options.dry_run))
        for problem in failed:
            CONSOLE.complain(f"problem: {printable(problem)}")
    return code


def _standing(text: str) -> str:
    if text not in STANDINGS:
        raise UsageError(f"no status {printable(text)!r}; {did_you_mean(text, STANDINGS)}")
    return text


def _age(text: str | None) -> float | None:
    if text is None:
        return None
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"--older-than takes an age such as 90s, 30m, 12h or 7d, not {printable(text)!r}")
    return float(found[1]) * _SECONDS[found[2]]
