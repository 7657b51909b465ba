"""The ledger for people: a table of decisions, the conflicts in full, the changes of each shard, and the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from shardflow.cli.views.display import counts_text, names_text, path_label, shortened
from shardflow.cli.views.merging.conflicts import conflicts_text
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import Count, EndKept, Row, markdown_table, text_table
from shardflow.merge.engine import MergeResult
from shardflow.merge.ledger import RESOLUTION
from shardflow.model.decisions import Conflict, Decision, Outcome, RuleRef, Settled, outcome_counts, shard_counts
from shardflow.model.paths import ORDER, Path
from shardflow.storage.excerpts import VALUE_WIDTH, value_text

_HEAD: Final = ("path", "outcome", "shards", "rule", "value")
_CONFLICTS_HEAD: Final = ("path", "conflict", "base", "candidates", "rule")
_SHARDS_HEAD: Final = ("shard", *(Count(outcome.value) for outcome in Outcome))
_CANDIDATE_WIDTH: Final = 60
_CANDIDATES_WIDTH: Final = 400
"""Characters of one candidate, and of all, in a cell of Markdown."""


def ledger_text(result: MergeResult, stream: TextIO | None, shown: Selection) -> str:
    """Show a merge for a stream, as text or as Markdown."""
    parts = _markdown(result, shown) if shown.layout is Format.MARKDOWN else _text(result, stream, shown)
    return "\n".join(parts)


def _text(result: MergeResult, stream: TextIO | None, shown: Selection) -> Iterator[str]:
    settled, conflicts = shown.settled(result), shown.conflicts(result)
    if settled:
        yield from text_table(_HEAD, list(map(_row, shown.rows(settled))), stream)
    yield from shown.left_out(settled, "decision")
    if conflicts:
        yield conflicts_text(shown.rows(conflicts), "", stream, most=None)
    yield from shown.left_out(conflicts, "conflict")
    shards = _shard_rows(result)
    if shards:
        yield from text_table(_SHARDS_HEAD, shown.rows(shards), stream)
    yield from shown.left_out(shards, "shard")
    yield counts_text(outcome_counts(result.decisions))


def _markdown(result: MergeResult, shown: Selection) -> Iterator[str]:
    """A report fit for a pull request: the counts first, then a table each. What is hostile stands as code."""
    yield f"**{counts_text(outcome_counts(result.decisions))}**"
    conflicts, settled, shards = shown.conflicts(result), shown.settled(result), _shard_rows(result)
    yield from _section(_CONFLICTS_HEAD, list(map(_conflict_row, shown.rows(conflicts))))
    yield from _note(shown.left_out(conflicts, "conflict"))
    yield from _section(_HEAD, list(map(_row, shown.rows(settled))))
    yield from _note(shown.left_out(settled, "decision"))
    yield from _section(_SHARDS_HEAD, shown.rows(shards))
    yield from _note(shown.left_out(shards, "shard"))


def _section(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        yield ""
        yield from markdown_table(head, rows)


def _note(lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield ""
        yield line


def _row(decision: Settled) -> Row:
    return (
        path_label(decision.path),
        _outcome(decision),
        EndKept(_who(decision)),
        EndKept(rule_text(decision.rule)),
        value_text(decision.value),
    )


def _outcome(decision: Decision) -> str:
    """Name the one outcome of a decision's changes, or count several: `2 combined, 1 superseded`."""
    outcomes = [contribution.outcome for contribution in decision.contributions]
    present = [outcome for outcome in Outcome if outcome in outcomes]
    if len(present) == 1:
        return present[0].value
    return ", ".join(f"{outcomes.count(outcome)} {outcome.value}" for outcome in present)


def _who(decision: Settled) -> str:
    """Name the shards, and where changes are superseded by whom: `a, b over c`, `the base over a`."""
    lost = [c.shard for c in decision.contributions if c.outcome is Outcome.SUPERSEDED]
    if not lost:
        return names_text([contribution.shard for contribution in decision.contributions])
    by = decision.superseded_by or (no_shard(decision.path, decision.rule),)
    return f"{names_text(by)} over {names_text(lost)}"


def rule_text(rule: RuleRef) -> str:
    """Name a rule with its place."""
    return shortened(str(rule), VALUE_WIDTH)


def no_shard(path: Path, rule: RuleRef) -> str:
    """Name what superseded a change where no shard did."""
    if rule.strategy == RESOLUTION:
        return "a resolution"
    return "the rule's own order" if path[-1:] == (ORDER,) else "the base"


def _conflict_row(conflict: Conflict) -> Row:
    said = (f"{c.shard}: {value_text(c.after, _CANDIDATE_WIDTH)}" for c in conflict.contributions)
    return (
        path_label(conflict.path),
        shortened(conflict.reason, VALUE_WIDTH),
        value_text(conflict.base),
        shortened("; ".join(said), _CANDIDATES_WIDTH),
        rule_text(conflict.rule),
    )


def _shard_rows(result: MergeResult) -> list[Row]:
    by_shard = shard_counts(result.decisions).items()
    return [
        (shortened(shard, VALUE_WIDTH), *(Count(f"{counts[outcome]:,}") for outcome in Outcome))
        for shard, counts in by_shard
    ]
