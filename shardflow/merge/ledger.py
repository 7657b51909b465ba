"""Keeping the ledger: each verdict becomes a decision in which every candidate has exactly one outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final

from shardflow.merge.rules import DEFAULT
from shardflow.merge.site import Candidate, Chosen, Combined, Site, Unsettled
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Contribution, Decision, Outcome, RuleRef, Settled
from shardflow.model.paths import Path, Segment
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Value, same

UNRULED: Final = DEFAULT.ref
"""Stands for the rule where no rule speaks."""
RESOLUTION: Final = "resolution"
"""Stands for the strategy where a resolution settled what the rule left in conflict."""


@record
class Heard:
    """Candidates, what each left at a site, and what became of that: three columns of one length, by rank."""

    candidates: Sequence[Candidate]
    afters: Sequence[Value]
    outcomes: Sequence[Outcome]

    def each(self) -> Iterator[tuple[Candidate, Value, Outcome]]:
        """Give them row by row."""
        return zip(self.candidates, self.afters, self.outcomes, strict=True)


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
        others = _others(site, overruled) if overruled else site.candidates
        afters = tuple(map(site.after, others)) if overruled else site.values()
        outcomes = (_by_value if isinstance(verdict, Chosen) else _by_share)(verdict.value, afters)
        self._settle(site, rule, verdict.value, Heard(others, afters, outcomes), overruled)
        return verdict.value

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed, at `name` within a path, and no rule speaks of: most changes."""
        contribution = Contribution(lone.shard, lone.rank, after, _APPLIED)
        self.write(Settled((*within, name), base, UNRULED, (contribution,), after))

    def opened(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down who put an empty object or list here, before its parts are settled one by one."""
        others = _others(site, overruled)
        afters = (value,) * len(others)
        self._settle(site, rule, value, Heard(others, afters, _by_value(value, afters)), overruled)

    def overruled(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down whose deletion was set aside at a site that was settled by its parts."""
        if overruled:
            self._settle(site, rule, value, Heard((), (), ()), overruled)

    def _settle(self, site: Site, rule: RuleRef, value: Value, heard: Heard, overruled: tuple[Candidate, ...]) -> None:
        if overruled:
            said = [*heard.each(), *((candidate, ABSENT, _SUPERSEDED) for candidate in overruled)]
            heard = Heard(*zip(*sorted(said, key=_by_rank), strict=True))
        self.settled(site, rule, value, heard)

    def settled(self, site: Site, rule: RuleRef, value: Value, heard: Heard) -> None:
        """Write down what stands at a site now, and what became of each candidate."""
        said = tuple(map(_contribution, heard.candidates, heard.afters, heard.outcomes))
        self.write(Settled(site.path, site.base, rule, said, value, superseding(site, heard) or ()))


def superseding(site: Site, heard: Heard) -> tuple[str, ...] | None:
    """Name the shards of a site that are not superseded; None if all of them are not."""
    if _SUPERSEDED not in heard.outcomes:
        return None
    if heard.candidates is site.candidates:
        return tuple([c.shard for c, _, outcome in heard.each() if outcome is not _SUPERSEDED])
    lost = {c.shard for c, _, outcome in heard.each() if outcome is _SUPERSEDED}
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
    shards = {candidate.shard for candidate in overruled}
    return tuple([c for c in site.candidates if c.shard not in shards])


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
