"""Commands about rules: which there are, what they mean, which of them decides."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import JSON
from shardflow.cli.parameters import Argument, command


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
    name: Annotated[str, Argument("NAME|FILE", "A shipped rule set, a strategy, or a rule file.")],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Show a rule set or a strategy.

    Of a rule set: its rules in the order they are asked, the first that matches a path decides, with where each was
    written. The rules of sets it extends stand behind its own. Of a strategy: its page, that is what it does, why, its
    known problems, an example and the laws it keeps. What a rule set that ships says of itself is shown too.

    Exit codes: 0 shown, 2 no such rules or strategy, or invalid rules.

    For example:

      shardflow rules show findings
      shardflow rules show rules.yaml
      shardflow rules show keyed
    """
    from shardflow.cli.commands.rules.showing import show

    return show(name, as_json=as_json)


COMMANDS: Final = (
    command(list_rules, "rules", "list"),
    command(show_rules, "rules", "show"),
)
