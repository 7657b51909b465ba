"""The laws a strategy may declare on its page, each a function that tells whether it holds for some shards.

What a strategy makes of values at one path is asked through `Ask`. A conflict is an outcome like a value, and absorbs:
what conflicts in a part must conflict in the whole.

- commutative: ranks do not matter. Up to order: they matter only for the order of items in lists.
- associative: merging neighbours first, and then the outcome with the rest, gives what merging all at once gives.
- idempotent: one more shard that says what another said changes nothing.
- monotone: a change that goes further in the strategy's order never takes the outcome back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import permutations
from typing import Any, Final, TypeAlias

from shardflow.merge.engine import merge
from shardflow.merge.guide.pages import Page
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.storage.json.canonical import canonical_bytes


class Contested(Enum):
    """The type of `CONTESTED`."""

    CONTESTED = "contested"


CONTESTED: Final = Contested.CONTESTED
"""The outcome of a merge that is in conflict."""

Outcome: TypeAlias = "Value | Contested"
Left: TypeAlias = "tuple[str, Value]"
"""A shard's id and the value it left."""
Ask: TypeAlias = Callable[[Value, Sequence[Left]], Outcome]
"""What comes of a base value and what shards left, in rank order."""

LAWS: Final = ("commutative", "commutative up to order", "associative", "idempotent", "monotone")
"""The laws there are to declare."""


def declared_laws(page: Page) -> frozenset[str]:
    """Give the laws a page declares; remarks in parentheses qualify them for people."""
    text, depth = "", 0
    for character in page.sections.get("Laws", ""):
        depth += (character == "(") - (character == ")")
        text += character if not depth and character != ")" else ""
    return frozenset(" ".join(name.split()) for name in text.split(",")) - {"none", ""}


def asking(rules: RuleSet, name: str = "n") -> Ask:
    """Give what the rules make of one member of an object."""

    def ask(base: Value, left: Sequence[Left]) -> Outcome:
        document = _holding(name, base)
        deltas = [Delta(shard, rank, diff(document, _holding(name, value))) for rank, (shard, value) in enumerate(left)]
        result = merge(document, deltas, rules)
        if result.conflicts or not isinstance(result.context, dict):
            return CONTESTED
        return result.context.get(name, ABSENT)

    return ask


def _holding(name: str, value: Value) -> dict[str, Json]:
    return {} if value is ABSENT else {name: value}


def commutative(ask: Ask, base: Value, left: Sequence[Left]) -> bool:
    """Each shard keeps its id and its value; only ranks change."""
    return len({_text(ask(base, order)) for order in permutations(left)}) == 1


def commutative_up_to_order(ask: Ask, base: Value, left: Sequence[Left]) -> bool:
    """As `commutative`, lists taken for bags."""
    return len({_bag_text(ask(base, order)) for order in permutations(left)}) == 1


def associative(ask: Ask, base: Value, left: Sequence[Left]) -> bool:
    """Neighbours keep their place, and the id of the first of them."""
    whole = _text(ask(base, left))
    return all(_text(_in_two_steps(ask, base, left, place)) == whole for place in range(len(left) - 1))


def _in_two_steps(ask: Ask, base: Value, left: Sequence[Left], place: int) -> Outcome:
    part = ask(base, left[place : place + 2])
    if isinstance(part, Contested):
        return CONTESTED
    return ask(base, [*left[:place], (left[place][0], part), *left[place + 2 :]])


def idempotent(ask: Ask, base: Value, left: Sequence[Left]) -> bool:
    """The shard that repeats another has an id of its own and the next rank."""
    whole = _text(ask(base, left))
    doubled = ([*left[: n + 1], (f"{left[n][0]} again", left[n][1]), *left[n + 1 :]] for n in range(len(left)))
    return all(_text(ask(base, more)) == whole for more in doubled)


def monotone(ask: Ask, base: Value, left: Sequence[Left], higher: Value, height: Callable[[Any], Any]) -> bool:
    """Whatever shard that changed the base value changes it to something higher instead, the outcome is not lower."""
    before = ask(base, left)
    for place, (shard, value) in enumerate(left):
        if not same(value, base) and not same(higher, base) and height(value) <= height(higher):
            after = ask(base, [*left[:place], (shard, higher), *left[place + 1 :]])
            if CONTESTED not in (before, after) and height(after) < height(before):
                return False
    return True


CHECKS: Final[Mapping[str, Callable[[Ask, Value, Sequence[Left]], bool]]] = {
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
    return next((law for law in declared if law in CHECKS and not CHECKS[law](ask, base, left)), None)


def _text(outcome: Outcome) -> str:
    return repr(outcome) if isinstance(outcome, Enum) else canonical_bytes(_sorted_members(outcome)).decode()


def _bag_text(outcome: Outcome) -> str:
    return repr(outcome) if isinstance(outcome, Enum) else canonical_bytes(_bag(outcome)).decode()


def _sorted_members(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _sorted_members(value[name]) for name in sorted(value)}
    return [_sorted_members(item) for item in value] if isinstance(value, list) else value


def _bag(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _bag(value[name]) for name in sorted(value)}
    return sorted(map(_bag, value), key=canonical_bytes) if isinstance(value, list) else value
