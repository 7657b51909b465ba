"""Commands that run workflows."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import JSON
from shardflow.cli.parameters import Argument, Option, command


def run(
    workflow: Annotated[str, Argument("WORKFLOW", "The workflow, a YAML file.")],
    *,
    context: Annotated[
        str | None,
        Option(
            ("--context",),
            "The context to work on; read if it exists, created if not. Default: context.json in the run directory.",
            "FILE",
        ),
    ] = None,
    rules: Annotated[
        str | None,
        Option(("--rules",), "Rules that go over all rules of the workflow: a file, or a shipped set's name.", "RULES"),
    ] = None,
    max_parallel: Annotated[
        int | None, Option(("--max-parallel",), "Subagents that run at the same time at most.", "N", minimum=1)
    ] = None,
    run_dir: Annotated[
        str | None,
        Option(("--run-dir",), "The run directory, new or empty. Default: a new one in .shardflow/runs.", "DIR"),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
    dry_run: Annotated[bool, Option(("--dry-run",), "Check everything, show what would run, run nothing.")] = False,
    quiet: Annotated[bool, Option(("--quiet", "-q"), "Print problems only.")] = False,
) -> int:
    """Run a workflow and merge what it wrote.

    Its subagents run truly in parallel, and their shards are folded into one context. Every
    subagent gets a snapshot of the context and writes its own shard. When a group has finished, its shards are merged
    under the declared rules; the context changes in one step, or not at all.

    A subagent with `writes:` that changed anything else has failed (on_undeclared_write: warn only tells it). Where one
    declares `reads:` of what another of its group changed, the summary names the stale read.

    Exit codes: 0 done, 1 a subagent failed, 2 wrong usage or invalid input, 3 unresolved conflicts, 130 interrupted.

    For example:

      shardflow run audit.yaml
      shardflow run audit.yaml --context context.json --max-parallel 4
      shardflow run audit.yaml --rules strict.yaml --json > report.json
      shardflow run audit.yaml --dry-run
    """
    from shardflow.cli.commands.run import RunOptions, run_file

    return run_file(RunOptions(workflow, context, rules, max_parallel, run_dir, as_json, dry_run, quiet))


COMMANDS: Final = (command(run),)
