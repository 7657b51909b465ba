"""Values that shells complete, looked up only when one asks for them."""

from __future__ import annotations

from collections.abc import Iterable


def formats() -> Iterable[str]:
    """The forms in which anything can be printed."""
    from shardflow.cli.views.selection import COMMON

    return [form.value for form in COMMON]


def formats_of_differences() -> Iterable[str]:
    """The forms in which differences can be printed."""
    from shardflow.cli.views.selection import Format

    return [form.value for form in Format]


def outcomes() -> Iterable[str]:
    """What `--only` takes."""
    from shardflow.cli.commands.selecting import OUTCOMES

    return OUTCOMES


def standings() -> Iterable[str]:
    """How a run may stand."""
    from shardflow.cli.commands.runs import STANDINGS

    return sorted(STANDINGS)


def rule_sets() -> Iterable[str]:
    """The rule sets that ship; files are completed by the shell."""
    from shardflow.execution.rules.sources import shipped_rule_sets

    return shipped_rule_sets()


def rule_sets_and_strategies() -> Iterable[str]:
    """What has a page of its own."""
    from shardflow.merge.strategies.registry import STRATEGIES

    return [*rule_sets(), *STRATEGIES]
