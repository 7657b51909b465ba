"""`shardflow rules show`: one rule set, or the page of one strategy."""

from __future__ import annotations

from shardflow.cli.console import CONSOLE
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.rules.rule_sets import book_object, book_text, page_text, strategy_object
from shardflow.errors import UsageError
from shardflow.execution.inspection.rule_books import rule_book
from shardflow.execution.rules.sources import is_rule_file, shipped_rule_sets
from shardflow.merge.guide.pages import page_of
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.model.documents import did_you_mean


def show(name: str, *, as_json: bool) -> int:
    """Print what the name stands for and give the exit code. Raises UsageError, or InvalidInput for bad rules."""
    sets = shipped_rule_sets()
    if is_rule_file(name) or name in sets:
        book = rule_book(name)
        told, text = book_object(book), book_text(book)
    elif name in STRATEGIES:
        page = page_of(STRATEGIES[name].page)
        told, text = strategy_object(name, page), page_text(f"{name} (a strategy)", page)
    else:
        raise UsageError(f"no rule set or strategy '{name}'; {did_you_mean(name, [*sets, *STRATEGIES])}")
    CONSOLE.hand_over(object_bytes(told)) if as_json else CONSOLE.say(text)
    return 0
