"""What the commands of the rule laboratory share: rules with their functions loaded, a context, and Hypothesis."""

from __future__ import annotations

import os
from importlib.util import find_spec

from shardflow.cli.commands.reading import read_input
from shardflow.errors import UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, read_object
from shardflow.execution.inspection.rule_books import RuleBook, rule_book
from shardflow.execution.rules.sources import load_named_rules
from shardflow.model.records import replaced
from shardflow.model.values import Json

EXAMPLES = 500
"""How many examples are looked at where nobody says otherwise: some ten seconds."""


def need_hypothesis() -> None:
    """Have Hypothesis keep nothing in the current folder. Raises UsageError where it is not installed."""
    if find_spec("hypothesis") is None:
        raise UsageError("this needs Hypothesis, which is not installed: pip install 'shardflow[testing]'")
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.devnull)  # no folder: it goes on without one


def book_of(name: str) -> RuleBook:
    """Read a shipped set or a file, and load its functions. Raises InvalidRules or InvalidYaml."""
    effective = load_named_rules(name)
    effective.load_functions()
    return replaced(rule_book(name), rules=effective.rules)


def context_of(file: str | None) -> dict[str, Json] | None:
    """Read a context that a person named. Raises UsageError or InvalidJson."""
    return None if file is None else read_object(read_input(file, SIZE_LIMIT), file)
