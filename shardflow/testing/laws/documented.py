"""What strategies and options document, said once more as plainly as it can be: so that a wrong one is found by what
it gives.

Shares nothing with them but exact numbers. Where values are of a kind that a strategy refuses, or its page
leaves open, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

from shardflow.merge.rules import Expected, OnDelete, OnSame, Rule, RuleSet
from shardflow.model.decisions import Decision, Settled
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json, Value
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.outcomes import CONTESTED, Contested, Contrast, LawBroken, Outcome, Side, alike, text_of

if TYPE_CHECKING:
    from shardflow.testing.laws.engine import Engine

Said: TypeAlias = Sequence[tuple[str, Value]]
"""Who changed the value at a path and what they left there, in rank order."""


class Unsaid(Exception):
    """The page does not say what comes out here."""


def as_documented(engine: Engine, group: Group, rules: RuleSet) -> None:
    """A rule gives what the page of its strategy and its options document, told by a second, plainer definition."""
    known = {rule.ref: rule for rule in reversed(rules.every)}  # of two alike the first decides
    for decision in engine.merge(group.base, group.deltas, rules).decisions:
        rule = known.get(decision.rule)
        if rule is None or not decision.contributions:
            continue
        said = [(one.shard, one.after) for one in decision.contributions]
        try:
            wanted = ruled(rule, decision.base, said)
        except Unsaid:
            continue
        found = _outcome(decision)
        if not fits(found, wanted):
            where = path_text(decision.path)
            sides = Side(f"documented at {where}", wanted), Side(f"came out at {where}", found)
            raise LawBroken("as documented", Contrast(*sides), "", decision.rule)


def _outcome(decision: Decision) -> Outcome:
    return decision.value if isinstance(decision, Settled) else CONTESTED


def ruled(rule: Rule, base: Value, said: Said) -> Outcome:
    """Give what a rule says comes out: its options are asked before its strategy. Raises Unsaid."""
    strategy, options = rule.strategy, rule.options
    definition = DEFINITIONS.get(strategy.name)
    if definition is None:
        raise Unsaid
    kept = [(shard, value) for shard, value in said if value is not ABSENT]
    if not all(_is_of(options.expected, value) for _, value in kept):
        return CONTESTED
    if 0 < len(kept) < len(said) and options.on_delete is not None:
        match options.on_delete:
            case OnDelete.CONFLICT:
                return CONTESTED
            case OnDelete.DELETE:
                return ABSENT
            case OnDelete.KEEP:
                said = kept
    if len(said) > 1 and options.same_change is OnSame.CONFLICT and _agreed(None, base, said) is not CONTESTED:
        return CONTESTED
    return definition(strategy.argument, base, said)


def _is_of(expected: Expected | None, value: Value) -> bool:
    match expected:
        case None:
            return True
        case Expected.OBJECT:
            return isinstance(value, dict)
        case Expected.LIST:
            return isinstance(value, list)
        case Expected.TEXT:
            return isinstance(value, str)
        case Expected.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Expected.NUMBER:
            return _is_number(value)
        case Expected.BOOLEAN:
            return isinstance(value, bool)
        case Expected.NULL:
            return value is None


def fits(outcome: Outcome, documented_outcome: Outcome) -> bool:
    """Tell whether an outcome is what is documented: numbers by what they are worth, all else by its text."""
    if isinstance(outcome, Contested) or isinstance(documented_outcome, Contested):
        return outcome is documented_outcome
    if _is_number(outcome) and _is_number(documented_outcome):
        return _exact(outcome) == _exact(documented_outcome)
    return alike(outcome, documented_outcome)


def _is_number(value: Outcome) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _exact(value: Outcome) -> Fraction:
    """Give a number as the text it is written as stands for."""
    return Fraction(repr(value) if isinstance(value, float) else str(value))


def _numbers(base: Value, said: Said) -> list[Fraction]:
    values = [value for _, value in said]
    if not all(_is_number(value) for value in values) or not (base is ABSENT or _is_number(base)):
        raise Unsaid
    return [_exact(value) for value in values]


def _sum(_: Json, base: Value, said: Said) -> Outcome:
    values = _numbers(base, said)
    start = Fraction(0) if base is ABSENT else _exact(base)
    total = start + sum(value - start for value in values)
    if total.denominator == 1:
        return int(total)
    places = next(n for n in range(2000) if (total * 10**n).denominator == 1)
    return Decimal(int(total * 10**places)).scaleb(-places) if abs(total) < 10**15 and places < 20 else _leave_open()


def _leave_open() -> Outcome:
    raise Unsaid


def _mean(_: Json, base: Value, said: Said) -> Outcome:
    values = _numbers(ABSENT, said)
    if all(alike(said[0][1], value) for _, value in said):
        return said[0][1]
    mean = sum(values, start=Fraction(0)) / len(values)
    return float(mean) if abs(mean) < _HUGE else _leave_open()


_HUGE: Final = 10**300


def _largest(sign: int) -> Callable[[Json, Value, Said], Outcome]:
    def pick(_: Json, base: Value, said: Said) -> Outcome:
        values = _numbers(ABSENT, said)
        return said[max(range(len(values)), key=lambda place: (sign * values[place], -place))][1]

    return pick


def _booleans(combine: Callable[[list[bool]], bool]) -> Callable[[Json, Value, Said], Outcome]:
    def pick(_: Json, base: Value, said: Said) -> Outcome:
        values = [value for _, value in said if isinstance(value, bool)]
        return combine(values) if len(values) == len(said) else _leave_open()

    return pick


def _lists(base: Value, said: Said) -> tuple[list[Json], list[list[Json]]]:
    values = [value for _, value in said if isinstance(value, list)]
    if len(values) < len(said) or not (base is ABSENT or isinstance(base, list)):
        raise Unsaid
    return base if isinstance(base, list) else [], values


def _append(_: Json, base: Value, said: Said) -> Outcome:
    items, values = _lists(base, said)
    if not all(text_of(value[: len(items)]) == text_of(items) for value in values):
        return CONTESTED
    return items + [item for value in values for item in value[len(items) :]]


def _prepend(_: Json, base: Value, said: Said) -> Outcome:
    items, values = _lists(base, said)
    if not all(
        len(value) >= len(items) and text_of(value[len(value) - len(items) :]) == text_of(items) for value in values
    ):
        return CONTESTED
    return [item for value in values for item in value[: len(value) - len(items)]] + items


def _set(_: Json, base: Value, said: Said) -> Outcome:
    items, values = _lists(base, said)
    kept = [item for item in items if all(_holds(value, item) for value in values)]
    return _once(kept + [item for value in values for item in value if not _holds(items, item)])


def _holds(items: Sequence[Json], wanted: Json) -> bool:
    return any(alike(item, wanted) for item in items)


def _once(items: Sequence[Json]) -> list[Json]:
    return [item for place, item in enumerate(items) if not _holds(items[:place], item)]


def _multiset(_: Json, base: Value, said: Said) -> Outcome:
    items, values = _lists(base, said)
    counted: list[Json] = []
    for item in _once([*items, *(item for value in values for item in value)]):
        before = _count(items, item)
        counted += [item] * (before + sum(_count(value, item) - before for value in values))
    return counted


def _count(items: Sequence[Json], wanted: Json) -> int:
    return sum(alike(item, wanted) for item in items)


def _rank(argument: Json, base: Value, said: Said) -> Outcome:
    if not isinstance(argument, list) or not all(_holds(argument, value) for _, value in said if value is not ABSENT):
        raise Unsaid
    if any(value is ABSENT for _, value in said):
        raise Unsaid
    return next(word for word in reversed(argument) if any(alike(word, value) for _, value in said))


def _votes(said: Said) -> list[tuple[Value, int]]:
    values = [value for _, value in said]
    if any(value is ABSENT for value in values):
        raise Unsaid
    distinct = [value for place, value in enumerate(values) if not any(alike(value, one) for one in values[:place])]
    return [(value, sum(alike(value, one) for one in values)) for value in distinct]


def _quorum(argument: Json, base: Value, said: Said) -> Outcome:
    enough = [value for value, count in _votes(said) if isinstance(argument, int) and count >= argument]
    return enough[0] if len(enough) == 1 else CONTESTED


def _majority(_: Json, base: Value, said: Said) -> Outcome:
    enough = [value for value, count in _votes(said) if 2 * count > len(said)]
    return enough[0] if enough else CONTESTED


def _prefer(argument: Json, base: Value, said: Said) -> Outcome:
    names = [argument] if isinstance(argument, str) else argument if isinstance(argument, list) else []
    preferred = [value for name in names for shard, value in said if shard == name]
    return preferred[0] if preferred else _agreed(argument, base, said)


def _agreed(_: Json, base: Value, said: Said) -> Outcome:
    first = said[0][1]
    return first if all(alike(first, value) for _, value in said) else CONTESTED


DEFINITIONS: Final[Mapping[str, Callable[[Json, Value, Said], Outcome]]] = {
    "all": _booleans(all),
    "any": _booleans(any),
    "append": _append,
    "atomic": _agreed,
    "base": lambda argument, base, said: base if _agreed(argument, base, said) is CONTESTED else said[0][1],
    "conflict": _agreed,
    "first": lambda _, base, said: said[0][1],
    "ignore": lambda _, base, said: base,
    "immutable": lambda _, base, said: CONTESTED,
    "last": lambda _, base, said: said[-1][1],
    "majority": _majority,
    "max": _largest(1),
    "mean": _mean,
    "min": _largest(-1),
    "multiset": _multiset,
    "prefer": _prefer,
    "prepend": _prepend,
    "quorum": _quorum,
    "rank": _rank,
    "set": _set,
    "sum": _sum,
}
"""What pages say in their first section, by strategy."""
