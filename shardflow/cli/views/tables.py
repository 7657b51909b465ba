"""Tables for people, in columns of text or in Markdown. Cells are made printable by whoever words them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

Row = Sequence[str]


def text_table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Lay rows out in columns as wide as their widest cell."""
    cells = [head, *rows]
    widths = [max(map(_columns_of, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - _columns_of(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _columns_of(text: str) -> int:
    """Count the columns that a terminal shows a text in: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # most tables are ASCII

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


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
