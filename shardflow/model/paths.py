"""Paths: where a value stands in a document, as tuples; text only for display.

A path is a tuple of segments, so `/a` is never taken for a prefix of `/aa`. Its text is a normalized path of
RFC 9535 (section 2.7) with member names in dot form where they allow it; a member of a keyed list is shown as a
filter selector of the same RFC: `$.findings[?@.file=='a.py'].severity`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Member:
    """The member of a keyed list whose key fields hold these values, each as (field, canonical text of the value)."""

    fields: tuple[tuple[str, str], ...]


class Order(Enum):
    """The type of `ORDER`: not an item of a keyed list but the order its items stand in."""

    ORDER = "order"


ORDER: Final = Order.ORDER
"""The last segment of the path of a change that only reorders the members of a keyed list."""

Segment: TypeAlias = str | int | Member | Order
Path: TypeAlias = tuple[Segment, ...]

ROOT: Final[Path] = ()

_SHORTHAND: Final = re.compile(r"[A-Za-z_\u0080-\U0010FFFF][A-Za-z0-9_\u0080-\U0010FFFF]*")
_ESCAPES: Final = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\"}


def path_text(path: Path) -> str:
    """Show a path to a person; different paths have different texts."""
    return "$" + "".join(map(segment_text, path))


def segment_text(segment: Segment) -> str:
    """Show one segment as it appears in the text of a path."""
    match segment:
        case int():
            return f"[{segment}]"
        case Member(fields):
            return "[?" + " && ".join(f"@{segment_text(name)}=={value}" for name, value in fields) + "]"
        case Order():
            return " (order)"
        case _:
            plain = _SHORTHAND.fullmatch(segment) and segment.isprintable()
            return f".{segment}" if plain else f"['{_escaped(segment)}']"


def _escaped(name: str) -> str:
    return "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in name)


def _escape(character: str) -> str:
    """Write a character as JSON's escapes do, in two halves beyond the BMP, so that no name can steer a terminal."""
    code = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[start : start + 4]}" for start in range(0, len(code), 4))


def key_text(scalar: None | bool | int | float | Decimal | str) -> str:
    """Write a scalar as a literal of RFC 9535; strictly different values have different texts."""
    match scalar:
        case None:
            return "null"
        case bool():
            return "true" if scalar else "false"
        case str():
            return f"'{_escaped(scalar)}'"
        case int():
            return format(Decimal(scalar), "f")  # unlike str(int), not limited to 4300 digits
        case _:
            return repr(scalar) if isinstance(scalar, float) else str(scalar)
