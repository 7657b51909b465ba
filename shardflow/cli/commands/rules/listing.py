"""`shardflow rules list`: the rule sets that ship, and all strategies."""

from __future__ import annotations

from shardflow.cli.console import CONSOLE
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.rules.rule_sets import listing_lines, listing_object
from shardflow.execution.inspection.rule_books import shipped_books
from shardflow.merge.strategies.registry import STRATEGIES


def list_all(*, as_json: bool) -> int:
    """Print the lists and give the exit code."""
    books = list(shipped_books())
    if as_json:
        CONSOLE.hand_over(object_bytes(listing_object(books, STRATEGIES)))
    else:
        CONSOLE.say("\n".join(listing_lines(books, STRATEGIES)))
    return 0
