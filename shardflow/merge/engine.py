"""The engine: every change of every shard, grouped by path and settled once.

Laws (properties in tests/laws): permutation, identity, single writer, no lost change, no invention, locality, grouping.
They hold by construction: the engine sees a set of deltas ordered only by rank, walks all of them down together,
and asks one pure strategy at each place where they meet. Cost: linear in the changes, whatever the size of the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from shardflow.errors import InvalidShards
from shardflow.merge.options import ruled
from shardflow.merge.rules import NO_RULES, Node, Rule, RuleSet
from shardflow.merge.site import Candidate, Chosen, Combined, RuledPart, Site, Split, Unsettled
from shardflow.model.changes import Delta, same_edit
from shardflow.model.decisions import Conflict, Contribution, Decision, Outcome, Settled
from shardflow.model.documents import Problem
from shardflow.model.paths import ROOT, Path
from shardflow.model.values import ABSENT, Json, Value, same

Candidates: TypeAlias = Mapping[str, Delta]
"""What a group, or a part of one, has to say: one delta a shard id. A partial merge carries these, nothing settled."""

Said: TypeAlias = tuple[Candidate, Value]
"""A candidate with the value it left at a path."""


@dataclass(frozen=True, slots=True, eq=False)
class MergeResult:
    """The merged context, the ledger (in the order the walk meets the paths, shards by rank), and its conflicts.

    Where there are conflicts the context keeps the base value at their paths; it is then for inspection only.
    """

    context: Json
    decisions: tuple[Decision, ...]
    conflicts: tuple[Conflict, ...]


def merge(base: Json, deltas: Iterable[Delta], rules: RuleSet = NO_RULES) -> MergeResult:
    """Fold all shards into the base at once, under the rules.

    Total: whatever the shards hold, the outcome is a value. Raises InvalidShards only when two deltas bear one
    shard id with different content.
    """
    return settle(base, gather(deltas), rules)


def gather(deltas: Iterable[Delta]) -> Candidates:
    """Collect deltas by shard id; the same delta twice counts once. Raises InvalidShards."""
    gathered: dict[str, Delta] = {}
    for delta in deltas:
        known = gathered.setdefault(delta.shard, delta)
        if known.rank != delta.rank or not same_edit(known.edit, delta.edit):
            raise InvalidShards([_clash(delta.shard)])
    return gathered


def _clash(shard: str) -> Problem:
    hint = "give every shard an id of its own"
    return Problem(f"shard {shard}", None, "this id stands for two shards with different content or rank", None, hint)


def unite(one: Candidates, other: Candidates) -> Candidates:
    """Unite two partial merges of one base: associative, commutative, idempotent. Raises InvalidShards.

    `settle(base, unite(gather(a), gather(b)), rules)` is `merge(base, [*a, *b], rules)`, so a tree of partial merges on
    many machines gives the bytes that one machine gives.
    """
    return gather([*one.values(), *other.values()])


def settle(base: Json, candidates: Candidates, rules: RuleSet = NO_RULES) -> MergeResult:
    """Settle all that the candidates say of the base, once."""
    ranked = sorted(candidates.values(), key=lambda delta: (delta.rank, delta.shard))
    changed = tuple(Candidate(d.shard, d.rank, d.edit) for d in ranked if d.edit is not None)
    ledger: list[Decision] = []
    context: Value = _settle_part(ROOT, base, changed, rules.root, ledger) if changed else base
    if context is ABSENT:
        raise AssertionError("no strategy may remove the document itself")
    return MergeResult(context, tuple(ledger), tuple(d for d in ledger if isinstance(d, Conflict)))


def _settle_part(
    path: Path, base: Value, candidates: tuple[Candidate, ...], node: Node, ledger: list[Decision]
) -> Value:
    site = Site(path, base, candidates, node.governed)
    rule = node.rule(site)
    ruling = ruled(site, rule)
    if isinstance(ruling.verdict, Split):
        return _settle_inside(site, rule, ruling.verdict, ruling.overruled, node, ledger)
    return _record(site, rule, ruling.verdict, ruling.overruled, ledger)


def _settle_inside(
    site: Site, rule: Rule, split: Split, overruled: tuple[Candidate, ...], node: Node, ledger: list[Decision]
) -> Value:
    """Settle the parts; the ledger also tells who opened the value here, and who was overruled before it was split."""
    if split.opened is not ABSENT:
        opened: list[Said] = [(c, split.opened) for c in site.candidates if c not in overruled]
        ledger.append(_settled(site, rule, split.opened, _by_value(split.opened, opened)))
    results = tuple(
        _settle_part((*site.path, part.segment), part.base, part.candidates, node.below(part.segment), ledger)
        for part in split.parts
    )
    for own in split.ruled:
        _record_ruled(site.path, own, rule, ledger)
    value = split.join(results)
    if overruled:
        ledger.append(_settled(site, rule, value, _overruled(overruled)))
    return value


def _record_ruled(path: Path, own: RuledPart, rule: Rule, ledger: list[Decision]) -> None:
    part = own.part
    site = Site((*path, part.segment), part.base, part.candidates, governed=False)
    _record(site, rule, own.verdict, (), ledger)


def _record(
    site: Site,
    rule: Rule,
    verdict: Chosen | Combined | Unsettled,
    overruled: tuple[Candidate, ...],
    ledger: list[Decision],
) -> Value:
    heard = [(c, site.after(c)) for c in site.candidates if c not in overruled]
    match verdict:
        case Unsettled(reason):
            contested = [_contribution(c, site.after(c), Outcome.CONFLICT) for c in site.candidates]
            ledger.append(Conflict(site.path, site.base, rule.ref, tuple(contested), reason))
            return site.base
        case Chosen(value):
            outcomes = _by_value(value, heard)
        case Combined(value):
            outcomes = _by_share(value, heard)
    ledger.append(_settled(site, rule, value, outcomes + _overruled(overruled)))
    return value


def _settled(site: Site, rule: Rule, value: Value, contributions: list[Contribution]) -> Settled:
    contributions.sort(key=lambda contribution: (contribution.rank, contribution.shard))
    return Settled(site.path, site.base, rule.ref, tuple(contributions), value)


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


def _overruled(candidates: tuple[Candidate, ...]) -> list[Contribution]:
    return [_contribution(candidate, ABSENT, Outcome.SUPERSEDED) for candidate in candidates]


def _contribution(candidate: Candidate, after: Value, outcome: Outcome) -> Contribution:
    return Contribution(candidate.shard, candidate.rank, after, outcome)
