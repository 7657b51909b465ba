"""The law that a case names, held where the case is replayed. Whoever has no such case never loads the kit."""

from __future__ import annotations

from shardflow.cli.views.display import printable_lines
from shardflow.merge.cases import Case
from shardflow.merge.rules import RuleSet


def broken_law(case: Case, rules: RuleSet) -> tuple[str, ...]:
    """Say how the case breaks the law it names; nothing if it keeps it, or names none.

    Raises UsageError for a law that there is not.
    """
    if not case.law:
        return ()
    from shardflow.testing.laws.holding import hold
    from shardflow.testing.laws.outcomes import LawBroken

    try:
        hold(case, rules)
    except LawBroken as broken:
        return tuple(printable_lines(str(broken)).split("\n"))
    return ()
