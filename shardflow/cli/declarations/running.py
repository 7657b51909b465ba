"""Commands that run workflows."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import ANSWERS, JSON, QUIET, YES
from shardflow.cli.declarations.known import rule_sets
from shardflow.cli.parameters import Argument, Option, command


def run(
    workflow: Annotated[str, Argument("WORKFLOW", "The workflow, a YAML file.", reads=True)],
    *,
    context: Annotated[
        str | None,
        Option(
            ("--context",),
            "The context to work on; read if it exists, created if not. Default: context.json in the run directory.",
            "FILE",
            reads=True,
        ),
    ] = None,
    rules: Annotated[
        str | None,
        Option(
            ("--rules",),
            "Rules in place of all rules of the workflow: a file, or a shipped set's name.",
            "RULES",
            known=rule_sets,
            reads=True,
        ),
    ] = None,
    max_parallel: Annotated[
        int | None, Option(("--max-parallel",), "Subagents that run at the same time at most.", "N", minimum=1)
    ] = None,
    run_dir: Annotated[
        str | None,
        Option(("--run-dir",), "The run directory, new or empty. Default: a new one in .shardflow/runs.", "DIR"),
    ] = None,
    feature: Annotated[
        str | None,
        Option(
            ("--feature",),
            "What a run of the shell engine is for; outputs go to .temp/NAME. Default: from the workflow's name.",
            "NAME",
        ),
    ] = None,
    flag: Annotated[
        list[str],
        Option(("--flag",), "A flag for the feature, kept in the context; may be given several times.", "F"),
    ] = [],  # noqa: B006  # never changed: the declaration of a repeated option
    agents: Annotated[
        str | None, Option(("--agents",), "Which program runs each `type`; goes before the workflow's agents.", "FILE")
    ] = None,
    answers: Annotated[str | None, ANSWERS] = None,
    yes: Annotated[bool, YES] = False,
    serial: Annotated[
        bool,
        Option(("--serial",), "Run one subagent after another, as where there are no locks: slower, same result."),
    ] = False,
    reuse: Annotated[
        bool,
        Option(("--reuse",), "Take shards of other runs of the workflow where all they depend on is the same."),
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    dry_run: Annotated[bool, Option(("--dry-run",), "Check everything, show what would run, run nothing.")] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> int:
    """Run a workflow and merge what it wrote.

    Every subagent of a parallel phase gets a snapshot of the context and writes its own shard. When all have finished,
    the shards are merged under the declared rules; the context changes in one step, or not at all.

    A subagent with `writes:` that changed anything else has failed (on_undeclared_write: warn only tells it). Where one
    declares `reads:` of what another of its group changed, the summary names the stale read.

    Workflows of the shell engine (`*.workflow.yaml`) run as they are, with --feature NAME: in .temp/NAME, and their
    context has the fields that engine kept. Checkpoints are asked at the terminal; without one, and without --yes or
    --answers, the run pauses, and `shardflow resume` asks again.

    Exit codes: 0 done, 1 a subagent or something else failed, 2 wrong usage or invalid input, 3 unresolved conflicts,
    4 aborted or paused at a checkpoint, 130 interrupted, 143 terminated.

    For example:

      shardflow run audit.yaml
      shardflow run plan.workflow.yaml --feature user-profile --flag=--frontend --agents agents.yaml
      shardflow run audit.yaml --context context.json --max-parallel 4
      shardflow run audit.yaml --rules strict.yaml --json > report.json
      shardflow run audit.yaml --dry-run
    """
    from shardflow.cli.commands.running.feature import FeatureOptions
    from shardflow.cli.commands.running.run import RunOptions, run_file

    about = FeatureOptions(feature, tuple(flag), agents, answers, yes)
    options = RunOptions(workflow, context, rules, max_parallel, run_dir, as_json, dry_run, quiet, about, serial, reuse)
    return run_file(options)


def resume(
    run: Annotated[
        str | None,
        Argument("RUN", "A run directory, or its name in .shardflow/runs. Default: the last run that is not done."),
    ] = None,
    *,
    workflow: Annotated[
        str | None,
        Option(("--workflow",), "Where the workflow is now. Default: where it was when the run started.", "FILE"),
    ] = None,
    context: Annotated[
        str | None, Option(("--context",), "Where the context that the run was given is now.", "FILE")
    ] = None,
    rules: Annotated[
        str | None, Option(("--rules",), "Where the rules that the run was given are now.", "FILE|NAME", reads=True)
    ] = None,
    rerun: Annotated[
        list[str],
        Option(("--rerun",), "Run this subagent again, ID or PHASE/ID; may be given several times.", "ID"),
    ] = [],  # noqa: B006  # never changed: the declaration of a repeated option
    from_phase: Annotated[
        str | None, Option(("--from",), "Run this phase and all after it again, whatever they left.", "PHASE")
    ] = None,
    answers: Annotated[str | None, ANSWERS] = None,
    yes: Annotated[bool, YES] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> int:
    """Go on with a run that ended before it was done.

    It may have been killed or interrupted, have failed, be in conflict, or stand at a checkpoint, which is asked again.
    What was finished is not paid for again: merged groups stay merged, shards of subagents that succeeded and answers
    of arbiters are used again, everything else runs. The result is the same, byte for byte, as if nothing had happened.

    The workflow and its rules are read again, so they may be corrected first. A shard is used again if its subagent's
    phase, id, command, environment, folder and form of shard are the same, and so is the context it started from, or
    what of that its `reads:` name. Files that a command reads are not looked at: name its subagent with --rerun if one
    was edited. While a phase runs again, the file of the context holds what that phase started from.

    A run directory may have been moved, to another machine too: say where the workflow is there, and the context and
    rules if the run was given these.

    Exit codes: 0 done, 1 a subagent or something else failed, 2 wrong usage or invalid input, 3 unresolved conflicts,
    4 aborted or paused at a checkpoint, 130 interrupted, 143 terminated.

    For example:

      shardflow resume
      shardflow resume 20261123-101500-audit-1f3a
      shardflow resume --rerun security --rerun report/writer
      shardflow resume --from report --json
      shardflow resume moved/run --workflow moved/audit.yaml --context moved/context.json
    """
    from shardflow.cli.commands.running.resume import Moved, ResumeOptions
    from shardflow.cli.commands.running.resume import resume as go_on

    moved = Moved(workflow, context, rules)
    return go_on(ResumeOptions(run, moved, tuple(rerun), from_phase, as_json, quiet, answers, yes))


COMMANDS: Final = (command(run), command(resume))
