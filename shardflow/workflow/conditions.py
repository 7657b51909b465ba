"""Conditions: `when:` of a phase or a subagent, asked of the context as it is when its turn comes.

    when: {path: $.findings, is: not-empty}
    when: {path: $.status, equals: done}
    when: {all: [{path: $.n, at_least: 3}, {not: {path: $.tags, contains: draft}}]}

Law: a condition is data. It holds or not for every context there is, by reading one value: it never fails, runs
nothing, and changes nothing. Where nothing stands at its path, only `is: missing` and `is: empty` hold. Equality is
strict, as everywhere: `1`, `1.0` and `true` are three values; numbers are ordered by their exact values.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from shardflow.model.fields import Fields, Place, quoted
from shardflow.model.numbers import decimal_of
from shardflow.model.paths import Path, PathError, parse_path, path_text
from shardflow.model.places import value_at
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, is_number, same

DEEPEST: Final = 20
"""How deep conditions may stand in conditions."""


class State(StrEnum):
    """What `is:` asks about a value."""

    EXISTS = "exists"
    MISSING = "missing"
    EMPTY = "empty"
    """Nothing, null, or a text, list or object without anything in it."""
    NOT_EMPTY = "not-empty"


class Comparison(StrEnum):
    """How a value is compared with what the condition says."""

    EQUALS = "equals"
    IN = "in"
    """One of a list."""
    CONTAINS = "contains"
    """A list that has this item, an object that has a member of this name, a text that has this text in it."""
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


@record
class Is:
    """The value at the path is in this state."""

    path: Path
    state: State


@record
class Compares:
    """The value at the path compares so with `operand`."""

    path: Path
    comparison: Comparison
    operand: Json


@record
class All:
    """Every one of the conditions holds."""

    conditions: tuple[Condition, ...]


@record
class AnyOf:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]


@record
class Not:
    """The condition does not hold."""

    condition: Condition


Condition: TypeAlias = Is | Compares | All | AnyOf | Not


def holds(condition: Condition, context: Json) -> bool:
    """Tell whether a condition holds for a context."""
    match condition:
        case Is(path, state):
            return _is(value_at(context, path), state)
        case Compares(path, comparison, operand):
            return _COMPARISONS[comparison](value_at(context, path), operand)
        case All(conditions):
            return all(holds(inner, context) for inner in conditions)
        case AnyOf(conditions):
            return any(holds(inner, context) for inner in conditions)
        case Not(inner):
            return not holds(inner, context)


def _is(value: Value, state: State) -> bool:
    is_empty = value is ABSENT or value is None or value == "" or value == [] or value == {}
    match state:
        case State.EXISTS:
            return value is not ABSENT
        case State.MISSING:
            return value is ABSENT
        case State.EMPTY:
            return is_empty
        case State.NOT_EMPTY:
            return not is_empty


def _is_in(value: Value, operand: Json) -> bool:
    return isinstance(operand, list) and any(same(value, item) for item in operand)


def _contains(value: Value, operand: Json) -> bool:
    match value:
        case list():
            return any(same(item, operand) for item in value)
        case dict() | str():
            return isinstance(operand, str) and operand in value
        case _:
            return False


def _ordered(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Value, Json], bool]:
    def compared(value: Value, operand: Json) -> bool:
        return is_number(value) and is_number(operand) and compare(decimal_of(value), decimal_of(operand))

    return compared


_COMPARISONS: Final[dict[Comparison, Callable[[Value, Json], bool]]] = {
    Comparison.EQUALS: same,
    Comparison.IN: _is_in,
    Comparison.CONTAINS: _contains,
    Comparison.AT_LEAST: _ordered(lambda value, operand: value >= operand),
    Comparison.AT_MOST: _ordered(lambda value, operand: value <= operand),
    Comparison.MORE_THAN: _ordered(lambda value, operand: value > operand),
    Comparison.LESS_THAN: _ordered(lambda value, operand: value < operand),
}
_NUMERIC: Final = (Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE_THAN, Comparison.LESS_THAN)
_STATES: Final = {state.value: state for state in State}
_EVERYWHERE: Final = Is((), State.EXISTS)
"""Stands for a condition that cannot be read."""
_HOW: Final = (
    f"say path: with is: ({', '.join(_STATES)}) or one of {', '.join(comparison.value for comparison in Comparison)}; "
    "or all:, any: with a list of conditions, or not: with one"
)


def read_condition(place: Place, depth: int = 1) -> Condition:
    """Read a condition; stand-in: one that always holds."""
    with place.fields(_HOW) as fields:
        if depth > DEEPEST:
            place.refuse(f"conditions nested deeper than {DEEPEST} levels")
            return _unread(fields)
        asked = [name for name in ("path", "all", "any", "not") if name in fields]
        if len(asked) != 1:
            if isinstance(place.value, dict):
                place.refuse("expected one of path, all, any and not in a condition", _HOW)
            return _unread(fields)
        match asked[0]:
            case "path":
                return _read_test(fields)
            case "all":
                return All(_read_several(fields.place("all"), depth))
            case "any":
                return AnyOf(_read_several(fields.place("any"), depth))
            case _:
                return Not(read_condition(fields.place("not"), depth + 1))


def _unread(fields: Fields) -> Condition:
    """Pass over what nothing can be told of, so that each field is not called unknown as well."""
    for name in ("path", "all", "any", "not", "is", *Comparison):
        fields.optional(name, lambda inner: inner, None)
    return _EVERYWHERE


def _read_several(place: Place, depth: int) -> tuple[Condition, ...]:
    if place.value == []:
        place.expect("at least one condition")
    return tuple(read_condition(item, depth + 1) for item in place.items())


def _read_test(fields: Fields) -> Condition:
    path = read_path(fields.place("path"))
    asked = [name for name in ("is", *Comparison) if name in fields]
    if len(asked) != 1:
        fields.here.refuse("expected one question about the path", _HOW)
        return _EVERYWHERE
    place = fields.place(asked[0])
    if asked[0] == "is":
        return Is(path, place.choice("state", _STATES) or State.EXISTS)
    comparison = Comparison(asked[0])
    if comparison in _NUMERIC and not is_number(place.value):
        place.expect("a number")
    if comparison is Comparison.IN and (not isinstance(place.value, list) or not place.value):
        place.expect("a list of the values it may have")
    return Compares(path, comparison, None if place.value is ABSENT else place.value)


def read_path(place: Place) -> Path:
    """Read the path of one value, such as `$.files` or `$.runs[0].status`; stand-in: that of the whole context."""
    text = place.text()
    if not isinstance(place.value, str):
        return ()
    try:
        return parse_path(text)
    except PathError as error:
        place.refuse(f"{quoted(text)} is no path of one value", str(error))
        return ()


def condition_json(condition: Condition) -> dict[str, Json]:
    """Give a condition as a workflow writes it."""
    match condition:
        case Is(path, state):
            return {"path": path_text(path), "is": state.value}
        case Compares(path, comparison, operand):
            return {"path": path_text(path), comparison.value: operand}
        case All(conditions):
            return {"all": [condition_json(inner) for inner in conditions]}
        case AnyOf(conditions):
            return {"any": [condition_json(inner) for inner in conditions]}
        case Not(inner):
            return {"not": condition_json(inner)}


def condition_text(condition: Condition) -> str:
    """Tell a person what a condition asks for. Escape it: it may hold foreign text."""
    match condition:
        case Is(path, state):
            verb = "" if state is State.EXISTS else "is "
            return f"{path_text(path)} {verb}{state.value.replace('-', ' ')}"
        case Compares(path, comparison, operand):
            verb = "" if comparison in (Comparison.EQUALS, Comparison.CONTAINS) else "is "
            return f"{path_text(path)} {verb}{comparison.value.replace('_', ' ')} {json.dumps(operand, default=str)}"
        case All(conditions):
            return " and ".join(map(_bracketed, conditions))
        case AnyOf(conditions):
            return " or ".join(map(_bracketed, conditions))
        case Not(inner):
            return f"not ({condition_text(inner)})"


def _bracketed(condition: Condition) -> str:
    text = condition_text(condition)
    return f"({text})" if isinstance(condition, All | AnyOf) else text
