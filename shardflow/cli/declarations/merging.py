"""Commands that merge and compare documents and what runs recorded."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import ALL, FORMAT_OF_DIFFERENCES, JSON
from shardflow.cli.declarations.known import outcomes, rule_sets
from shardflow.cli.parameters import Argument, Option, command

_NONE: Final[list[str]] = []


def merge(
    inputs: Annotated[
        list[str],
        Argument(
            "RUN|CASE_FILE|BASE SHARD",
            "A run directory, or its name in .shardflow/runs; a case file; or the base and the shards, in rank order.",
            reads=True,
        ),
    ],
    *,
    rules: Annotated[
        str | None,
        Option(
            ("--rules",),
            "The rules to merge under: a file, or a shipped set's name.",
            "RULES",
            known=rule_sets,
            reads=True,
        ),
    ] = None,
    output: Annotated[
        str | None,
        Option(("--output", "-o"), "Where the merged context goes; - is standard output, the default.", "FILE"),
    ] = None,
    layout: Annotated[str | None, FORMAT_OF_DIFFERENCES] = None,
    only: Annotated[
        str | None,
        Option(
            ("--only",),
            "Show only decisions with a change of this outcome: conflicts, superseded, combined, agreed or applied. "
            "The counts stay whole.",
            "OUTCOME",
            known=outcomes,
        ),
    ] = None,
    whole: Annotated[bool, ALL] = False,
    decisions: Annotated[
        list[str],
        Option(
            ("--resolve",),
            "Decide about a conflict of a run, named by its path or id: take what SHARD left, the base, or a value.",
            "PATH=SHARD|base|JSON",
        ),
    ] = _NONE,
    resolutions: Annotated[
        str | None,
        Option(("--resolutions",), "Decide about conflicts of a run as a file says, YAML or JSON.", "FILE", reads=True),
    ] = None,
    interactive: Annotated[
        bool, Option(("--interactive", "-i"), "Decide about each conflict of a run at the terminal.")
    ] = False,
    without: Annotated[
        list[str],
        Option(("--without",), "Show a run's merge without this shard (or PHASE/ID, or GROUP/ID).", "ID"),
    ] = _NONE,
    added: Annotated[
        list[str],
        Option(
            ("--with",),
            "Show a run's merge with one more shard, a full copy of the base or a journal (.jsonl), behind all others. "
            "Its id is ID in context-ID.json, or give it (or PHASE/ID, or GROUP/ID) before the file. A run directory "
            "(or the folder of a group in it) adds all shards of that run's merge that started from the same base.",
            "[ID=]FILE|RUN",
        ),
    ] = _NONE,
    write: Annotated[
        bool,
        Option(("--write",), "Record the run's last merge as --rules, --without and --with make it, context included."),
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Merge shards, or merge a run again.

    With files: fold the shards into the base. A shard's id is ID in context-ID.json, otherwise its file name without
    the suffix; its rank is its place on the command line. One whose name ends in .jsonl is a journal of operations, a
    line each ({"add": "$.n", "value": 1}; set, remove, append, add); with a file of the same id it goes on where that
    ended. The table of decisions and conflicts goes to standard error, or to standard output when the merged context
    goes to a file. With conflicts nothing is merged. The base, --rules and --resolutions may come from a command, as
    <(command) or, from a pipe, as -.

    With a run directory: repeat the merges that the run recorded, and tell whether they give the same bytes.

    With --resolve, --resolutions or --interactive: decide about the conflicts of a run. Decisions are kept in the run
    directory. While some conflicts are open, a new decision about a path replaces the earlier one; when none is, the
    context is merged and the run can go on. A file of --resolutions has `resolutions:`, a list of `path:` (or
    `conflict:`, its id in conflicts.json), `take: base`, `take: {shard: ID}` or `take: {value: JSON}`, and `reason:`.

    With --rules, --without or --with: merge a run otherwise, and compare that with what it recorded; nothing is
    touched. --write records the last merge so (what was recorded stays beside it, in former-1), and updates the
    context if it is still what the run left. An earlier merge cannot be written: what came after it started from its
    result, so the workflow has to run again.

    --with RUN unites a group that ran in parts, here and elsewhere, from the same base. The outcome is that of one
    group of all their subagents, in the order of the command line; parts may be united beforehand.

    With a case file: merge what it holds, under its rules or those of --rules, and tell whether that is what it
    expects. A case is YAML or JSON: `base:`, `shards:` (id: document, in rank order), `rules:` (a shipped set, a path
    or rules as in a rule file), `expect:` with `context:` and `conflicts:`, a list of {path, shards}. One that names a
    `law:`, as `rules check` writes them, is held to it.

    Exit codes: 0 merged, 1 other bytes, an altered input or a case not as expected, 2 wrong usage or invalid input,
    3 unresolved conflicts (of a case: one that expects nothing).

    For example:

      shardflow merge base.json context-a.json context-b.json > context.json
      shardflow merge base.json a.json b.json --rules rules.yaml -o context.json
      shardflow merge base.json a.json b.json --json
      shardflow merge .shardflow/runs/20261123-101500-audit-1f3a
      shardflow merge .shardflow/runs/20261123-101500-audit-1f3a --only superseded --format markdown
      shardflow merge .shardflow/runs/20261123-101500-audit-1f3a --resolve '$.status=reviewer'
      shardflow merge .shardflow/runs/20261123-101500-audit-1f3a --rules strict.yaml --without style
      shardflow merge .shardflow/runs/20261123-101500-audit-1f3a --with /mnt/elsewhere/audit-2 --write
      shardflow merge counters.case.yaml
    """
    from shardflow.cli.commands.merging.merge import merge_inputs
    from shardflow.cli.commands.merging.options import DecisionOptions, MergeOptions, Otherwise
    from shardflow.cli.commands.selecting import selection_of
    from shardflow.cli.views.selection import Format

    shown = selection_of(layout, only, whole=whole, as_json=as_json, offered=tuple(Format))
    decided = DecisionOptions(tuple(decisions), resolutions, interactive)
    otherwise = Otherwise(tuple(without), tuple(added), write)
    return merge_inputs(MergeOptions(tuple(inputs), rules, output, decided, otherwise, shown))


def diff(
    before: Annotated[str, Argument("A", "A JSON document, or a folder of a run (see above).", reads=True)],
    after: Annotated[str, Argument("B", "The document to compare it with.", reads=True)],
    *,
    layout: Annotated[str | None, FORMAT_OF_DIFFERENCES] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Show what differs between two JSON documents.

    Every difference is told with its path and the values before and after. Values are compared strictly: 1, 1.0 and
    true are three values, null is not absent, numbers of any size are exact, the order of keys does not matter. Lists
    are compared item by item, without what they start and end with in common.

    What a command prints can be compared too, as <(command) or, from a pipe, as -.

    Of a run any two can be compared: base.json of a group; a run's or a group's folder, which stands for the context it
    came to; a subagent's folder, which stands for what its shard made of the base, whatever the shard's form.

    Exit codes, as diff(1) has them: 0 the same, 1 different, 2 wrong usage or invalid input.

    For example:

      shardflow diff base.json context-audit.json
      shardflow diff context.json context.json.old --format markdown
      shardflow diff context.json context.json.old --format deepdiff
      shardflow diff RUN/groups/01-audit/base.json RUN/groups/01-audit/sizes
      shardflow diff RUN/groups/01-audit/sizes RUN/groups/01-audit
    """
    from shardflow.cli.commands.diff import show_differences

    return show_differences(before, after, layout, as_json=as_json)


def git_driver(
    base: Annotated[str, Argument("%O", "The file in the common ancestor; empty if there is none.")],
    ours: Annotated[str, Argument("%A", "The file on our side; the result is written over it.")],
    theirs: Annotated[str, Argument("%B", "The file on their side.")],
    path: Annotated[str, Argument("%P", "Where the file stands in the repository.")],
    *,
    rules: Annotated[
        str | None,
        Option(
            ("--rules",),
            "The rules to merge under: a file, or a shipped set's name. Default: .shardflow-rules.yaml at the root of "
            "the repository, if it is there.",
            "RULES",
        ),
    ] = None,
) -> int:
    """Merge versions of a JSON file for git.

    Git calls it for merge, rebase, cherry-pick, revert and stash once it is set up (see below); ours is then the
    shard 'ours' of rank 0, theirs the shard 'theirs' of rank 1. For a merge of more than two branches at once git does
    not call it: merge one after another.

    The result keeps the indentation, line ends and final newline of our file and is otherwise in the canonical form.
    What is the same as one side stays as that side wrote it.

    Conflicts are told on standard error and stand in the file between the markers that git users know, with the base
    (diff3 style). Each holds whole members, so that whichever sides you keep, the file is valid JSON again; what is
    settled is merged already. If a side is not strict JSON, the file stays as it is on our side; git then reports a
    conflict too. A list that both sides only appended to gets both ends, ours first; where branches share commits
    (cherry-picks), `default: {lists: diff3}` in the rules makes equal items one.

    Exit codes: 0 merged, 1 conflicts, 2 wrong usage or invalid input, rules included. Git takes all but 0 for a
    conflict.

    To set it up for all context.json of a repository:

      git config merge.shardflow.name "JSON by shardflow"
      git config merge.shardflow.driver "shardflow git-driver -- %O %A %B %P"
      echo "context.json merge=shardflow" >> .gitattributes

    By hand, for example:

      shardflow git-driver base.json ours.json theirs.json settings.json --rules counters-and-metrics
    """
    from shardflow.cli.commands.git_driver import drive

    return drive(base, ours, theirs, path, rules)


COMMANDS: Final = (
    command(merge),
    command(diff),
    command(git_driver),
)
