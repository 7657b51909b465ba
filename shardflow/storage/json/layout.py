"""The layout of a base: where in its bytes each value stands, in whatever style a shard is written.

Canonical bytes hold one member or item a line, so every place of a base has line numbers; they are the same in every
style, and only where the lines begin differs. Law: `lines.span(branch, place)` is where the value at a place stands in
the text of these lines. It holds by construction: the text is written from the value, line by line.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import Final, TypeAlias

import orjson

from shardflow.model.values import Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.style import CANONICAL, Style, restyled_lines


def layout_of(value: dict[str, Json], data: bytes | None = None) -> Layout:
    """Lay out a context. `data`, if it is what canonical writing gives, is kept instead of a second copy of it."""
    text = written_bytes(value)
    return Layout(value, data if data == text else text)


_LINE_END: Final = re.compile(b"\n")


class Layout:
    """A base as a tree of branches, and its lines in each style that shards turned out to be written in."""

    def __init__(self, value: dict[str, Json], text: bytes) -> None:
        self.value = value
        ends = map(re.Match.end, _LINE_END.finditer(text))
        self._canonical = Lines(CANONICAL, text, chain((0,), ends))
        self._styled = [self._canonical]
        self.root = Branch(self._canonical, value, 0, len(self._canonical.starts) - 2, 0)

    def lines(self, style: Style) -> Lines:
        """Give the lines of the base in a style. Cost: linear in the base, once for each style."""
        for known in self._styled:
            if known.style is style or known.style == style:
                return known
        lines = restyled_lines(self._canonical.text, style)
        self._styled.append(Lines(style, b"".join(lines), accumulate(map(len, lines), initial=0)))
        return self._styled[-1]


class Lines:
    """The text of a base in one style; line n stands at `text[starts[n]:starts[n + 1]]`."""

    __slots__ = ("_behind", "_between", "_colon", "_margin", "end", "starts", "style", "text")

    def __init__(self, style: Style, text: bytes, starts: Iterable[int]) -> None:
        self.style = style
        self.text = text
        self.starts = array("I", starts)
        self.end = len(text.rstrip())
        self._behind = 0 if style.indent is None else len(style.newline)
        self._between = len(",") + (len(style.after_comma) if style.indent is None else len(style.newline))
        self._colon = len(":") + (1 if style.indent is not None else len(style.after_colon))
        self._margin = len(style.indent or "")

    def span(self, branch: Branch, place: int) -> tuple[int, int]:
        """Give where the value at a place of a branch begins and ends."""
        lines = branch.lines
        first = self.starts[lines[place]] + self._margin * (branch.depth + 1)
        if branch.names:
            first += len(orjson.dumps(branch.names[place])) + self._colon
        return first, self._end(lines[place + 1], place + 1 < len(branch.items))

    def member(self, branch: Branch, place: int, line: int) -> tuple[str, int, int, int] | None:
        """Give the member that a line holds of an object of scalars, which stands at a place of a branch: its name,
        where its value begins and ends, and where the object ends. None for any other line.
        """
        value, opened, closed = branch.items[place], branch.lines[place], branch.lines[place + 1] - 1
        before = line - opened - 1
        if not isinstance(value, dict) or closed - opened != len(value) + 1 or not 0 <= before < len(value):
            return None
        name = next(islice(value, before, None))
        first = self.starts[line] + self._margin * (branch.depth + 2) + len(orjson.dumps(name)) + self._colon
        last = self._end(line + 1, before + 1 < len(value))
        return name, first, last, self._end(closed + 1, place + 1 < len(branch.items))

    def _end(self, line: int, goes_on: bool) -> int:
        """Give where a value ends that stands before a line, and that another value follows or none."""
        return self.starts[line] - (self._between if goes_on else self._behind)


_Inner: TypeAlias = "dict[str, Json] | list[Json]"


class Branch:
    """An object or list of the base, opened in line `first` and closed in line `last`, inside of `depth` others.

    `items` are its values in order; `names` those of an object's members, none for a list. `lines` are where each value
    begins, and behind them where the branch is closed. Cost: reading the branch's text.
    """

    __slots__ = ("_canonical", "_inner", "depth", "items", "lines", "names", "value")

    def __init__(self, canonical: Lines, value: _Inner, first: int, last: int, depth: int) -> None:
        self.value = value
        self.depth = depth
        self.names = list(value) if isinstance(value, dict) else []
        self.items = list(value.values()) if isinstance(value, dict) else value
        if last - first == len(self.items) + 1:  # a line each
            self.lines: list[int] | range = range(first + 1, last + 1)
        else:
            text = canonical.text[canonical.starts[first] : canonical.starts[last] - 1]
            each = (item.count(b"\n") + 1 for item in _beginnings(depth + 1).split(text))
            self.lines = list(accumulate(each, initial=first))[1:]
        self._canonical = canonical
        self._inner: dict[int, Branch] = {}

    def place(self, line: int) -> int:
        """Give the place that a line belongs to: the last for the line that closes the branch, -1 for what opens it."""
        lines = self.lines
        if isinstance(lines, range):
            return min(line - lines.start, len(lines) - 2)
        return min(bisect_right(lines, line), len(lines) - 1) - 1

    def inner(self, place: int) -> Branch | None:
        """Give the branch at a place; None for a scalar and for an empty object or list."""
        branch = self._inner.get(place)
        if branch is None:
            value = self.items[place]
            if not isinstance(value, dict | list) or not value:
                return None
            first, last = self.lines[place], self.lines[place + 1] - 1
            branch = self._inner[place] = Branch(self._canonical, value, first, last, self.depth + 1)
        return branch


@lru_cache
def _beginnings(depth: int) -> re.Pattern[bytes]:
    """Find the lines where something begins inside of `depth` objects and lists: no text holds a raw line end."""
    return re.compile(rb"\n%s(?=[^ }\]])" % (b"  " * depth))
