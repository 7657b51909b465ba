"""Pieces of hostile text inside messages: on one line, nothing in them that a terminal would obey, not too long."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 40


def excerpt(text: str) -> str:
    """Quote a text, cut where it is long."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def printable(text: str) -> str:
    """Give the whole text with what cannot be printed written as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
