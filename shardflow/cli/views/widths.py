"""Texts in the columns of a terminal: how wide they are, cut to what there is, or folded into several lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

_ELLIPSIS: Final = "…"


def columns_of(text: str) -> int:
    """Count the columns that a terminal shows a text in: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(one: str) -> int:
    from unicodedata import category, east_asian_width  # most texts are ASCII

    return 0 if category(one) in ("Mn", "Me") else 2 if east_asian_width(one) in "WF" else 1


def cut_end(text: str, width: int) -> str:
    """Cut a text that is wider; an ellipsis says so."""
    return text if columns_of(text) <= width else _first(text, width - 1) + _ELLIPSIS


def cut_inside(text: str, width: int) -> str:
    """Cut a text that is wider, so that its beginning and its end stay."""
    if columns_of(text) <= width:
        return text
    end = (width - 1) // 2
    return _first(text, width - 1 - end) + _ELLIPSIS + _first(text[::-1], end)[::-1]


def _first(text: str, width: int) -> str:
    if text.isascii():
        return text[: max(0, width)]
    return text[: sum(1 for end in accumulate(map(_columns, text)) if end <= width)]


def folded(text: str, width: int | None, indent: str = "") -> Iterator[str]:
    """Break a text into lines at spaces, all but the first indented; a word too long is broken anywhere.

    Without a width it stays one line. What shall be copied, a command or a path, is better left to the terminal.
    """
    room = None if width is None else max(width, len(indent) + 2)
    while room is not None and columns_of(text) > room:
        line = _first(text, room)
        at = line.rfind(" ", len(indent) + 1) if text[len(line)] != " " else len(line)
        line = text[:at] if at > 0 else line
        yield line.rstrip()
        text = indent + text[len(line) :].lstrip()
    yield text
