"""Commands about rules: which there are, what they mean, which of them decides."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import JSON
from shardflow.cli.declarations.known import rule_sets, rule_sets_and_strategies
from shardflow.cli.parameters import Argument, Option, command

_NONE: Final[list[str]] = []


def list_rules(
    *,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """List the rule sets that ship, and all strategies.

    A rule set is used by its name wherever rules are named: `rules: findings` in a workflow, `extends: [findings]` in a
    rule file, `--rules findings` on the command line. A strategy is what a rule settles a path by.

    For example:

      shardflow rules list
      shardflow rules list --json
    """
    from shardflow.cli.commands.rules.listing import list_all

    return list_all(as_json=as_json)


def show_rules(
    name: Annotated[
        str,
        Argument("NAME|FILE", "A shipped rule set, a strategy, or a rule file.", rule_sets_and_strategies, reads=True),
    ],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Show a rule set or a strategy.

    Of a rule set: its rules in the order they are asked, the first that matches a path decides, with where each was
    written. The rules of sets it extends stand behind its own. Of a strategy, or a rule set that ships: its page, that
    is what it does, why, its known problems, an example and the laws it keeps.

    Commutative means that the order of shards does not matter (up to order: only for that of items in lists),
    associative that merging some shards first gives the same, idempotent that what several shards say counts once,
    monotone that a change that goes further never takes the outcome back.

    Exit codes: 0 shown, 2 no such rules or strategy, or invalid rules.

    For example:

      shardflow rules show findings
      shardflow rules show rules.yaml
      shardflow rules show keyed
    """
    from shardflow.cli.commands.rules.showing import show

    return show(name, as_json=as_json)


def explain_path(
    path: Annotated[str, Argument("PATH", "The path of a value, as conflicts and tables show it.")],
    *,
    rules: Annotated[
        str | None,
        Option(
            ("--rules",),
            "The rules: a file, or a shipped set's name. Default: no rules.",
            "RULES",
            known=rule_sets,
            reads=True,
        ),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Say which rule decides a path, and why.

    Shown are the rule that decides, the rules asked before it and why they do not match, those behind it that match
    too, and what is asked on the way down to the path. Where no rule matches, the kind of value decides. If a rule
    settles a value around the path whole, no rule is asked about what is inside, and that rule is shown.

    Exit codes: 0 told, 2 no such path or invalid rules.

    For example:

      shardflow rules explain '$.findings[0].severity' --rules findings
      shardflow rules explain '$.stats.counters.files' --rules rules.yaml --json
    """
    from shardflow.cli.commands.rules.explaining import explain_for_people

    return explain_for_people(path, rules, as_json=as_json)


def lint_rules(
    files: Annotated[list[str], Argument("FILE", "Rule files, or names of shipped rule sets.", reads=True)],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Check rule files, and all they extend.

    All errors of all files are told at once, each with its file and line: what cannot be read, unknown strategies and
    bad arguments, rules that can never decide because others cover them, sets that extend each other in a circle. Of
    valid files warnings are told: rules that will do nothing, or only ever make conflicts, and what a file declares
    that is no law.

    Exit codes: 0 all valid, warnings or not, 2 errors.

    For example:

      shardflow rules lint rules.yaml
      shardflow rules lint rules/*.yaml --json
    """
    from shardflow.cli.commands.rules.linting import lint_files

    return lint_files(tuple(files), as_json=as_json)


def check_rules(
    files: Annotated[list[str], Argument("FILE", "Rule files, or names of shipped rule sets.", reads=True)],
    *,
    examples: Annotated[
        int | None, Option(("--examples",), "How many examples to look at. Default: 500.", "N", minimum=1)
    ] = None,
    seed: Annotated[
        int | None,
        Option(("--seed",), "The same seed gives the same examples. Default: 0.", "S", minimum=0),
    ] = None,
    like: Annotated[
        str | None,
        Option(
            ("--like",),
            "A context, JSON: examples have its members and values near those it has too.",
            "CONTEXT",
            reads=True,
        ),
    ] = None,
    laws: Annotated[
        list[str], Option(("--law",), "Hold them to this law only, declared or not, without exceptions.", "LAW")
    ] = _NONE,
    cases: Annotated[
        str | None, Option(("--cases",), "The folder that counterexamples go to. Default: the current one.", "FOLDER")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Hold rule sets to their laws, by examples made up for their paths.

    Laws of every merge are required: permutation, identity, single writer, no lost change, no invention, as documented,
    locality, first match, grouping, duplicate shard, replay. Those that a set declares in the section Laws of its
    first comment are asked for too, and those that functions of its own declare in their docstrings: commutative,
    commutative up to order, associative, idempotent. What is declared with an exception, `(but ...)`, is told and
    breaks nothing, unless --law asks for it; what held and is not declared is suggested.

    What breaks a law is made as small as can be and written to a case file, SET-LAW.case.yaml: `shardflow merge`
    replays it, and pytest fails on it until the law is kept (the plugin comes with shardflow).

    A function that failed in every example was not checked: it left nothing but conflicts, which keep every law. It is
    told as such, as is a law that is declared and not known. --like draws values that a function may be meant for.
    All examples are asked in one process, so a function that depends on the order of a Python set is not found out.

    Needs Hypothesis: pip install 'shardflow[testing]'.

    Exit codes: 0 all laws kept, 1 one is broken or could not be checked, 2 wrong usage or invalid rules.

    For example:

      shardflow rules check rules.yaml
      shardflow rules check rules.yaml --like context.json --examples 5000 --seed 7
      shardflow rules check findings --law idempotent --cases tests/cases
    """
    from shardflow.cli.commands.rules.checking import Checking, check_files

    return check_files(tuple(files), Checking(examples, seed, like, tuple(laws), cases), as_json=as_json)


def cover_rules(
    files: Annotated[list[str], Argument("FILE", "Rule files, or names of shipped rule sets.", reads=True)],
    *,
    by: Annotated[
        list[str],
        Option(
            ("--by",),
            "Also what these exercise: a case file, a folder as case run takes it, or a run directory.",
            "CASE|RUN",
        ),
    ] = _NONE,
    context: Annotated[
        str | None,
        Option(("--context",), "A context, JSON: tell which of its paths no rule covers.", "CONTEXT", reads=True),
    ] = None,
    examples: Annotated[
        int | None, Option(("--examples",), "How many examples to make up. Default: 500.", "N", minimum=1)
    ] = None,
    seed: Annotated[
        int | None,
        Option(("--seed",), "The same seed gives the same examples. Default: 0.", "S", minimum=0),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Tell which rules were exercised, in which situations, and how they settled them.

    A situation is what shards did at a path (one changed it, all alike, differently, some removed it) with what became
    of it (taken, combined, superseded, in conflict, gone into). Made-up examples show which situations there are; with
    --by, those that none of your cases and runs exercised are told. Of functions of your own, lines that never ran are
    told too.

    With --context, made-up examples are also like it, and every path of it is told that no rule covers.

    Needs Hypothesis: pip install 'shardflow[testing]'.

    Exit codes: 0 told, 2 wrong usage or invalid rules.

    For example:

      shardflow rules coverage rules.yaml --context context.json
      shardflow rules coverage rules.yaml --by tests/cases --by .shardflow/runs/20261123-101500-audit-1f3a
      shardflow rules coverage findings --json
    """
    from shardflow.cli.commands.rules.covering import Covering, cover_files

    return cover_files(tuple(files), Covering(tuple(by), context, examples, seed), as_json=as_json)


COMMANDS: Final = (
    command(list_rules, "rules", "list"),
    command(show_rules, "rules", "show"),
    command(explain_path, "rules", "explain"),
    command(lint_rules, "rules", "lint"),
    command(check_rules, "rules", "check"),
    command(cover_rules, "rules", "coverage"),
)
