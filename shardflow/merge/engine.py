"""The engine: every change of every shard, grouped by path and settled once.

Laws (properties in tests/laws): permutation, identity, single writer, no lost change, no invention, locality, grouping.
They hold by construction: the engine sees a set of deltas ordered only by rank, walks all of them down together,
and asks one pure strategy at each place where they meet. Cost: linear in the changes, whatever the size of the base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from shardflow.errors import InvalidShards
from shardflow.merge.ledger import RESOLUTION, DecisionList, Ledger
from shardflow.merge.options import ruled
from shardflow.merge.resolving.resolutions import NO_RESOLUTIONS, Resolutions, resolution_at, resolved
from shardflow.merge.rules import NO_RULES, Node, RuleSet
from shardflow.merge.site import Candidate, Chosen, Combined, Part, Site, Split, Unsettled
from shardflow.model.changes import Delta, Drop, Edit, Into, KeptMembers, Put, same_edit
from shardflow.model.decisions import Conflict, Decision, RuleRef
from shardflow.model.documents import Problem
from shardflow.model.paths import ROOT, Path
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, same

Candidates: TypeAlias = Mapping[str, Delta]
"""What a group, or a part of one, has to say: one delta a shard id. A partial merge carries these, nothing settled."""


@record
class MergeResult:
    """The merged context, the ledger (in the order the walk meets the paths, shards by rank), and its conflicts.

    Where there are conflicts the context keeps the base value at their paths; it is then for inspection only.
    """

    context: Json
    decisions: tuple[Decision, ...]
    conflicts: tuple[Conflict, ...]


def merge(
    base: Json, deltas: Iterable[Delta], rules: RuleSet = NO_RULES, resolutions: Resolutions = NO_RESOLUTIONS
) -> MergeResult:
    """Fold all shards into the base at once, under the rules; resolutions settle what the rules leave in conflict.

    `resolutions` give a `Resolution` for a conflict by the text of its path, as `path_text` writes it.
    Total: whatever the shards hold, the outcome is a value. Raises InvalidShards only when two deltas bear one
    shard id with different content.
    """
    return settle(base, gather(deltas), rules, resolutions)


def gather(deltas: Iterable[Delta]) -> Candidates:
    """Collect deltas by shard id; the same delta twice counts once. Raises InvalidShards."""
    gathered: dict[str, Delta] = {}
    for delta in deltas:
        known = gathered.setdefault(delta.shard, delta)
        if known is not delta and (known.rank != delta.rank or not same_edit(known.edit, delta.edit)):
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


def settle(
    base: Json, candidates: Candidates, rules: RuleSet = NO_RULES, resolutions: Resolutions = NO_RESOLUTIONS
) -> MergeResult:
    """Settle all that the candidates say of the base, once."""
    ledger = DecisionList()
    context = settle_into(ledger, base, candidates, rules, resolutions)
    decisions = tuple(ledger.decisions)
    return MergeResult(context, decisions, tuple(d for d in decisions if isinstance(d, Conflict)))


def settle_into(
    ledger: Ledger,
    base: Json,
    candidates: Candidates,
    rules: RuleSet = NO_RULES,
    resolutions: Resolutions = NO_RESOLUTIONS,
) -> Json:
    """Settle as `settle` does, writing each decision into a ledger as it is met, and give the merged context."""
    ranked = sorted(candidates.values(), key=lambda delta: (delta.rank, delta.shard))
    changed = [(delta, delta.edit) for delta in ranked if delta.edit is not None]
    context: Value = _Walk(ledger, resolutions, {}).settle_part(ROOT, base, changed, rules.root) if changed else base
    if context is ABSENT:
        raise AssertionError("no shard, strategy or resolution can remove the document itself")
    return context


_OwnEdit: TypeAlias = "tuple[Delta | Candidate, Edit]"
"""What a shard, told by whatever bears its id and rank, did at a place."""
_OwnMembers: TypeAlias = "tuple[Delta | Candidate, Mapping[str, Edit]]"
"""A shard that left an object an object, and what it changed inside."""
_Kept: TypeAlias = "tuple[Delta | Candidate, Callable[[int], Edit]]"
"""A shard, and what gives its edit at a place."""


@record
class _Walk:
    """One walk down the document, along the changes only. `refs` are how the ledger names rules, by their identity."""

    ledger: Ledger
    resolutions: Resolutions
    refs: dict[int, RuleRef]

    def settle_part(self, path: Path, base: Value, edits: Sequence[_OwnEdit], node: Node) -> Value:
        """Settle one place by its rule, going into it where the rule says so."""
        if node.goes_deep:
            inside = [(owner, edit.members) for owner, edit in edits if isinstance(edit, Into)]
            if len(inside) == len(edits):
                return self._settle_members(path, base, inside, node)
        return self._ask(path, base, tuple([Candidate(owner.shard, owner.rank, edit) for owner, edit in edits]), node)

    def _settle_members(self, path: Path, base: Value, inside: Sequence[_OwnMembers], node: Node) -> Value:
        """Settle an object that stays one where the rule says to go deep: what asking would come to, without asking."""
        joined = dict(base) if isinstance(base, dict) else {}
        for name, theirs in _by_name(inside):
            before, below = joined.get(name, ABSENT), node if node.free else node.below(name)
            if len(theirs) == 1 and below.free:
                lone, edit = theirs[0]
                value = self._take(path, name, before, lone, edit)
            else:
                value = self.settle_part((*path, name), before, theirs, below)
            if value is not ABSENT:
                joined[name] = value
            else:
                joined.pop(name, None)
        return joined

    def _take(self, within: Path, name: str, before: Value, lone: Delta | Candidate, edit: Edit) -> Value:
        """Take what one shard alone changed at a member and below, each change a decision of its own."""
        if isinstance(edit, Put):
            self.ledger.taken(within, name, before, lone, edit.value)
            return edit.value
        if isinstance(edit, Drop) or not isinstance(before, dict):
            self.ledger.taken(within, name, before, lone, ABSENT)
            return ABSENT
        joined = dict(before)
        path = (*within, name)
        for inner, below in edit.members.items():
            there = joined.get(inner, ABSENT)
            value = self._take(path, inner, there, lone, below)
            if value is not ABSENT:
                joined[inner] = value
            else:
                joined.pop(inner, None)
        return joined

    def _ask(self, path: Path, base: Value, candidates: tuple[Candidate, ...], node: Node) -> Value:
        site = Site(path, base, candidates, node.governed)
        rule = node.rule(site)
        ruling = ruled(site, rule)
        ref = self.refs.get(id(rule))
        if ref is None:
            ref = self.refs[id(rule)] = rule.ref
        if isinstance(ruling.verdict, Split):
            return self._settle_inside(site, ref, ruling.verdict, ruling.overruled, node)
        return self._settle_whole(site, ref, ruling.verdict, ruling.overruled)

    def _settle_inside(
        self, site: Site, rule: RuleRef, split: Split, overruled: tuple[Candidate, ...], node: Node
    ) -> Value:
        if split.opened is ABSENT or len(site.candidates) > 1:
            return self._settle_parts(site, rule, split, overruled, node)
        inner = DecisionList()
        value = _Walk(inner, self.resolutions, self.refs)._settle_parts(site, rule, split, overruled, node)
        after = site.after(site.candidates[0])
        if same(value, after) and not any(decision.rule.strategy == RESOLUTION for decision in inner.decisions):
            return self.ledger.record(site, rule, Chosen(after), ())
        for decision in inner.decisions:
            self.ledger.write(decision)
        return value

    def _settle_parts(
        self, site: Site, rule: RuleRef, split: Split, overruled: tuple[Candidate, ...], node: Node
    ) -> Value:
        if split.opened is not ABSENT:
            self.ledger.opened(site, rule, split.opened, overruled)
        results = tuple(
            self.settle_part((*site.path, part.segment), part.base, _edits(part), node.below(part.segment))
            for part in split.parts
        )
        for own in split.ruled:
            part = own.part
            inner = Site((*site.path, part.segment), part.base, part.candidates, governed=False)
            self._settle_whole(inner, rule, own.verdict, ())
        value = split.join(results)
        self.ledger.overruled(site, rule, value, overruled)
        return value

    def _settle_whole(
        self, site: Site, rule: RuleRef, verdict: Chosen | Combined | Unsettled, overruled: tuple[Candidate, ...]
    ) -> Value:
        resolution = resolution_at(site, self.resolutions) if isinstance(verdict, Unsettled) else None
        if resolution is None or not isinstance(verdict, Unsettled):
            return self.ledger.record(site, rule, verdict, overruled)
        decided = resolved(site, verdict, resolution)
        if isinstance(decided, Unsettled):
            return self.ledger.record(site, rule, decided, overruled)
        return self.ledger.record(site, RuleRef(rule.pattern, RESOLUTION, resolution.origin), decided, ())


def _edits(part: Part) -> list[_OwnEdit]:
    return [(candidate, candidate.edit) for candidate in part.candidates]


def _by_name(inside: Sequence[_OwnMembers]) -> Iterable[tuple[str, list[_OwnEdit]]]:
    """Give each name, in the order they are met, with what each shard did there."""
    found: dict[str, list[_OwnEdit]] = {}
    for owner, members in inside:
        if not isinstance(members, dict):
            return _by_name_of_kept(inside)
        for name, edit in members.items():
            theirs = found.get(name)
            if theirs is None:
                found[name] = [(owner, edit)]
            else:
                theirs.append((owner, edit))
    return found.items()


def _by_name_of_kept(inside: Sequence[_OwnMembers]) -> Iterator[tuple[str, list[_OwnEdit]]]:
    """Do the same where edits are kept as something smaller: they are made when their name is given, and memory holds
    for each until then who made it and its place, in turns, but no pair of these.
    """
    found: dict[str, list[_Kept | int]] = {}
    places = list(range(max(len(members) for _, members in inside)))  # shared: a number of its own takes 32 bytes
    for owner, members in inside:
        own = owner, members.at if isinstance(members, KeptMembers) else list(members.values()).__getitem__
        for name, place in zip(members, places, strict=False):
            theirs = found.get(name)
            if theirs is None:
                found[name] = [own, place]
            else:
                theirs.append(own)
                theirs.append(place)
    for name, theirs in found.items():
        each: Iterator[Any] = iter(theirs)
        yield name, [(owner, at(place)) for (owner, at), place in zip(each, each, strict=True)]
