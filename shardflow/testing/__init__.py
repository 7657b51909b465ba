"""The kit for people who write rules: generators that meet each other and shrink well, laws by name, and one call that
holds a rule set or a strategy to them.

    from shardflow.testing import check_rules, check_strategy

    def test_our_strategy_keeps_its_laws():
        check_strategy(longest)                 # a function as `custom` rules name it

A law is asked about one group, in a test of your own by `LAWS["grouping"](ENGINE, group, rules)`; it raises LawBroken.

Needs the extra `testing` (Hypothesis), but for `LAWS` and `ENGINE`, plain functions. Production code imports it only
for `shardflow rules check` and `rules coverage`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardflow.testing.generators import (
        Like,
        Schema,
        contexts,
        groups,
        json_values,
        rule_sets,
        shards,
    )
    from shardflow.testing.laboratory.conformance import check_rules, check_strategy
    from shardflow.testing.laws import ENGINE, LAWS, Group, LawBroken

__all__ = [
    "ENGINE",
    "LAWS",
    "Group",
    "LawBroken",
    "Like",
    "Schema",
    "check_rules",
    "check_strategy",
    "contexts",
    "groups",
    "json_values",
    "rule_sets",
    "shards",
]

_LAWS = ("ENGINE", "LAWS", "Group", "LawBroken")
_CONFORMANCE = ("check_rules", "check_strategy")


def __dir__() -> list[str]:
    """List the public names too, loaded or not, for `help` and whoever completes a line."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """Load a public name from its home (PEP 562): pytest loads the plugin of this package wherever it is installed."""
    if name not in __all__:
        raise AttributeError(f"module 'shardflow.testing' has no attribute {name!r}")
    home = "laws" if name in _LAWS else "laboratory.conformance" if name in _CONFORMANCE else "generators"
    return getattr(import_module(f"{__name__}.{home}"), name)
