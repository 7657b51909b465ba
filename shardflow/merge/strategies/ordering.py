"""Strategies that compare: the least, the greatest, the furthest along a declared order. Only changed shards count."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import TypeAlias, TypeGuard

from shardflow.merge.site import Chosen, Site, Unsettled, Verdict
from shardflow.merge.strategies.present import is_text, over_changed
from shardflow.model.numbers import decimal_of
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, a_kind, frozen, is_number

Comparable: TypeAlias = int | Decimal | str
Order: TypeAlias = Mapping[Hashable, Container[Hashable]]
"""For each value of a declared order, as `frozen` has it, all that stand above it."""
Pick: TypeAlias = Callable[[Sequence[Comparable]], Comparable]


def minimum(site: Site) -> Verdict:
    """Take the least value that a shard left.

    What it does
        Compares numbers exactly, as they are written, or texts by code points. Of equals (`1` and `1.0`) the first
        by rank is taken. The base value does not take part.
    Why
        Earliest time, lowest price, remaining budget.
    Known problems
        Numbers among texts are a conflict. Since only changes count, a value can go up: base `1`, shards `3` and `2`
        give `2`.
    Example
        min
            base   9
            a      4
            b      7
            gives  4
    Laws
        commutative (but for the form of equal numbers, `1` or `1.0`), associative, idempotent, monotone
    """
    return _extreme(site, min)


def maximum(site: Site) -> Verdict:
    """Take the greatest value that a shard left.

    What it does
        Compares numbers exactly, as they are written, or texts by code points. Of equals (`1` and `1.0`) the first
        by rank is taken. The base value does not take part.
    Why
        Progress, peak memory, latest time.
    Known problems
        Numbers among texts are a conflict. Since only changes count, a value can go down: base `9`, shards `3` and
        `2` give `3`; counting the base too would lose every lowering.
    Example
        max
            base   1
            a      4
            b      7
            gives  7
    Laws
        commutative (but for the form of equal numbers, `1` or `1.0`), associative, idempotent, monotone
    """
    return _extreme(site, max)


def _extreme(site: Site, pick: Pick) -> Verdict:
    numbers = [v for v in site.values() if is_number(v)]
    if numbers:
        return over_changed(site, "a number", is_number, lambda values: _picked(pick, values, [*map(_exactly, values)]))
    return over_changed(site, "a number or text", is_text, lambda values: _picked(pick, values, values))


def _picked(pick: Pick, values: Sequence[Json], keys: Sequence[Comparable]) -> Chosen:
    return Chosen(values[keys.index(pick(keys))])


def _exactly(number: int | float | Decimal) -> int | Decimal:
    """Give what the text of a number writes, which a float is not quite."""
    return decimal_of(number) if isinstance(number, float) else number


def minimum_by(site: Site, field: str) -> Verdict:
    """Take the object whose field is least.

    What it does
        `{min_by: cost}` compares the objects that shards left by that field, numbers or texts, and takes one whole.
        Of equals the first by rank is taken.
    Why
        The cheapest plan, the earliest finding.
    Known problems
        An object without the field, or with a field of another kind, is a conflict. Objects are not mixed.
    Example
        {min_by: cost}
            base   null
            a      {"cost": 3}
            b      {"cost": 2}
            gives  {"cost": 2}
    Laws
        commutative (but for ties, which go to the first by rank), associative, idempotent, monotone
    """
    return _extreme_by(site, field, min)


def maximum_by(site: Site, field: str) -> Verdict:
    """Take the object whose field is greatest.

    What it does
        `{max_by: confidence}` compares the objects that shards left by that field, numbers or texts, and takes one
        whole. Of equals the first by rank is taken.
    Why
        The answer with the highest confidence.
    Known problems
        An object without the field, or with a field of another kind, is a conflict. Objects are not mixed.
    Example
        {max_by: confidence}
            base   null
            a      {"answer": 1, "confidence": 0.4}
            b      {"answer": 2, "confidence": 0.9}
            gives  {"answer": 2, "confidence": 0.9}
    Laws
        commutative (but for ties, which go to the first by rank), associative, idempotent, monotone
    """
    return _extreme_by(site, field, max)


def _extreme_by(site: Site, field: str, pick: Pick) -> Verdict:
    return over_changed(site, "an object", _is_object, lambda values: _picked_by(site, field, pick, values))


def _is_object(value: Value) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict)


def _picked_by(site: Site, field: str, pick: Pick, values: Sequence[dict[str, Json]]) -> Verdict:
    keys: list[Comparable] = []
    for candidate, value in zip(site.candidates, values, strict=True):
        if field not in value:
            return Unsettled(f"{candidate.shard} left an object without the field '{field}'")
        key = value[field]
        if is_number(key):
            keys.append(_exactly(key))
        elif isinstance(key, str):
            keys.append(key)
        else:
            left = f"{candidate.shard} left {a_kind(key)} in the field '{field}'"
            return Unsettled(f"{left}, where a number or text is needed")
    if len({isinstance(key, str) for key in keys}) > 1:
        return Unsettled(f"the field '{field}' is a number in some shards and a text in others")
    return _picked(pick, values, keys)


@record
class Behind:
    """All values of a list that are behind one place, told by comparing places; sets of them would grow as squares."""

    places: Mapping[Hashable, int]
    place: int

    def __contains__(self, key: Hashable) -> bool:
        """Tell whether a value of the list stands behind."""
        return self.places[key] > self.place


def ranked(site: Site, above: Order) -> Verdict:
    """Take the value furthest along a declared order.

    What it does
        `{rank: [pending, running, failed, done]}` takes the value that stands last in the list among those that
        shards left. A partial order is given as pairs, lower first: `{rank: {pairs: [[a, b], [a, c]]}}`; then a
        conflict remains where two shards left values that neither leads to the other.
    Why
        States of a task, severities, levels of confidence.
    Known problems
        A value that is not in the order is a conflict, never a guess. Only changes count, so a value can go back when
        every shard that changed it went back.
    Example
        {rank: [low, medium, high]}
            base   "low"
            a      "high"
            b      "medium"
            gives  "high"
        {rank: {pairs: [[new, seen], [new, muted]]}}
            base   "new"
            a      "seen"
            b      "muted"
            gives  conflict
    Laws
        commutative, associative (not for an order given as pairs), idempotent, monotone
    """
    values = site.values()
    for candidate, value in zip(site.candidates, values, strict=True):
        if value is not ABSENT and frozen(value) not in above:
            return Unsettled(f"{candidate.shard} left a value that is not in the declared order")
    return over_changed(site, "a value of the order", _is_json, lambda present: _highest(present, above))


def _is_json(value: Value) -> TypeGuard[Json]:
    return value is not ABSENT


def _highest(values: Sequence[Json], above: Order) -> Verdict:
    distinct = {frozen(value): value for value in values}
    highest = reduce(lambda one, other: other if other in above[one] else one, distinct)  # if there is one, it is this
    if all(other == highest or highest in above[other] for other in distinct):
        return Chosen(distinct[highest])
    return Unsettled("the declared order does not say which of these values leads")


def every(site: Site) -> Verdict:
    """Say true only if every shard that changed the value left true.

    What it does
        Takes false as soon as one shard left false.
    Why
        Checks that must all pass.
    Known problems
        Only changes count: a shard that left the base value has no say.
    Example
        all
            base   null
            a      true
            b      false
            gives  false
    Laws
        commutative, associative, idempotent, monotone
    """
    return over_changed(site, "true or false", _is_bool, lambda values: Chosen(all(values)))


def some(site: Site) -> Verdict:
    """Say true as soon as one shard that changed the value left true.

    What it does
        Takes false only if every shard that changed it left false.
    Why
        Alarms that one finding raises.
    Known problems
        Only changes count: a shard that left the base value has no say.
    Example
        any
            base   null
            a      true
            b      false
            gives  true
    Laws
        commutative, associative, idempotent, monotone
    """
    return over_changed(site, "true or false", _is_bool, lambda values: Chosen(any(values)))


def _is_bool(value: Value) -> TypeGuard[bool]:
    return isinstance(value, bool)
