"""Differences between two documents: a table for people, Markdown for reports, one object for programs (`Compared` of
`cli/README.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from shardflow.cli.views.display import count, path_label
from shardflow.cli.views.selection import Format
from shardflow.cli.views.tables import Row, markdown_table, text_table
from shardflow.model.changes import Change
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.excerpts import value_text

_HEAD: Final = ("path", "before", "after")
_SHOWN: Final = 200


def differences_text(found: Sequence[Change], layout: Format, stream: TextIO | None) -> str:
    """Show differences to people on a stream, as a table of text or of Markdown."""
    return "\n".join(_lines(found, layout, stream)) if found else "no differences"


def _lines(found: Sequence[Change], layout: Format, stream: TextIO | None) -> Iterator[str]:
    yield from differences_table(_HEAD, found[:_SHOWN], layout, stream)
    more = f"; {_SHOWN:,} of them shown, --format json lists every one" if len(found) > _SHOWN else ""
    gap = [""] if layout is Format.MARKDOWN else []
    yield from [*gap, f"{count(len(found), 'difference')}{more}"]


def differences_table(head: Row, found: Sequence[Change], layout: Format, stream: TextIO | None) -> Iterator[str]:
    """Lay differences out under a head of three."""
    rows = [_row(change) for change in found]
    yield from markdown_table(head, rows) if layout is Format.MARKDOWN else text_table(head, rows, stream)


def _row(change: Change) -> tuple[str, ...]:
    return (path_label(change.path), value_text(change.before), value_text(change.after))


def differences_object(found: Sequence[Change], code: int) -> dict[str, Json]:
    """Give differences to programs."""
    status = "different" if found else "same"
    return {"status": status, "exit_code": code, "differences": [difference_object(change) for change in found]}


def difference_object(change: Change) -> Json:
    """Give one difference to programs."""
    return {"path": path_text(change.path), **_side("before", change.before), **_side("after", change.after)}


def _side(name: str, value: Value) -> dict[str, Json]:
    return {} if value is ABSENT else {name: value}
