"""What the commands of the rule laboratory share: rules with their functions loaded, a context, and Hypothesis."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from shardflow.cli.commands.reading import read_input
from shardflow.errors import InvalidInput, InvalidRules, UsageError
from shardflow.execution.base import SIZE_LIMIT, read_object
from shardflow.execution.inspection.rule_books import RuleBook, rule_book
from shardflow.execution.rule_sources import load_named_rules
from shardflow.model.documents import Problem
from shardflow.model.records import replaced
from shardflow.model.values import Json

EXAMPLES = 500
"""How many examples are looked at where nobody says otherwise: some ten seconds."""


def need_hypothesis() -> None:
    """Raise UsageError where Hypothesis is not installed."""
    if find_spec("hypothesis") is None:
        raise UsageError("this needs Hypothesis, which is not installed: pip install 'shardflow[testing]'")


def book_of(name: str) -> RuleBook:
    """Read a shipped set or a file, and load its functions. Raises InvalidRules or InvalidYaml."""
    effective = load_named_rules(name)
    effective.load_functions()
    return replaced(rule_book(name), rules=effective.rules)


def books_of(names: Iterable[str]) -> list[RuleBook]:
    """Read all that a command line names, as `book_of` does. Raises InvalidRules with every problem of all of them."""
    books: list[RuleBook] = []
    problems: dict[Problem, None] = {}
    for name in names:
        try:
            books.append(book_of(name))
        except InvalidInput as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise InvalidRules(problems)
    return books


def context_of(file: str | None) -> dict[str, Json] | None:
    """Read a context that a person named. Raises UsageError or InvalidJson."""
    return None if file is None else read_object(read_input(file, SIZE_LIMIT), file)
