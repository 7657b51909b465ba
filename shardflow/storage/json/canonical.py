"""The one way a JSON value is written: canonical bytes.

Law: `parse_json(canonical_bytes(value))` is the same as `value`, and same values with the same key order have the
same bytes. UTF-8, two-space indent, one final newline, keys in the value's own order, numbers exact.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidJson
from shardflow.model.documents import Problem
from shardflow.model.values import MAX_DEPTH, RECORD_DEPTH, Json, flaw
from shardflow.storage.json.exact_numbers import number_text

if TYPE_CHECKING:
    import orjson

_SMALL: Final = 1 << 63
"""Integers below this size are written by orjson itself."""

_FEW: Final = 1000
"""Up to so many values are written faster by the standard library than importing orjson takes (9 ms)."""


def canonical_bytes(value: Json) -> bytes:
    """Write a value. Raises InvalidJson for what is no JSON value, not finite, a lone surrogate, or too deep."""
    return _checked_bytes(value, MAX_DEPTH)


def record_bytes(value: Json) -> bytes:
    """Write what tells of documents, whose values stand some levels inside of it. Raises InvalidJson as above."""
    return _checked_bytes(value, RECORD_DEPTH)


def _checked_bytes(value: Json, deepest: int) -> bytes:
    if problem := flaw(value, deepest):
        raise InvalidJson([Problem("value to write", None, problem)])
    return written_bytes(value)


def written_bytes(value: Json) -> bytes:
    """Write a value that `parse_json` gave, or that was merged of such: it has no flaw, and looking for one would take
    most of the time. Raises InvalidJson for a number with too many digits.
    """
    if "orjson" not in sys.modules and _is_plain(value):
        import json

        return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
    import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=_exact)
    except orjson.JSONEncodeError:
        return _with_large_integers(value, orjson.OPT_INDENT_2)


def line_bytes(value: Json) -> bytes:
    """Write a value that has no flaw on one line, as journals have it. Raises InvalidJson like `written_bytes`."""
    import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE, default=_exact)
    except orjson.JSONEncodeError:
        return _with_large_integers(value, 0)


def _is_plain(value: Json) -> bool:
    """Tell whether a value is small, and of the kinds that the standard library writes as orjson does."""
    found: list[Json] = [value]
    for item in found:  # grows while it is walked
        match item:
            case dict():
                found.extend(item.values())
            case list():
                found.extend(item)
            case int():
                if not -_SMALL <= item < _SMALL:
                    return False
            case float() | Decimal():
                return False
            case _:
                pass
        if len(found) > _FEW:
            return False
    return True


def _with_large_integers(value: Json, layout: int) -> bytes:
    import orjson

    try:
        return orjson.dumps(_marked(value), option=layout | orjson.OPT_APPEND_NEWLINE)
    except (orjson.JSONEncodeError, ValueError) as error:
        raise InvalidJson([Problem("value to write", None, str(error))]) from None


def _exact(number: object) -> orjson.Fragment:
    import orjson

    if isinstance(number, int | Decimal):
        return orjson.Fragment(number_text(number))
    raise TypeError


def _marked(value: Json) -> object:
    """Copy a value with every number that orjson cannot write replaced by its text."""
    match value:
        case dict():
            return {key: _marked(item) for key, item in value.items()}
        case list():
            return [_marked(item) for item in value]
        case int() if not -_SMALL <= value < _SMALL:
            return _exact(value)
        case Decimal():
            return _exact(value)
        case _:
            return value
