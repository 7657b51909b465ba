"""Decisions: what a merge settled at one path, who took part, and what became of each change.

Law: every change of every shard stands in exactly one decision, with exactly one outcome.
A conflict is a decision too, and a value: nothing is raised, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeAlias

from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import Json, Value


class Outcome(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    """The result is this shard's value, and no other shard said the same."""
    AGREED = "agreed"
    """The result is this shard's value, and others made the same change."""
    COMBINED = "combined"
    """A strategy made the result of several values, this one among them."""
    SUPERSEDED = "superseded"
    """A rule preferred another value; `Settled.superseded_by` tells whose and `Decision.rule` by what right."""
    CONFLICT = "conflict"
    """No rule settles it."""


@record
class RuleRef:
    """Which rule decided: its pattern and strategy as written, and where (`rules.yaml:14`; empty for the default)."""

    pattern: str
    strategy: str
    origin: str

    def __str__(self) -> str:
        """Show as one phrase, such as `sum at $.n (rules.yaml:14)`."""
        where = f" at {self.pattern}" if self.pattern else ""
        return f"{self.strategy}{where} ({self.origin})" if self.origin else f"{self.strategy}{where}"


@record
class Contribution:
    """One shard's change at the path of its decision: the value it left there and what became of it."""

    shard: str
    rank: int
    after: Value
    outcome: Outcome


@record
class Settled:
    """A decision with a value. Contributions stand in rank order.

    `superseded_by` names, by rank, the shards that what stands here now comes from, if any change is superseded; none
    then where the base value stands, or a value that a resolution brought.
    """

    path: Path
    base: Value
    rule: RuleRef
    contributions: tuple[Contribution, ...]
    value: Value
    superseded_by: tuple[str, ...] = ()


@record
class Conflict:
    """A decision that no rule allows to be settled; the context keeps the base value here. `reason` says why not.

    `arbiter` is whom the rule leaves it to, as the rule says it; None for nobody.
    """

    path: Path
    base: Value
    rule: RuleRef
    contributions: tuple[Contribution, ...]
    reason: str
    arbiter: Json = None


Decision: TypeAlias = Settled | Conflict


Counts: TypeAlias = dict[str, int]
"""How many changes had which outcome, by its word, as documents have it; every outcome has a count, in their order."""


_NO_COUNTS: Final[Counts] = {outcome.value: 0 for outcome in Outcome}


def no_counts() -> Counts:
    """Give counts of no change at all."""
    return _NO_COUNTS.copy()


def outcome_counts(decisions: Iterable[Decision]) -> Counts:
    """Count the changes of a ledger by outcome; the counts add up to all changes."""
    counts = no_counts()
    for decision in decisions:
        for contribution in decision.contributions:
            counts[contribution.outcome] += 1
    return counts


def shard_counts(decisions: Iterable[Decision]) -> dict[str, Counts]:
    """Count the changes of each shard by outcome, shards by rank; a shard without changes is not there.

    Law: they add up to `outcome_counts`.
    """
    counts: dict[str, Counts] = {}
    ranks: dict[str, int] = {}
    for decision in decisions:
        for contribution in decision.contributions:
            shard = contribution.shard
            if shard not in counts:
                ranks[shard] = contribution.rank
                counts[shard] = no_counts()
            counts[shard][contribution.outcome] += 1
    return {shard: counts[shard] for shard in sorted(counts, key=lambda shard: (ranks[shard], shard))}
