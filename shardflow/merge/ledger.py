"""Keeping the ledger: each verdict becomes a decision in which every candidate has exactly one outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from shardflow.merge.rules import DEFAULT
from shardflow.merge.site import Candidate, Chosen, Combined, Site, Unsettled
from shardflow.model.decisions import Conflict, Contribution, Decision, Outcome, RuleRef, Settled
from shardflow.model.paths import Path
from shardflow.model.values import ABSENT, Value, same

_UNRULED: Final = DEFAULT.ref
RESOLUTION: Final = "resolution"
"""Stands for the strategy where a resolution settled what the rule left in conflict."""

Said: TypeAlias = tuple[Candidate, Value]
"""A candidate with the value it left at a path."""


class Ledger:
    """The decisions of one merge, in the order they were written down."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def record(
        self, site: Site, rule: RuleRef, verdict: Chosen | Combined | Unsettled, overruled: tuple[Candidate, ...]
    ) -> Value:
        """Write down what was settled at a site, and give the value that stands there now.

        `overruled` are deletions that an option set aside before the strategy was asked.
        """
        heard = [(c, site.after(c)) for c in site.candidates if c not in overruled]
        match verdict:
            case Unsettled(reason, arbiter):
                contested = [_contribution(c, site.after(c), Outcome.CONFLICT) for c in site.candidates]
                self.decisions.append(Conflict(site.path, site.base, rule, tuple(contested), reason, arbiter))
                return site.base
            case Chosen(value):
                outcomes = _by_value(value, heard)
            case Combined(value):
                outcomes = _by_share(value, heard)
        self._settled(site, rule, value, [*outcomes, *_superseded(overruled)])
        return value

    def taken(self, path: Path, base: Value, lone: Candidate, after: Value) -> None:
        """Write down what only one shard changed and no rule speaks of."""
        contribution = Contribution(lone.shard, lone.rank, after, Outcome.APPLIED)
        self.decisions.append(Settled(path, base, _UNRULED, (contribution,), after))

    def opened(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down who put an empty object or list here, before its parts are settled one by one."""
        self._settled(site, rule, value, _by_value(value, [(c, value) for c in site.candidates if c not in overruled]))

    def overruled(self, site: Site, rule: RuleRef, value: Value, overruled: tuple[Candidate, ...]) -> None:
        """Write down whose deletion was set aside at a site that was settled by its parts."""
        if overruled:
            self._settled(site, rule, value, _superseded(overruled))

    def told_whole(self, site: Site, rule: RuleRef, value: Value, start: int) -> Value:
        """Tell what one shard put where nothing stood as the one change it is, if the rules inside left it as it is.

        The decisions from `start` on, about its parts, then stand for nothing more. Gives the value that stands there.
        """
        after = site.after(site.candidates[0])
        resolved = any(decision.rule.strategy == RESOLUTION for decision in self.decisions[start:])
        if resolved or not same(value, after):
            return value
        del self.decisions[start:]
        return self.record(site, rule, Chosen(after), ())

    def _settled(self, site: Site, rule: RuleRef, value: Value, contributions: list[Contribution]) -> None:
        if len(contributions) > 1:
            contributions.sort(key=lambda contribution: (contribution.rank, contribution.shard))
        lost = {contribution.shard for contribution in contributions if contribution.outcome is Outcome.SUPERSEDED}
        by = tuple(candidate.shard for candidate in site.candidates if candidate.shard not in lost) if lost else ()
        self.decisions.append(Settled(site.path, site.base, rule, tuple(contributions), value, by))


def _by_value(value: Value, heard: list[Said]) -> list[Contribution]:
    """Whoever said the result won, alone or in agreement; whoever said something else was superseded."""
    winners = [same(value, after) for _, after in heard]
    won = Outcome.AGREED if sum(winners) > 1 else Outcome.APPLIED
    return [
        _contribution(candidate, after, won if winner else Outcome.SUPERSEDED)
        for (candidate, after), winner in zip(heard, winners, strict=True)
    ]


def _by_share(value: Value, heard: list[Said]) -> list[Contribution]:
    """Everybody has a share in the result, even who happens to have said just that; unless all said just that."""
    if all(same(value, after) for _, after in heard):
        return _by_value(value, heard)
    return [_contribution(candidate, after, Outcome.COMBINED) for candidate, after in heard]


def _superseded(candidates: Iterable[Candidate]) -> list[Contribution]:
    return [_contribution(candidate, ABSENT, Outcome.SUPERSEDED) for candidate in candidates]


def _contribution(candidate: Candidate, after: Value, outcome: Outcome) -> Contribution:
    return Contribution(candidate.shard, candidate.rank, after, outcome)
