"""What the commands of the rule laboratory share: rules with their functions loaded, a context, and Hypothesis."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import TypeVar

from shardflow.cli.commands.reading import read_input
from shardflow.errors import InvalidInput, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, read_object
from shardflow.execution.inspection.rule_books import RuleBook, rule_book
from shardflow.execution.rules.sources import load_named_rules
from shardflow.model.records import replaced
from shardflow.model.values import Json

T = TypeVar("T")

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


def read_all(read: Callable[[str], T], names: Iterable[str]) -> list[T]:
    """Read all that a command line names. Raises InvalidInput or UsageError with what is wrong with any of them."""
    found: list[T] = []
    wrong: list[InvalidInput | UsageError] = []
    for name in names:
        try:
            found.append(read(name))
        except (InvalidInput, UsageError) as error:
            wrong.append(error)
    if wrong:
        raise wrong[0] if len(wrong) == 1 else _all_in_one(wrong)
    return found


def _all_in_one(wrong: Sequence[InvalidInput | UsageError]) -> InvalidInput | UsageError:
    invalid = [error for error in wrong if isinstance(error, InvalidInput)]
    if len(invalid) == len(wrong):
        return InvalidInput(dict.fromkeys(problem for error in invalid for problem in error.problems))
    return UsageError("\n".join(dict.fromkeys(map(str, wrong))))


def context_of(file: str | None) -> dict[str, Json] | None:
    """Read a context that a person named. Raises UsageError or InvalidJson."""
    return None if file is None else read_object(read_input(file, SIZE_LIMIT), file)
