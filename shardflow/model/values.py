"""The JSON domain: its values, `ABSENT`, strict equality and a strict hashable form.

Law: two values are the same exactly when their JSON texts mean the same thing. `1`, `1.0` and `true` are three
values, `0.0` and `-0.0` are two, `ABSENT` and `null` are two. Key order never matters, list order always does.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from enum import Enum
from math import copysign
from typing import Final, TypeAlias, TypeGuard

from shardflow.model.numbers import number_flaw

Json: TypeAlias = "None | bool | int | float | Decimal | str | list[Json] | dict[str, Json]"
"""A JSON value. A number is an `int` of any size, a finite `float`, or a `Decimal` where no float holds the literal.

Values are never changed in place: whoever needs another value builds one, sharing the parts that stay.
"""


class Absent(Enum):
    """The type of `ABSENT`: no value stands here. Never confused with `null`."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        """Show as the name people write."""
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""No value stands here; a value of its own in every change, never inside a document."""

Value: TypeAlias = "Json | Absent"
"""What can stand at a path: a JSON value, or nothing."""

MAX_DEPTH: Final = 200
"""The deepest nesting of objects and lists in a document read, merged or written."""

RECORD_DEPTH: Final = MAX_DEPTH + 20
"""The same of what is written about documents, in which their values stand some levels further inside (orjson cannot
write beyond about 255)."""


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are strictly the same. Cost: linear in the smaller, constant for shared parts."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, (str, int)):  # most values, and a union of types would be slower
        return left == right
    if isinstance(left, dict) and isinstance(right, dict):
        return len(left) == len(right) and all(k in right and same(v, right[k]) for k, v in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right and copysign(1.0, left) == copysign(1.0, right)
    return left == right


def frozen(value: Value) -> Hashable:
    """Give the hashable twin of a value: two twins are equal exactly when their values are the same."""
    if isinstance(value, dict):
        return (dict, frozenset((key, frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return (list, tuple(map(frozen, value)))
    if isinstance(value, float):
        return (float, value, copysign(1.0, value))
    return (type(value), value)


def kind(value: Value) -> str:
    """Name the kind of a value as people say it: object, list, text, integer, decimal, boolean, null, nothing."""
    return _KINDS[type(value)]


def a_kind(value: Value) -> str:
    """Name the kind of a value in a sentence: `an object`, `a list`, `null`, `nothing`."""
    name = kind(value)
    if name in ("null", "nothing"):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


_KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "decimal",
    Decimal: "decimal",
    type(None): "null",
    Absent: "nothing",
}


def is_number(value: Value) -> TypeGuard[int | float | Decimal]:
    """Tell whether a value is a JSON number; `true` and `false` are not."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


_NUMBERS: Final = (int, float, Decimal)


def flaw(value: object, deepest: int = MAX_DEPTH) -> str | None:
    """Say why a Python object is no JSON value of this domain, or None if it is one.

    Meant for the doors of the library, where a caller may hand over anything. Cost: linear in the value.
    """
    level: list[object] = [value]
    for depth in range(deepest + 1):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
                if any(type(key) is not str for key in item):
                    return "an object has a key that is not a text"
                inner.extend(key for key in item if not key.isascii())
            elif isinstance(item, list):
                inner.extend(item)
            elif type(item) not in _KINDS or item is ABSENT:
                return f"{type(item).__name__} is not a JSON value"
            elif isinstance(item, str) and not _is_unicode(item):
                return "a text holds half of a surrogate pair"
            elif isinstance(item, _NUMBERS) and (problem := number_flaw(item)):
                return problem
        if not inner:
            empty_below = depth == deepest and any(isinstance(item, dict | list) for item in level)
            return too_deep(deepest) if empty_below else None
        level = inner
    return too_deep(deepest)


def too_deep(deepest: int = MAX_DEPTH) -> str:
    """Say that something nests deeper than it may."""
    return f"nested deeper than {deepest} levels"


def is_too_deep(value: Value, path: Sequence[object]) -> bool:
    """Tell whether a value would nest deeper at this path than a document may. Cost: linear in the value."""
    return len(path) + _levels(value) > MAX_DEPTH


def _levels(value: Value) -> int:
    """Count the objects and lists that stand one inside of another."""
    levels, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        levels += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return levels


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
