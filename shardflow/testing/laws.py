"""The laws of the merge, each a function that raises LawBroken with all one needs to see why.

Required of every rule set: permutation, identity, single_writer, no_lost_change, no_invention, locality, grouping,
duplicates. They take the base, the deltas of a group and the rules; callers draw these (see generators).
"""

from __future__ import annotations

from collections.abc import Sequence

from shardflow.merge.engine import MergeResult, gather, merge, settle, unite
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta, Into, apply
from shardflow.model.decisions import Settled
from shardflow.model.paths import ORDER, path_text
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.ledgers import context_again, shard_again


class LawBroken(AssertionError):
    """A law does not hold; the message says which, and shows the two things that should be alike."""


def _demand(holds: bool, law: str, *shown: object) -> None:
    if not holds:
        raise LawBroken("\n  ".join((law, *map(repr, shown))))


def _alike(left: Value, right: Value) -> bool:
    """Compare by text, on purpose not by the equality that the engine uses."""
    return _text(left) == _text(right)


def _text(value: Value) -> bytes:
    return b"" if value is ABSENT else canonical_bytes(_sorted(value))


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _image(result: MergeResult) -> bytes:
    """Give everything a merge says, as bytes: context with its order of keys, ledger and conflicts."""
    return canonical_bytes([result.context, ledger_json(result)])


def permutation(base: Json, deltas: Sequence[Delta], rules: RuleSet, order: Sequence[int]) -> None:
    """Any listing order of the same shards gives the same bytes, the same ledger, the same conflicts."""
    one, other = merge(base, deltas, rules), merge(base, [deltas[place] for place in order], rules)
    _demand(_image(one) == _image(other), "permutation", one.context, other.context, order)


def identity(base: Json, shards: Sequence[str], rules: RuleSet) -> None:
    """Unchanged shards leave the base untouched, and nothing to tell."""
    result = merge(base, [Delta(shard, rank, None) for rank, shard in enumerate(shards)], rules)
    _demand(result.context is base and not result.decisions, "identity", base, result.context)


def single_writer(base: Json, delta: Delta, rules: RuleSet) -> None:
    """One changed shard gives exactly that shard's value at each path, unless a rule in the ledger did not."""
    result = merge(base, [delta], rules)
    spoken = any(d.rule.strategy != "default" for d in result.decisions)
    wanted = apply(delta.edit, base)
    _demand(spoken or _alike(result.context, wanted), "single writer", wanted, result.context)


def no_lost_change(base: Json, documents: Sequence[Json], deltas: Sequence[Delta], rules: RuleSet) -> None:
    """The ledger's changes of a shard, repeated on the base, give that shard's document again: none lost or altered."""
    decisions = merge(base, deltas, rules).decisions
    for delta, wanted in zip(deltas, documents, strict=True):
        found = shard_again(base, decisions, delta.shard)
        _demand(_alike(wanted, found), f"no lost change: {delta.shard}", wanted, found)


def no_invention(base: Json, deltas: Sequence[Delta], rules: RuleSet) -> None:
    """The context is the base with the ledger's settled values, and a value nobody combined was somebody's."""
    result = merge(base, deltas, rules)
    found = context_again(base, result.decisions)
    _demand(bool(result.conflicts) or _alike(result.context, found), "no invention: context", result.context, found)
    for decision in result.decisions:
        if isinstance(decision, Settled) and not _of_somebody(decision):
            raise LawBroken(f"no invention: nobody said {decision.value!r} at {path_text(decision.path)}")


def _of_somebody(decision: Settled) -> bool:
    ordered = ORDER in decision.path  # by key or by rank, perhaps as no shard had it
    if ordered or any(c.outcome == "combined" for c in decision.contributions):
        return True
    said: list[Value] = [decision.base, *(c.after for c in decision.contributions)]
    kept_from_deletion = all(c.after is ABSENT for c in decision.contributions)
    return kept_from_deletion or any(_alike(decision.value, value) for value in said)


def locality(base: dict[str, Json], deltas: Sequence[Delta], rules: RuleSet) -> None:
    """A change at one path never alters the outcome elsewhere: each member merges alone as it does among others."""
    result = merge(base, deltas, rules)
    for name in {name for delta in deltas if isinstance(delta.edit, Into) for name in delta.edit.members}:
        alone = merge(base, [_only(delta, name) for delta in deltas], rules)
        one, other = _member(result.context, name), _member(alone.context, name)
        _demand(_alike(one, other), f"locality: {name!r}", one, other)


def _only(delta: Delta, name: str) -> Delta:
    members = delta.edit.members if isinstance(delta.edit, Into) else {}
    return Delta(delta.shard, delta.rank, Into({name: members[name]}) if name in members else None)


def _member(context: Json, name: str) -> Value:
    return context.get(name, ABSENT) if isinstance(context, dict) else ABSENT


def grouping(base: Json, deltas: Sequence[Delta], rules: RuleSet, groups: Sequence[int]) -> None:
    """Merging sub-groups first, as carried candidates, equals one merge. `groups` gives each delta's group."""
    carried = gather(())
    for group in sorted(set(groups), reverse=True):
        part = gather(delta for delta, place in zip(deltas, groups, strict=True) if place == group)
        carried = unite(part, carried)
    together = settle(base, carried, rules)
    _demand(_image(together) == _image(merge(base, deltas, rules)), "grouping", groups, together.context)


def duplicates(base: Json, deltas: Sequence[Delta], rules: RuleSet) -> None:
    """The same shard twice counts once."""
    one, twice = merge(base, deltas, rules), merge(base, [*deltas, *deltas], rules)
    _demand(_image(one) == _image(twice), "duplicates", one.context, twice.context)
