"""Pieces of hostile text and values inside messages: on one line, nothing in them that a terminal would obey, not too
long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from decimal import Decimal
from typing import Final

from shardflow.model.values import Json, Value, kind
from shardflow.storage.json.exact_numbers import number_text

VALUE_WIDTH: Final = 200
"""Characters of a value shown in a report."""

_LONGEST: Final = 40


def excerpt(text: str) -> str:
    """Quote a text, cut where it is long."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def printable(text: str) -> str:
    """Give the whole text with what cannot be printed written as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def value_text(value: Value, width: int = VALUE_WIDTH) -> str:
    """Show a value as JSON in about `width` characters; a cut one says how much there is. `(absent)` for ABSENT."""
    pieces: list[str] = []
    length = 0
    for piece in _pieces(value):
        pieces.append(piece)
        length += len(piece)
        if length > width:
            return "".join(pieces)[: width - 1] + f"… (shortened; {_extent(value)})"
    return "".join(pieces)


def _extent(value: Value) -> str:
    match value:
        case dict():
            return f"an object of {_count(value, 'member')}"
        case list():
            return f"a list of {_count(value, 'item')}"
        case str():
            return f"a text of {_count(value, 'character')}"
        case _:
            return f"a long {kind(value)}"


def _count(value: Sized, part: str) -> str:
    return f"{len(value):,} {part}{'' if len(value) == 1 else 's'}"


def _pieces(value: Value) -> Iterator[str]:
    """Give the JSON text bit by bit, so that a huge value costs no more than what is shown of it."""
    match value:
        case dict():
            yield from _joined("{", ((f"{_quoted(name)}: ", item) for name, item in value.items()), "}")
        case list():
            yield from _joined("[", (("", item) for item in value), "]")
        case str():
            yield _quoted(value)
        case _:
            yield _scalar(value)


def _joined(start: str, items: Iterator[tuple[str, Json]], end: str) -> Iterator[str]:
    yield start
    for index, (prefix, item) in enumerate(items):
        yield f", {prefix}" if index else prefix
        yield from _pieces(item)
    yield end


def _quoted(text: str) -> str:
    from json import dumps  # most runs show no value

    whole = len(text) <= 2 * VALUE_WIDTH
    return printable(dumps(text if whole else text[: 2 * VALUE_WIDTH], ensure_ascii=False))


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number_text(value)
        case float():
            return repr(value)
        case _:
            return "(absent)"
