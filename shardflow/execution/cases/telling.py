"""What a comparison found, in words: one line a difference, safe to print."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.merge.cases import Comparison, ExpectedConflict
from shardflow.model.changes import Change
from shardflow.model.paths import path_text
from shardflow.storage.excerpts import printable, value_text


def told(comparison: Comparison) -> Iterator[str]:
    """Tell every difference, conflicts first; nothing where all came out as expected."""
    for conflict in comparison.missing:
        yield f"{_where(conflict)}: expected a conflict between {_who(conflict)}, none such came out"
    for conflict in comparison.unexpected:
        yield f"{_where(conflict)}: a conflict between {_who(conflict)}, which nobody expects"
    yield from map(_change, comparison.context)


def _change(change: Change) -> str:
    where = printable(path_text(change.path))
    return f"{where}: expected {value_text(change.before)}, came out as {value_text(change.after)}"


def _where(conflict: ExpectedConflict) -> str:
    return printable(path_text(conflict.path))


def _who(conflict: ExpectedConflict) -> str:
    return printable(", ".join(conflict.shards)) or "nobody"
