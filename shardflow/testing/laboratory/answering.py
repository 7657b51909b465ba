"""Whether a function of one's own ever answers: conflicts are all that is left of one that fails, and keep all laws."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from shardflow.merge.engine import merge
from shardflow.merge.rules import RuleSet
from shardflow.merge.site import Site, Unsettled, Verdict
from shardflow.model.records import replaced
from shardflow.testing.laboratory.places import Place, groups_at
from shardflow.testing.laboratory.search import Effort, look_at
from shardflow.testing.laws import Group

_EXAMPLES: Final = 100
_FAILED: Final = re.compile(r"the function .+? (raised|returned what cannot stand here|cannot be asked)")
"""How the reason of a conflict begins that tells of a failure; one that the function gave itself is an answer."""


def failure(place: Place, seed: int) -> str | None:
    """Tell how the function at a place failed, if it did so whenever some examples asked it; None if it ever answered.

    What options settle without asking it, a value of another kind than the rule expects, is no answer.
    """
    told: list[Verdict] = []
    rules = _overheard(place, told.append)

    def look(group: Group) -> None:
        merge(group.base, group.deltas, rules)

    look_at(groups_at(place), look, Effort(_EXAMPLES, seed))
    failed = [verdict.reason for verdict in told if isinstance(verdict, Unsettled) and _FAILED.match(verdict.reason)]
    return f"{failed[0]}, and failed in every example" if failed and len(failed) == len(told) else None


def _overheard(place: Place, hear: Callable[[Verdict], None]) -> RuleSet:
    """Give the rules of a place, with somebody who hears what the one that decides there says."""
    rule = place.rules.first_match(place.path)
    assert rule is not None

    def settle(site: Site) -> Verdict:
        verdict = rule.strategy.settle(site)
        hear(verdict)
        return verdict

    overheard = replaced(rule, strategy=replaced(rule.strategy, settle=settle))
    return RuleSet([overheard if one is rule else one for one in place.rules.rules], place.rules.defaults)
