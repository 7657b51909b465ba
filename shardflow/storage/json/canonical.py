"""The one way a JSON value is written: canonical bytes.

Law: `parse_json(canonical_bytes(value))` is the same as `value`, and same values with the same key order have the
same bytes. UTF-8, two-space indent, one final newline, keys in the value's own order, numbers exact.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import orjson

from shardflow.errors import InvalidJson
from shardflow.model.documents import Problem
from shardflow.model.values import Json, flaw
from shardflow.storage.json.exact_numbers import number_text

_OPTIONS: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_SMALL: Final = 1 << 63
"""Integers below this size are written by orjson itself."""


def canonical_bytes(value: Json) -> bytes:
    """Write a value. Raises InvalidJson for what is no JSON value, not finite, a lone surrogate, or too deep."""
    if problem := flaw(value):
        raise InvalidJson([Problem("value to write", None, problem)])
    return written_bytes(value)


def written_bytes(value: Json) -> bytes:
    """Write a value that `parse_json` gave, or that was merged of such: it has no flaw, and looking for one would take
    most of the time. Raises InvalidJson for a number with too many digits.
    """
    try:
        return orjson.dumps(value, option=_OPTIONS, default=_exact)
    except orjson.JSONEncodeError:
        return _with_large_integers(value)


def _with_large_integers(value: Json) -> bytes:
    try:
        return orjson.dumps(_marked(value), option=_OPTIONS)
    except (orjson.JSONEncodeError, ValueError) as error:
        raise InvalidJson([Problem("value to write", None, str(error))]) from None


def _exact(number: object) -> orjson.Fragment:
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
