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
        if isinstance(verdict, Unsettled):
            said = tuple([Contribution(c.shard, c.rank, site.after(c), _CONFLICT) for c in site.candidates])
            self.write(Conflict(site.path, site.base, rule, said, verdict.reason, verdict.arbiter))
            return site.base
        outcomes_of = _by_value if isinstance(verdict, Chosen) else _by_share
        if overruled:
            heard = _others(site, overruled)
            afters = tuple(map(site.after, heard))
            self._settle(site, rule, verdict.value, heard, afters, outcomes_of(verdict.value, afters), overruled)
        else:
            afters = site.values()
            self.settled(site, rule, verdict.value, site.candidates, afters, outcomes_of(verdict.value, afters))
        return verdict.value

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed, at `name` within a path, and no rule speaks of: most changes."""
        contribution = Contribution(lone.shard, lone.rank, after, _APPLIED)
        self.write(Settled((*within, name), base, UNRULED, (contribution,), after))

    def opened(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down who put an empty object or list here, before its parts are settled one by one."""
        heard = _others(site, overruled)
        afters = (value,) * len(heard)
        self._settle(site, rule, value, heard, afters, _by_value(value, afters), overruled)

    def overruled(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down whose deletion was set aside at a site that was settled by its parts."""
        if overruled:
            self._settle(site, rule, value, (), (), [], overruled)

    def _settle(
        self,
        site: Site,
        rule: RuleRef,
        value: Value,
        heard: Sequence[Candidate],
        afters: Sequence[Value],
        outcomes: Sequence[Outcome],
        overruled: tuple[Candidate, ...],
    ) -> None:
        if overruled:
            said = [*zip(heard, afters, outcomes, strict=True), *((c, ABSENT, _SUPERSEDED) for c in overruled)]
            heard, afters, outcomes = zip(*sorted(said, key=_by_rank), strict=True)
        self.settled(site, rule, value, heard, afters, outcomes)

    def settled(
        self,
        site: Site,
        rule: RuleRef,
        value: Value,
        heard: Sequence[Candidate],
        afters: Sequence[Value],
        outcomes: Sequence[Outcome],
    ) -> None:
        """Write down what stands at a site now; of each candidate heard what it left there and what became of it."""
        said = tuple(map(_contribution, heard, afters, outcomes))
        self.write(Settled(site.path, site.base, rule, said, value, superseding(site, heard, outcomes) or ()))


def superseding(site: Site, heard: Sequence[Candidate], outcomes: Sequence[Outcome]) -> tuple[str, ...] | None:
    """Name the shards of a site that are not superseded; None if all of them are not."""
    if _SUPERSEDED not in outcomes:
        return None
    if heard is site.candidates:
        return tuple([c.shard for c, outcome in zip(heard, outcomes, strict=True) if outcome is not _SUPERSEDED])
    lost = {c.shard for c, outcome in zip(heard, outcomes, strict=True) if outcome is _SUPERSEDED}
    return tuple([c.shard for c in site.candidates if c.shard not in lost])


def _by_rank(said: tuple[Candidate, Value, Outcome]) -> tuple[int, str]:
    return said[0].rank, said[0].shard


class DecisionList(Ledger):
    """A ledger that is kept as values."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def write(self, decision: Decision) -> None:
        """Keep one decision."""
        self.decisions.append(decision)


def _others(site: Site, overruled: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(c for c in site.candidates if c not in overruled)


def _by_value(value: Value, afters: Sequence[Value]) -> list[Outcome]:
    """Whoever said the result won, alone or in agreement; whoever said something else was superseded."""
    winners = [same(value, after) for after in afters]
    won = _AGREED if sum(winners) > 1 else _APPLIED
    return [won if winner else _SUPERSEDED for winner in winners]


def _by_share(value: Value, afters: Sequence[Value]) -> list[Outcome]:
    """Everybody has a share in the result, even who happens to have said just that; unless all said just that."""
    alike = [same(value, after) for after in afters]
    return [_COMBINED] * len(afters) if False in alike else [_AGREED if len(afters) > 1 else _APPLIED] * len(afters)


def _contribution(candidate: Candidate, after: Value, outcome: Outcome) -> Contribution:
    return Contribution(candidate.shard, candidate.rank, after, outcome)


_APPLIED, _AGREED, _COMBINED, _SUPERSEDED, _CONFLICT = Outcome  # a member of an enum takes long to look up
