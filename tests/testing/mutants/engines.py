"""Engines with one mistake each, made around the real one: what goes in, what comes out, or how merges are joined."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from shardflow.merge.engine import MergeResult, gather, merge, settle, unite
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta, Drop, Into, Put, apply
from shardflow.model.decisions import Conflict, Decision, Outcome, Settled
from shardflow.model.diff import diff
from shardflow.model.patterns import parse_pattern
from shardflow.model.records import replaced
from shardflow.model.values import ABSENT
from shardflow.testing.laws import Engine

MUTANTS: dict[str, Engine] = {}
"""Each mutant by what is wrong with it."""


def engine(wrong):
    """Register a function `(base, deltas, rules) -> MergeResult` as the whole merge; partial merges end in it too."""

    def register(function):
        def settled(base, candidates, rules):
            return function(base, sorted(candidates.values(), key=lambda delta: delta.rank), rules)

        MUTANTS[wrong] = Engine(function, gather, unite, settled)
        return function

    return register


def reading(wrong):
    """Register an engine that reads edits wrongly: the function is from an edit and what stood there to an edit."""

    def register(function):
        @engine(wrong)
        def merged(base, deltas, rules):
            return merge(base, [Delta(d.shard, d.rank, over(d.edit, base, function)) for d in deltas], rules)

        return function

    return register


def over(edit, before, function):
    """Change the edits of single values, wherever they stand; an edit that becomes None is no change."""
    if not isinstance(edit, Into):
        return edit if edit is None else function(edit, before)
    inner = {name: over(e, before.get(name, ABSENT), function) for name, e in edit.members.items()}
    members = {name: e for name, e in inner.items() if e is not None}
    return Into(members) if members else None


def saying(wrong):
    """Register an engine whose result is altered behind the merge."""

    def register(function):
        @engine(wrong)
        def merged(base, deltas, rules):
            return function(base, deltas, merge(base, deltas, rules))

        return function

    return register


@reading("drops deletions")
def _(edit, before):
    return None if isinstance(edit, Drop) else edit


@reading("takes 1 and true for equal")
def _(edit, before):
    alike = isinstance(edit, Put) and isinstance(before, bool | int) and isinstance(edit.value, bool | int)
    return None if alike and edit.value == before else edit


@reading("takes 1 and 1.0 for equal")
def _(edit, before):
    numbers = int | float | Decimal
    alike = isinstance(edit, Put) and isinstance(before, numbers) and isinstance(edit.value, numbers)
    return None if alike and edit.value == before and type(edit.value) is not bool is not type(before) else edit


@reading("takes 0.0 and -0.0 for equal")
def _(edit, before):
    floats = isinstance(edit, Put) and isinstance(before, float) and isinstance(edit.value, float)
    return None if floats and edit.value == before else edit


@reading("takes null for absent")
def _(edit, before):
    return Drop() if isinstance(edit, Put) and edit.value is None else edit


@reading("puts null where something was removed")
def _(edit, before):
    return Put(None) if isinstance(edit, Drop) else edit


@reading("drops what is empty, zero or false")
def _(edit, before):
    return None if isinstance(edit, Put) and not edit.value else edit


@reading("rounds long integers")
def _(edit, before):
    wide = isinstance(edit, Put) and isinstance(edit.value, int) and abs(edit.value) >= 2**53
    return Put(float(edit.value)) if wide else edit


@reading("rounds long decimals")
def _(edit, before):
    return Put(float(edit.value)) if isinstance(edit, Put) and isinstance(edit.value, Decimal) else edit


@reading("makes lists sets")
def _(edit, before):
    if isinstance(edit, Put) and isinstance(edit.value, list):
        items = [item for n, item in enumerate(edit.value) if item not in edit.value[:n]]
        return Put(items)
    return edit


@engine("ranks shards by completion")
def _(base, deltas, rules):
    distinct = gather(deltas).values()
    return merge(base, [Delta(d.shard, rank, d.edit) for rank, d in enumerate(distinct)], rules)


@engine("forgets the third shard")
def _(base, deltas, rules):
    return merge(base, deltas[:2], rules)


@engine("loses a member without a name")
def _(base, deltas, rules):
    def without(edit):
        members = {name: e for name, e in edit.members.items() if name} if isinstance(edit, Into) else {}
        return Into(members) if members else None

    return merge(base, [Delta(d.shard, d.rank, without(d.edit)) for d in deltas], rules)


@engine("folds pairwise, each result the next base")
def _(base, deltas, rules):
    result = base
    decisions: list[Decision] = []
    for delta in sorted(deltas, key=lambda d: d.rank):
        step = merge(result, [Delta(delta.shard, delta.rank, diff(result, apply(delta.edit, base)))], rules)
        result, decisions = step.context, [*decisions, *step.decisions]
    return made(result, decisions)


@engine("folds pairwise, the base back where there is a conflict")
def _(base, deltas, rules):
    ranked = sorted(deltas, key=lambda d: d.rank)
    result = merge(base, ranked[:1], rules)
    for delta in ranked[1:]:
        result = merge(base, [Delta("so far", -1, diff(base, result.context)), delta], rules)
    return result


@engine("overlays whole documents, the last rank on top")
def _(base, deltas, rules):
    last = max(deltas, key=lambda d: d.rank, default=None)
    return merge(base, [] if last is None else [last], rules)


@engine("takes /a for a prefix of /aa")
def _(base, deltas, rules):
    touched = {name for d in deltas if isinstance(d.edit, Into) for name in d.edit.members}
    longer = {name for name in touched if any(other and name != other and name.startswith(other) for other in touched)}

    def shorter(edit):
        members = {n: e for n, e in edit.members.items() if n not in longer} if isinstance(edit, Into) else {}
        return Into(members) if members else None

    return merge(base, [Delta(d.shard, d.rank, shorter(d.edit)) for d in deltas], rules)


@engine("lets the rule of a path decide what is beside it")
def _(base, deltas, rules):
    widened = [
        replaced(r, pattern=replaced(parse_pattern("$.*"), text=str(r.pattern))) for r in rules.rules if r.pattern
    ]
    return merge(base, deltas, RuleSet(widened, rules.defaults))


@engine("lets the last rule that matches decide")
def _(base, deltas, rules):
    return merge(base, deltas, RuleSet(rules.rules[::-1], rules.defaults))


@engine("keys in order of completion")
def _(base, deltas, rules):
    result: Any = merge(base, deltas, rules)
    new = [name for d in deltas if isinstance(d.edit, Into) for name in d.edit.members if name not in base]
    order = dict.fromkeys([*base, *new])
    return replaced(result, context={name: result.context[name] for name in order if name in result.context})


@engine("keys in order of the alphabet")
def _(base, deltas, rules):
    result: Any = merge(base, deltas, rules)
    return replaced(result, context={name: result.context[name] for name in sorted(result.context)})


@engine("changes the base in place")
def _(base, deltas, rules):
    result = merge(base, deltas, rules)
    if not result.conflicts:
        base.update(result.context)
    return result


_asked = count()


@engine("lets another shard come first each time")
def _(base, deltas, rules):
    turn, distinct = next(_asked), gather(deltas).values()
    return merge(base, [Delta(d.shard, (d.rank + turn) % len(distinct), d.edit) for d in distinct], rules)


@saying("gives the base back wherever there is a conflict")
def _(base, deltas, result):
    return replaced(result, context=base) if result.conflicts else result


@saying("settles conflicts by the last rank, in silence")
def _(base, deltas, result):
    context = dict(result.context)
    for conflict in result.conflicts:
        after = conflict.contributions[-1].after
        if len(conflict.path) == 1 and after is not ABSENT:
            context[conflict.path[0]] = after
    kept = [decision for decision in result.decisions if isinstance(decision, Settled)]
    return made(context, kept)


@saying("moves a member when its neighbour changes")
def _(base, deltas, result):
    changed = {decision.path[:1] for decision in result.decisions}
    kept = {n: v for n, v in result.context.items() if n != "b" or ("a",) not in changed or n in base}
    return replaced(result, context=kept)


@saying("counts each change twice in the ledger")
def _(base, deltas, result):
    return made(result.context, [*result.decisions, *result.decisions])


@saying("leaves agreed changes out of the ledger")
def _(base, deltas, result):
    return made(result.context, [replaced(d, contributions=d.contributions[:1]) for d in result.decisions])


@saying("tells what was superseded as applied")
def _(base, deltas, result):
    return relabelled(result, Outcome.SUPERSEDED, Outcome.APPLIED)


@saying("tells what was applied as superseded")
def _(base, deltas, result):
    return relabelled(result, Outcome.APPLIED, Outcome.SUPERSEDED)


def relabelled(result, old, new):
    def told(said):
        return replaced(said, outcome=new) if said.outcome is old else said

    return made(
        result.context, [replaced(d, contributions=tuple(map(told, d.contributions))) for d in result.decisions]
    )


@saying("does not name who superseded a change")
def _(base, deltas, result):
    return made(
        result.context, [replaced(d, superseded_by=()) if isinstance(d, Settled) else d for d in result.decisions]
    )


@saying("names the wrong shard in the ledger")
def _(base, deltas, result):
    shards = {d.shard: other.shard for d, other in zip(deltas, [*deltas[1:], *deltas[:1]], strict=True)}

    def told(said):
        return replaced(said, shard=shards[said.shard])

    return made(
        result.context, [replaced(d, contributions=tuple(map(told, d.contributions))) for d in result.decisions]
    )


def made(context, decisions):
    return MergeResult(context, tuple(decisions), tuple(d for d in decisions if isinstance(d, Conflict)))


def numbered(deltas):
    """Take a repeated delta for one of another shard."""
    known, kept = set(), []
    for delta in deltas:
        again = delta.shard in known
        known.add(delta.shard)
        kept.append(Delta(f"{delta.shard} again", delta.rank, delta.edit) if again else delta)
    return kept


@engine("takes a shard listed twice for two")
def _(base, deltas, rules):
    return merge(base, numbered(deltas), rules)


def _forgetful(one, other):
    return other if len(other) >= len(one) else one


MUTANTS["forgets the smaller of two partial merges"] = Engine(merge, gather, _forgetful, settle)


def _reranked(one, other):
    return gather(Delta(d.shard, rank, d.edit) for rank, d in enumerate([*one.values(), *other.values()]))


MUTANTS["ranks shards by the order of partial merges"] = Engine(merge, gather, _reranked, settle)


def _settled_parts(one, other):
    return {**other, **dict(list(one.items())[:1])}


MUTANTS["carries one shard of a partial merge"] = Engine(merge, gather, _settled_parts, settle)
