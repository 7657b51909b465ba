"""Tables for people, in columns of text or in Markdown. Cells are made printable by whoever words them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType
from typing import Final, TextIO

from shardflow.cli.console import columns_on, styled
from shardflow.cli.views.widths import columns_of, cut_end, cut_inside, folded
from shardflow.model.records import record

Row = Sequence[str]


class EndKept(str):
    """A cell that is cut inside where it is too wide: how it ends tells most, as in `a, b and 12 more`."""


class Count(str):
    """A cell whose end stands below those of the other counts of its column."""


class Prose(str):
    """A cell that is folded where it is too wide: it says nothing unless it is whole."""


_GAP: Final = "  "
_LEAST: Final = 16
_LEAST_PROSE: Final = 36
"""Columns that a cell is not narrowed below, unless there is no room for all of them."""


def text_table(
    head: Row, rows: Sequence[Row], stream: TextIO | None, styles: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Lay rows out in columns, for a stream; a cell that is a key of `styles` is shown in that style.

    Columns are as wide as their widest cell, and on a terminal no wider together than that. The first is what other
    commands are told, and never cut: a cell of it that leaves too little to the others stands in a line of its own.
    """
    widths = _fitting([head, *rows], columns_on(stream))
    laid_out = _Columns(widths, lambda text: styled(text, styles[text], stream) if text in styles else text)
    yield from (styled(line, "dim", stream) for line in laid_out.lines(head))
    for row in rows:
        yield from laid_out.lines(row)


def _fitting(rows: Sequence[Row], room: int | None) -> list[int]:
    first, *others = zip(*rows, strict=True)
    own = list(map(columns_of, first))
    widest = [max(map(columns_of, column)) for column in others]
    gaps = len(_GAP) * len(others)
    if room is None or max(own) + sum(widest) + gaps <= room:
        return [max(own), *widest]
    most = room - gaps - sum(map(min, widest, map(_least, others)))
    beside = max([len(_GAP), *(width for width in own if width <= most)])
    return [beside, *_narrowed(widest, room - gaps - beside)]


def _least(column: Sequence[str]) -> int:
    return _LEAST_PROSE if any(isinstance(cell, Prose) for cell in column) else _LEAST


def _narrowed(widths: list[int], room: int) -> list[int]:
    """Narrow the widest columns, to one width, until all fit."""
    most = max(widths, default=0)
    while most > len(_GAP) and sum(min(width, most) for width in widths) > room:
        most -= 1
    return [min(width, most) for width in widths]


@record
class _Columns:
    """Columns of these widths."""

    widths: list[int]
    style: Callable[[str], str]

    def lines(self, row: Row) -> Iterator[str]:
        """Lay a row out, in one line unless something is folded or its first cell needs one of its own."""
        first, *others = row
        if columns_of(first) > self.widths[0]:
            yield first
            first = ""
        cells = [[first], *map(_fitted, others, self.widths[1:])]
        for line in zip_longest(*cells, fillvalue=""):
            yield _GAP.join(map(self._padded, line, self.widths)).rstrip()

    def _padded(self, cell: str, width: int) -> str:
        padding = " " * (width - columns_of(cell))
        return padding + self.style(cell) if isinstance(cell, Count) else self.style(cell) + padding


def _fitted(cell: str, width: int) -> list[str]:
    match cell:
        case Prose():
            return list(folded(cell, width))
        case EndKept():
            return [cut_inside(cell, width)]
        case _:
            return [cut_end(cell, width)]


def markdown_table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Lay rows out as a table of GitHub Flavored Markdown, every cell of a row as code."""
    yield _markdown_row(head)
    yield _markdown_row(["---"] * len(head))
    yield from (_markdown_row([markdown_code(cell) for cell in row]) for row in rows)


def _markdown_row(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"


def markdown_code(text: str) -> str:
    """Write a printable text as code inside a table, where no character of it means anything (GFM 4.10 and 6.1)."""
    return markdown_span(text).replace("\\|", _PIPE).replace("|", "\\|")


def markdown_span(text: str) -> str:
    """Write a printable text as code outside a table, where no character of it means anything (GFM 6.1)."""
    if not text.strip():
        return f"`{text}`" if text else ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


_PIPE: Final = "\\\\u007c"
"""A pipe behind a backslash: readers of Markdown disagree on which escapes which, and in JSON this means the same."""
