"""Keeping the ledger: each verdict becomes a decision in which every candidate has exactly one outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from shardflow.merge.rules import DEFAULT
from shardflow.merge.site import Candidate, Chosen, Combined, Site, Unsettled
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Contribution, Decision, Outcome, RuleRef, Settled
from shardflow.model.paths import Path, Segment
from shardflow.model.values import ABSENT, Value, same

UNRULED: Final = DEFAULT.ref
"""Stands for the rule where no rule speaks."""
RESOLUTION: Final = "resolution"
"""Stands for the strategy where a resolution settled what the rule left in conflict."""


class Ledger(ABC):
    """Where a merge writes its decisions down, one after another. What becomes of them is up to whoever extends it."""

    @abstractmethod
    def write(self, decision: Decision) -> None:
        """Write one decision down."""

    def record(
        self, site: Site, rule: RuleRef, verdict: Chosen | Combined | Unsettled, overruled: tuple[Candidate, ...]
    ) -> Value:
        """Write down what was settled at a site, and give the value that stands there now.

        `overruled` are deletions that an option set aside before the strategy was asked.
        """
        heard = [c for c in site.candidates if c not in overruled] if overruled else site.candidates
        afters = list(map(site.after, heard))
        match verdict:
            case Unsettled(reason, arbiter):
                contested = [_contribution(c, site.after(c), Outcome.CONFLICT) for c in site.candidates]
                self.write(Conflict(site.path, site.base, rule, tuple(contested), reason, arbiter))
                return site.base
            case Chosen(value):
                outcomes = _by_value(value, afters)
            case Combined(value):
                outcomes = _by_share(value, afters)
        said = list(map(_contribution, heard, afters, outcomes))
        self._settle(site, rule, value, said, overruled)
        return value

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed, at `name` within a path, and no rule speaks of: most changes."""
        contribution = Contribution(lone.shard, lone.rank, after, Outcome.APPLIED)
        self.write(Settled((*within, name), base, UNRULED, (contribution,), after))

    def opened(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down who put an empty object or list here, before its parts are settled one by one."""
        heard = [c for c in site.candidates if c not in overruled]
        afters = [value] * len(heard)
        self._settle(site, rule, value, list(map(_contribution, heard, afters, _by_value(value, afters))), overruled)

    def overruled(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down whose deletion was set aside at a site that was settled by its parts."""
        if overruled:
            self._settle(site, rule, value, [], overruled)

    def _settle(
        self, site: Site, rule: RuleRef, value: Value, said: list[Contribution], overruled: tuple[Candidate, ...]
    ) -> None:
        if overruled:
            said += [_contribution(candidate, ABSENT, Outcome.SUPERSEDED) for candidate in overruled]
            said.sort(key=lambda contribution: (contribution.rank, contribution.shard))
        lost = {contribution.shard for contribution in said if contribution.outcome is Outcome.SUPERSEDED}
        by = tuple(candidate.shard for candidate in site.candidates if candidate.shard not in lost) if lost else ()
        self.write(Settled(site.path, site.base, rule, tuple(said), value, by))


class DecisionList(Ledger):
    """A ledger that is kept as values."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def write(self, decision: Decision) -> None:
        """Keep one decision."""
        self.decisions.append(decision)


def _by_value(value: Value, afters: Sequence[Value]) -> list[Outcome]:
    """Whoever said the result won, alone or in agreement; whoever said something else was superseded."""
    winners = [same(value, after) for after in afters]
    won = Outcome.AGREED if sum(winners) > 1 else Outcome.APPLIED
    return [won if winner else Outcome.SUPERSEDED for winner in winners]


def _by_share(value: Value, afters: Sequence[Value]) -> list[Outcome]:
    """Everybody has a share in the result, even who happens to have said just that; unless all said just that."""
    if all(same(value, after) for after in afters):
        return _by_value(value, afters)
    return [Outcome.COMBINED] * len(afters)


def _contribution(candidate: Candidate, after: Value, outcome: Outcome) -> Contribution:
    return Contribution(candidate.shard, candidate.rank, after, outcome)
