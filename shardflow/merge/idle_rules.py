"""Rules that can never decide anything: found when they are read, since whoever wrote them meant something by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from shardflow.merge.rules import Rule, RuleSet
from shardflow.model.patterns import Child, Pattern, covered, earlier_of_names

_Ruled: TypeAlias = tuple[int, Rule, Pattern]


def idle_rules(rules: Sequence[Rule]) -> Iterator[tuple[int, str]]:
    """Give which of the rules of one file can never decide a path, by number, each with what keeps it from that.

    Rules of an extended file are not asked about: whoever extends it may override them freely.
    """
    all_rules = RuleSet(rules)
    ruled = [(number, rule, rule.pattern) for number, rule in enumerate(rules) if rule.pattern is not None]
    for index, earlier in earlier_of_names([pattern for _, _, pattern in ruled]):
        number, _, pattern = ruled[index]
        blocker = _covering(pattern, [ruled[other] for other in earlier]) or _settled_above(pattern, all_rules)
        if blocker is not None:
            yield number, blocker


def _covering(pattern: Pattern, earlier: Sequence[_Ruled]) -> str | None:
    if not earlier or not covered(pattern, [other for _, _, other in earlier]):
        return None
    alone = next((rule for _, rule, other in earlier if covered(pattern, [other])), None)
    found = f"the earlier rule at {alone.origin} covers it" if alone else "the earlier rules together cover it"
    return f"{found}; remove it or move it up"


def _settled_above(pattern: Pattern, rules: RuleSet) -> str | None:
    """Find the rule that settles whole a value this rule's path lies inside.

    It is looked for as far as the path is made of names, and of wildcards where no member is ruled by its name.
    """
    node = rules.root
    for step in pattern.steps:
        if node.match is not None and not node.match.strategy.structural:
            return f"{node.match.ref} settles the value around it whole; remove one of them"
        if not isinstance(step, Child) or (step.name is None and node.names):
            return None
        node = node.below(0 if step.name is None else step.name)
    return None
