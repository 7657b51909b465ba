"""What a comparison found, in words: one line a difference, safe to print."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.merge.cases import Comparison, ExpectedConflict
from shardflow.merge.engine import MergeResult
from shardflow.model.changes import Change
from shardflow.model.decisions import Conflict, Decision
from shardflow.model.paths import ORDER, Member, Path, path_text
from shardflow.model.places import value_at
from shardflow.model.values import ABSENT, Value
from shardflow.storage.excerpts import printable, value_text

_MOST_DECISIONS = 5
"""The most decisions told of one difference."""


def told(comparison: Comparison) -> Iterator[str]:
    """Tell every difference, conflicts first; nothing where all came out as expected."""
    return (line for _, line in _differences(comparison))


def told_with_decisions(comparison: Comparison, result: MergeResult) -> Iterator[str]:
    """Tell every difference, each with who decided it; a decision is told once."""
    known: set[int] = set()
    for path, line in _differences(comparison):
        yield line
        yield from _decided(path, result, known)


def _differences(comparison: Comparison) -> Iterator[tuple[Path, str]]:
    for conflict in comparison.missing:
        line = f"{_where(conflict.path)}: expected a conflict between {_who(conflict)}, none such came out"
        yield conflict.path, line
    for conflict in comparison.unexpected:
        yield conflict.path, f"{_where(conflict.path)}: a conflict between {_who(conflict)}, which nobody expects"
    for change in comparison.context:
        yield change.path, _change(change)


def _change(change: Change) -> str:
    return f"{_where(change.path)}: expected {value_text(change.before)}, came out as {value_text(change.after)}"


def _decided(path: Path, result: MergeResult, known: set[int]) -> Iterator[str]:
    """Tell the decisions at a path, around it and inside of it, but for those already known, by their place."""
    found = [place for place, one in enumerate(result.decisions) if _meets(one.path, path, result.context)]
    new = [place for place in found if place not in known]
    known.update(new[:_MOST_DECISIONS])
    for decision in (result.decisions[place] for place in new[:_MOST_DECISIONS]):
        said = ", ".join(f"{one.shard} {value_text(one.after, 60)} {one.outcome}" for one in decision.contributions)
        told = f"    {path_text(decision.path)} by {decision.rule}{_reason(decision)}"
        yield printable(f"{told}: {said}" if said else told)
    if len(new) > _MOST_DECISIONS:
        yield f"    and {len(new) - _MOST_DECISIONS:,} more decisions"


def _meets(decided: Path, path: Path, value: Value) -> bool:
    """Tell whether one of two paths leads to the other; `path` names list items by index, in `value`."""
    for one, other in zip(decided, path, strict=False):
        item = value_at(value, (other,))
        is_here = one.is_here(item) if isinstance(one, Member) and item is not ABSENT else one in (other, ORDER)
        if not is_here:
            return False
        value = item
    return True


def _reason(decision: Decision) -> str:
    return f" ({decision.reason})" if isinstance(decision, Conflict) else ""


def _where(path: Path) -> str:
    return printable(path_text(path))


def _who(conflict: ExpectedConflict) -> str:
    return printable(", ".join(conflict.shards)) or "nobody"
