"""The layout of a base: where in its canonical bytes each value stands, found only as far as somebody asks.

Law: `text[first:last]` of a place's span is exactly the canonical text of the value there. It holds by construction:
the text is written from the value, one member or item a line, so the lines indented as deep as the members of an
object, or the items of a list, are where these begin. A line break inside of a text is always escaped.
"""

from __future__ import annotations

import re
from functools import lru_cache

import orjson

from shardflow.model.values import Json
from shardflow.storage.json.canonical import written_bytes


def layout_of(value: dict[str, Json], data: bytes | None = None) -> Branch:
    """Lay out a context. `data`, if it is what canonical writing gives, is kept instead of a second copy of it."""
    text = written_bytes(value)
    return Branch(data if data == text else text, value, 0, len(text) - 1, 0)


class Branch:
    """An object or list of the base: `text[first:last]`, inside of `depth` others.

    `items` are its values in order; `names` those of an object's members, none for a list.
    """

    __slots__ = ("_inner", "_starts", "depth", "first", "items", "last", "names", "text", "value")

    def __init__(self, text: bytes, value: dict[str, Json] | list[Json], first: int, last: int, depth: int) -> None:
        self.text = text
        self.value = value
        self.first = first
        self.last = last
        self.depth = depth
        self.names = list(value) if isinstance(value, dict) else []
        self.items = list(value.values()) if isinstance(value, dict) else value
        self._starts: list[int] | None = None
        self._inner: dict[int, Branch] = {}

    def starts(self) -> list[int]:
        """Give where the text of each member, its name included, or of each item begins.

        Cost: reading the branch's text, the first time.
        """
        if self._starts is None:
            lines = _lines(self.depth + 1).finditer(self.text, self.first, self.last)
            self._starts = [line.end() for line in lines]
        return self._starts

    def span(self, place: int) -> tuple[int, int]:
        """Give where the value at a place begins and ends."""
        inner = self._inner.get(place)
        if inner is not None:
            return inner.first, inner.last
        starts = self.starts()
        first = starts[place]
        if self.names:
            first += len(orjson.dumps(self.names[place])) + len(": ")
        if place + 1 < len(starts):
            return first, starts[place + 1] - len(line_break(self.depth + 1)) - len(",")
        return first, self.last - len(line_break(self.depth)) - len("]")

    def inner(self, place: int) -> Branch | None:
        """Give the branch at a place; None for a scalar and for an empty object or list."""
        branch = self._inner.get(place)
        if branch is None:
            value = self.items[place]
            if not isinstance(value, dict | list) or not value:
                return None
            branch = self._inner[place] = Branch(self.text, value, *self.span(place), self.depth + 1)
        return branch


@lru_cache
def line_break(depth: int) -> bytes:
    """Give a line break with the indentation of what stands inside of `depth` objects and lists."""
    return b"\n" + b"  " * depth


@lru_cache
def _lines(depth: int) -> re.Pattern[bytes]:
    return re.compile(rb"%s(?=[^ }\]])" % line_break(depth))
