"""Decisions: what a merge settled at one path, who took part, and what became of each change.

Law: every change of every shard stands in exactly one decision, with exactly one outcome.
A conflict is a decision too, and a value: nothing is raised, nothing is guessed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import Value


class Outcome(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    """The result is this shard's value, and no other shard said the same."""
    AGREED = "agreed"
    """The result is this shard's value, and others made the same change."""
    COMBINED = "combined"
    """A strategy made the result of several values, this one among them."""
    SUPERSEDED = "superseded"
    """A rule preferred another value; `Decision.value` tells which and `Decision.rule` by what right."""
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
    """A decision with a value. Contributions stand in rank order."""

    path: Path
    base: Value
    rule: RuleRef
    contributions: tuple[Contribution, ...]
    value: Value


@record
class Conflict:
    """A decision that no rule allows to be settled; the context keeps the base value here. `reason` says why not."""

    path: Path
    base: Value
    rule: RuleRef
    contributions: tuple[Contribution, ...]
    reason: str


Decision: TypeAlias = Settled | Conflict


def outcome_counts(decisions: tuple[Decision, ...]) -> dict[Outcome, int]:
    """Count the changes of a ledger by outcome; every outcome has a count, and they add up to all changes."""
    counts = dict.fromkeys(Outcome, 0)
    for decision in decisions:
        for contribution in decision.contributions:
            counts[contribution.outcome] += 1
    return counts
