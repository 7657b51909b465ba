"""The commands, each declared once: names, parameters, help. What they do is imported only when one is called.

Declarations are read family by family, and a well-formed line reads only the one it belongs to: start-up is felt.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from shardflow.cli.parameters import Command

_FAMILIES: Final = {
    "run": "running",
    "resume": "running",
    "merge": "merging",
    "blame": "inspecting",
    "diff": "merging",
    "validate": "checking",
    "git-driver": "merging",
    "rules": "rules",
    "case": "cases",
    "runs": "runs",
}
"""The module of each command, by its first word, in the order the help lists them (groups come last)."""

_ALONE: Final = {"runs": "list"}
"""The second word that is meant where a first word stands alone, or with options only."""

GROUPS: Final = {
    "rules": """Look at rule sets and strategies, and check rules of your own.

    For example:

      shardflow rules list
      shardflow rules show findings
      shardflow rules explain '$.findings[0].severity' --rules rules.yaml
      shardflow rules lint rules.yaml
      shardflow rules check rules.yaml
      shardflow rules coverage rules.yaml --context context.json
    """,
    "case": """Save merges of runs as cases, and replay cases.

    A case is one merge, base, shards and rules, with the context and the conflicts expected of it.

    For example:

      shardflow case save .shardflow/runs/20261123-101500-audit-1f3a lost-count
      shardflow case run tests/cases
      shardflow merge lost-count.case.yaml
    """,
    "runs": """List runs, look into one, remove old ones; alone it lists them.

    For example:

      shardflow runs
      shardflow runs show 20261123-101500-audit-1f3a
      shardflow runs prune --older-than 7d
    """,
}
"""What the commands of two words with the same first are about."""


def commands_of(word: str) -> tuple[Command, ...]:
    """Give the commands whose first word is this one; none for a word that is no command."""
    if word not in _FAMILIES:
        return ()
    family: tuple[Command, ...] = import_module(f"{__name__}.{_FAMILIES[word]}").COMMANDS
    return tuple(command for command in family if command.words[0] == word)


def completed(line: list[str]) -> list[str]:
    """Give a command line with the second word that is meant."""
    word, *rest = line or [""]
    is_alone = word in _ALONE and (not rest or (rest[0].startswith("-") and rest[0] != "--help"))
    return [word, _ALONE[word], *rest] if is_alone else line


def all_commands() -> tuple[Command, ...]:
    """Give every command, in the order the help lists them."""
    return tuple(command for word in _FAMILIES for command in commands_of(word))
