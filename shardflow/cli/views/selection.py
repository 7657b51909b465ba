"""What of a ledger is shown, and in which form. Counts are always those of the whole ledger."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar

from shardflow.merge.engine import MergeResult
from shardflow.model.decisions import Conflict, Outcome, Settled
from shardflow.model.records import record

T = TypeVar("T")

ROWS: Final = 20
"""The most rows of a long table, unless all are asked for."""


class Format(StrEnum):
    """How something is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    DEEPDIFF = "deepdiff"


COMMON: Final = (Format.TABLE, Format.JSON, Format.MARKDOWN)
"""The forms in which everything can be printed; deepdiff's words are for differences only."""


@record
class Selection:
    """The form, the one outcome that is of interest (None: every), and whether long tables are shown whole."""

    layout: Format = Format.TABLE
    only: Outcome | None = None
    whole: bool = False

    def settled(self, result: MergeResult) -> list[Settled]:
        """Give the settled decisions in which some change has the outcome."""
        settled = (decision for decision in result.decisions if isinstance(decision, Settled))
        return [d for d in settled if self.only is None or any(c.outcome is self.only for c in d.contributions)]

    def conflicts(self, result: MergeResult) -> tuple[Conflict, ...]:
        """Give the conflicts, if they are of interest."""
        return result.conflicts if self.only in (None, Outcome.CONFLICT) else ()

    def rows(self, items: Sequence[T]) -> Sequence[T]:
        """Give as many of the rows of a table as are shown."""
        return items if self.whole else items[:ROWS]

    def left_out(self, items: Sequence[object], one: str) -> list[str]:
        """Say how many rows are not shown and how to see them; nothing where all are."""
        left = len(items) - len(self.rows(items))
        return [f"… and {left:,} more {one}{'' if left == 1 else 's'}; --all shows every one"] if left else []
