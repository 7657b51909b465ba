"""Strict JSON (RFC 8259) from bytes: whatever would be lost in silence is refused with its place.

Law: every accepted text has exactly one value of our JSON domain, and that value has lost nothing of the text but
white space, escapes and the spelling of numbers. Duplicate keys, NaN and infinities, numbers that overflow, lone
surrogates, a byte order mark, other encodings than UTF-8 and nesting beyond `MAX_DEPTH` are refused.

Reading is done by the C scanner of the standard library with hooks; only a text it refuses is read again, slowly,
to say what is wrong with it. Numbers are read as `exact_numbers` describes.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Final, NoReturn

from shardflow.model.values import MAX_DEPTH, Json
from shardflow.storage.exact_numbers import exact_decimal


def parse_json(data: bytes, source: str) -> Json:
    """Read one JSON document; `source` names it in the problems. Raises InvalidJson with every problem found."""
    try:
        return _scan(data)
    except (ValueError, RecursionError):
        from shardflow.storage.json_diagnosis import diagnose  # only ever needed for a text that is refused

        return diagnose(data, source)


def _scan(data: bytes) -> Json:
    value: Json = _DECODER.decode(data.decode())
    if _has_lone_surrogate(data) or _is_too_deep(data, value):
        raise ValueError
    return value


def _distinct(members: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(members)
    if len(made) != len(members):
        raise ValueError
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _float(literal: str) -> float | Decimal:
    value = float(literal)
    return value if repr(value) == literal else exact_decimal(literal)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_distinct, parse_float=_float, parse_constant=_refuse)

_ESCAPE: Final = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|.)")
"""One escape; the group holds the start of a surrogate without its partner. Tells so only in valid JSON."""


def _has_lone_surrogate(data: bytes) -> bool:
    return (b"\\ud" in data or b"\\uD" in data) and any(_ESCAPE.findall(data))


def _is_too_deep(data: bytes, value: Json) -> bool:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
