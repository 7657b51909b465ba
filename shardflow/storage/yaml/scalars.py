"""What a plain scalar of YAML means: the core schema of YAML 1.2 (section 10.3.2), not that of YAML 1.1.

Law: only null, true, false and numbers are anything but text, each in the few spellings of the core schema. So
`on`, `yes`, `12:30`, `1_000` and `2026-01-31` are texts, `010` is ten and `0o10` is eight. Numbers are exact.
"""

from __future__ import annotations

import re
from typing import Final

from shardflow.model.values import Json
from shardflow.storage.json.exact_numbers import exact_decimal, exact_integer

_WORDS: Final[dict[str, Json]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NON_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def plain_value(text: str) -> Json:
    """Give the value of a plain scalar. Raises ValueError for a number that is not finite or too long."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return exact_integer(text)
    if _OTHER_BASE.fullmatch(text):
        return exact_integer(text[2:], base=8 if text[1] == "o" else 16)
    if _DECIMAL.fullmatch(text):
        return exact_decimal(text)
    if _NON_FINITE.fullmatch(text):
        raise ValueError("not a finite number")
    return text
