"""The ledger for people: a table of decisions, then the conflicts in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from shardflow.cli.views.conflicts import conflicts_text
from shardflow.cli.views.display import CELL_WIDTH, count, counts_text, path_label, shortened, value_text
from shardflow.merge.engine import MergeResult
from shardflow.model.decisions import Decision, Outcome, Settled, outcome_counts

_SHOWN: Final = 200
_HEAD: Final = ("path", "outcome", "shards", "rule", "value")


def ledger_text(result: MergeResult, stream: TextIO | None) -> str:
    """Show a merge for a stream: its decisions as a table, its conflicts, and the counts of all changes."""
    return "\n".join(_parts(result, stream))


def _parts(result: MergeResult, stream: TextIO | None) -> Iterator[str]:
    settled = [decision for decision in result.decisions if isinstance(decision, Settled)]
    if settled:
        yield from _table([_HEAD, *map(_row, settled[:_SHOWN])])
    if len(settled) > _SHOWN:
        yield f"… and {count(len(settled) - _SHOWN, 'more decision')}; --json lists every one"
    if result.conflicts:
        yield conflicts_text(result.conflicts, "", stream)
    yield counts_text(outcome_counts(result.decisions))


def _row(decision: Settled) -> tuple[str, ...]:
    return (
        path_label(decision.path, CELL_WIDTH),
        _outcome(decision),
        shortened(", ".join(contribution.shard for contribution in decision.contributions), CELL_WIDTH),
        shortened(str(decision.rule), CELL_WIDTH),
        value_text(decision.value, CELL_WIDTH),
    )


def _outcome(decision: Decision) -> str:
    """Name the one outcome of a decision's changes, or count several: `2 combined, 1 superseded`."""
    outcomes = [contribution.outcome for contribution in decision.contributions]
    present = [outcome for outcome in Outcome if outcome in outcomes]
    if len(present) == 1:
        return present[0].value
    return ", ".join(f"{outcomes.count(outcome)} {outcome.value}" for outcome in present)


def _table(rows: Sequence[Iterable[str]]) -> Iterator[str]:
    """Lay out rows in columns as wide as their widest cell."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
