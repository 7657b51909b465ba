"""Commands about cases: merges with what is expected of them."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import JSON, QUIET
from shardflow.cli.parameters import Argument, Option, command


def save_case(
    run_dir: Annotated[str, Argument("RUN", "A run directory, or its name in .shardflow/runs.")],
    name: Annotated[str, Argument("NAME", "What to call the case: NAME.case.yaml, or a path with its suffix.")],
    *,
    phase: Annotated[
        str | None,
        Option(("--phase",), "The phase, or the group of it, whose merge is meant. Default: the only one.", "PHASE"),
    ] = None,
    shrink: Annotated[
        bool,
        Option(("--shrink",), "Leave out what the conflicts do not need; if none, keep a decision of each kind."),
    ] = False,
    redact: Annotated[
        bool, Option(("--redact",), "Replace all texts, equal ones by equal ones, but for those the rules speak of.")
    ] = False,
    redact_numbers: Annotated[
        bool, Option(("--redact-numbers",), "Replace all numbers likewise, and all texts.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Save the merge of a run as a case.

    The case holds the base, what every merged shard left, the rules and what was decided about conflicts; what comes
    out of it is what it expects from now on, conflicts too. `shardflow merge` replays it, and pytest collects it.

    --shrink leaves out shards, rules, members and list items, as long as all conflicts come out as they did; where
    there are none, as long as the first decision of each rule and outcome does.

    With --redact equal texts stay equal and different ones different, in the same order, line by line. Empty texts,
    those that rules speak of, the names of members and the ids of shards stay as they are, so look at the case before
    you hand it on. A case that would be decided otherwise when redacted is not saved.

    Exit codes: 0 saved, 1 a recorded file was altered, 2 wrong usage, or the file is there already.

    For example:

      shardflow case save .shardflow/runs/20261123-101500-audit-1f3a lost-count
      shardflow case save RUN tests/cases/clash.case.yaml --phase audit --shrink --redact
    """
    from shardflow.cli.commands.cases.saving import SavingOptions, save

    return save(SavingOptions(run_dir, name, phase, shrink, redact or redact_numbers, redact_numbers, as_json))


def run_cases(
    files: Annotated[list[str], Argument("FILE|FOLDER", "Case files, and folders that hold some.")],
    *,
    quiet: Annotated[bool, QUIET] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Replay cases, and tell which do not come out as they expect.

    A folder stands for every file in it, at any depth, whose name ends in .case.yaml, .case.yml or .case.json. A case
    that expects nothing does not come out as expected.

    Exit codes: 0 all as expected, 1 some are not, 2 some cannot be read.

    For example:

      shardflow case run tests/cases
      shardflow case run counters.case.yaml --json
    """
    from shardflow.cli.commands.cases.running import run

    return run(files, quiet=quiet, as_json=as_json)


COMMANDS: Final = (
    command(save_case, "case", "save"),
    command(run_cases, "case", "run"),
)
