"""The laws a strategy or a rule set may declare on its page, each a function that looks for what breaks it.

What is made of some values is asked through `Ask`. A conflict is an outcome like a value, and absorbs: what conflicts
in a part must conflict in the whole.

- commutative: ranks do not matter. Up to order: they matter only for the order of items in lists.
- associative: merging neighbours first, and then the outcome with the rest, gives what merging all at once gives.
- idempotent: one more shard that says what another said changes nothing.
- monotone: a change that goes further in the strategy's order never takes the outcome back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any, Final, TypeAlias

from shardflow.merge.engine import merge
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.laws.engine import Engine, Law
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.outcomes import (
    CONTESTED,
    Contested,
    Contrast,
    LawBroken,
    Outcome,
    Side,
    text_of,
    with_sorted_members,
)

Left: TypeAlias = "tuple[str, Value]"
"""A shard's id and the value it left."""
Ask: TypeAlias = Callable[[Value, Sequence[Left]], Outcome]
"""What comes of a base value and what shards left, in rank order."""
Check: TypeAlias = Callable[[Ask, Value, Sequence[Left]], "Contrast | None"]
"""Gives what breaks a law, None where it holds for these shards."""


def asking(rules: RuleSet, name: str = "n") -> Ask:
    """Ask what rules make of one member of an object."""

    def ask(base: Value, left: Sequence[Left]) -> Outcome:
        document = _holding(name, base)
        deltas = [Delta(shard, rank, diff(document, _holding(name, value))) for rank, (shard, value) in enumerate(left)]
        result = merge(document, deltas, rules)
        if result.conflicts or not isinstance(result.context, dict):
            return CONTESTED
        return result.context.get(name, ABSENT)

    return ask


def asking_of_documents(engine: Engine, rules: RuleSet) -> Ask:
    """Ask what rules make of whole documents."""

    def ask(base: Value, left: Sequence[Left]) -> Outcome:
        assert base is not ABSENT
        deltas = [Delta(shard, rank, diff(base, document)) for rank, (shard, document) in enumerate(left)]
        result = engine.merge(base, deltas, rules)
        return CONTESTED if result.conflicts else result.context

    return ask


def _holding(name: str, value: Value) -> dict[str, Json]:
    return {} if value is ABSENT else {name: value}


def commutative(ask: Ask, base: Value, left: Sequence[Left]) -> Contrast | None:
    """Each shard keeps its id and its value; only ranks change."""
    return _in_any_order(ask, base, left, _text)


def commutative_up_to_order(ask: Ask, base: Value, left: Sequence[Left]) -> Contrast | None:
    """As `commutative`, lists taken for bags."""
    return _in_any_order(ask, base, left, _bag_text)


def _in_any_order(ask: Ask, base: Value, left: Sequence[Left], text: Callable[[Outcome], str]) -> Contrast | None:
    first = Side(_ranked(left), ask(base, left))
    for order in permutations(left):
        other = Side(_ranked(order), ask(base, order))
        if text(first.outcome) != text(other.outcome):
            return Contrast(first, other)
    return None


def _ranked(left: Iterable[Left]) -> str:
    return f"ranked {', '.join(shard for shard, _ in left)}"


def associative(ask: Ask, base: Value, left: Sequence[Left]) -> Contrast | None:
    """Neighbours keep their place, and the id of the first of them."""
    whole = Side("all at once", ask(base, left))
    for place in range(len(left) - 1):
        first, second = left[place][0], left[place + 1][0]
        parts = Side(f"{first} and {second} first, then the rest", _in_two_steps(ask, base, left, place))
        if _text(whole.outcome) != _text(parts.outcome):
            return Contrast(whole, parts)
    return None


def _in_two_steps(ask: Ask, base: Value, left: Sequence[Left], place: int) -> Outcome:
    part = ask(base, left[place : place + 2])
    if isinstance(part, Contested):
        return CONTESTED
    return ask(base, [*left[:place], (left[place][0], part), *left[place + 2 :]])


def idempotent(ask: Ask, base: Value, left: Sequence[Left]) -> Contrast | None:
    """The shard that repeats another has an id of its own and the next rank."""
    whole = Side("as it is", ask(base, left))
    for place, (shard, value) in enumerate(left):
        more = [*left[: place + 1], (f"{shard} again", value), *left[place + 1 :]]
        twice = Side(f"with another shard that says what {shard} says", ask(base, more))
        if _text(whole.outcome) != _text(twice.outcome):
            return Contrast(whole, twice)
    return None


def monotone(
    ask: Ask, base: Value, left: Sequence[Left], higher: Value, height: Callable[[Any], Any]
) -> Contrast | None:
    """Whatever shard that changed the base value changes it to something higher instead, the outcome is not lower."""
    before = Side("as it is", ask(base, left))
    for place, (shard, value) in enumerate(left):
        if not same(value, base) and not same(higher, base) and height(value) <= height(higher):
            after = ask(base, [*left[:place], (shard, higher), *left[place + 1 :]])
            if CONTESTED not in (before.outcome, after) and height(after) < height(before.outcome):
                return Contrast(before, Side(f"if {shard} leaves {text_of(higher)}", after))
    return None


CHECKS: Final[Mapping[str, Check]] = {
    "commutative": commutative,
    "commutative up to order": commutative_up_to_order,
    "associative": associative,
    "idempotent": idempotent,
}
"""How each law is checked that needs no order of values; `monotone` needs one."""


def broken_law(ask: Ask, declared: Iterable[str], base: Value, left: Sequence[Left]) -> str | None:
    """Give a declared law that these shards break, None if all hold: for functions of one's own, beside Hypothesis.

    `declared_laws(page_of(function))` are those a function's docstring declares.
    """
    return next((law for law in declared if law in CHECKS and CHECKS[law](ask, base, left) is not None), None)


def law_of_documents(name: str) -> Law:
    """Give a declared law as a law of whole merges, by its name."""

    def law(engine: Engine, group: Group, rules: RuleSet) -> None:
        left = list(zip(group.shards, group.documents, strict=True))
        contrast = CHECKS[name](asking_of_documents(engine, rules), group.base, left)
        if contrast is not None:
            decisions = engine.merge(group.base, group.deltas, rules).decisions
            met = max(decisions, key=lambda decision: (len(decision.contributions), len(decision.path)), default=None)
            raise LawBroken(name, contrast, "", None if met is None else met.rule)

    return law


DECLARABLE: Final[Mapping[str, Law]] = {name: law_of_documents(name) for name in CHECKS}
"""The laws that a rule set may keep or not, by name, as laws of whole merges."""


def _text(outcome: Outcome) -> str:
    if isinstance(outcome, Contested) or outcome is ABSENT:
        return repr(outcome)
    return canonical_bytes(with_sorted_members(outcome)).decode()


def _bag_text(outcome: Outcome) -> str:
    if isinstance(outcome, Contested) or outcome is ABSENT:
        return repr(outcome)
    return canonical_bytes(_bag(outcome)).decode()


def _bag(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _bag(value[name]) for name in sorted(value)}
    return sorted(map(_bag, value), key=canonical_bytes) if isinstance(value, list) else value
