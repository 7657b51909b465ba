"""Declared reads: who read what another shard of the same group changed, and so worked from a value now stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Final, TypeAlias

from shardflow.model.decisions import Decision, Outcome
from shardflow.model.documents import listed
from shardflow.model.paths import Path, Segment, path_text
from shardflow.model.patterns import Pattern, PatternSet, Reached
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, same

Reads: TypeAlias = Mapping[str, Sequence[Pattern]]
"""What shards read, by shard id in rank order; one that declares nothing need not stand here."""
_KEPT: Final = 100
"""Changed paths of one read that are kept; the rest are counted."""
_TOLD: Final = 3
"""Changed paths that are told to a person at once."""


@record
class StaleRead:
    """A shard whose declared read of `pattern` met changes by others, at `count` paths; the first, with their ids."""

    shard: str
    pattern: Pattern
    changed: tuple[tuple[Path, tuple[str, ...]], ...]
    count: int

    def __str__(self) -> str:
        """Show as `b reads $.findings, which others changed meanwhile: $.findings[?@.id=='a'] (a) and 3 more`."""
        told = ", ".join(f"{path_text(path)} ({listed(list(writers))})" for path, writers in self.changed[:_TOLD])
        more = f" and {self.count - _TOLD:,} more" if self.count > _TOLD else ""
        return f"{self.shard} reads {self.pattern}, which others changed meanwhile: {told}{more}"

    def as_json(self) -> dict[str, Json]:
        """Give it as the run directory keeps it: `{shard, reads, count, changed: [{path, shards}]}`."""
        changed: list[Json] = [{"path": path_text(path), "shards": list(writers)} for path, writers in self.changed]
        return {"shard": self.shard, "reads": str(self.pattern), "count": self.count, "changed": changed}


def stale_reads(decisions: Sequence[Decision], reads: Reads) -> tuple[StaleRead, ...]:
    """Find the stale reads of a merge, by reader in rank order, then by pattern as declared.

    A read of a path is a read of everything below it too. A change that was superseded made nothing stale; one that
    stands in conflict counts, since it may yet be taken. Cost: decisions times the patterns alive at their
    paths, and the readers.
    """
    patterns = list(dict.fromkeys(pattern for declared in reads.values() for pattern in declared))
    touched: dict[Pattern, list[tuple[Path, tuple[str, ...]]]] = {pattern: [] for pattern in patterns}
    compiled = PatternSet(patterns)
    for decision in decisions:
        for index, writers in _touched(compiled, decision).items():
            touched[patterns[index]].append((decision.path, tuple(writers)))
    own = {pattern: Counter(who[0] for _, who in places if len(who) == 1) for pattern, places in touched.items()}
    return tuple(
        StaleRead(reader, pattern, tuple(islice(_by_others(reader, touched[pattern]), _KEPT)), count)
        for reader, declared in reads.items()
        for pattern in declared
        if (count := len(touched[pattern]) - own[pattern][reader])
    )


def _by_others(reader: str, touched: Sequence[tuple[Path, tuple[str, ...]]]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for path, writers in touched:
        others = tuple(writer for writer in writers if writer != reader)
        if others:
            yield path, others


def _touched(patterns: PatternSet, decision: Decision) -> Mapping[int, list[str]]:
    """Give the shards whose change reaches what a pattern matches, by the pattern's place."""
    positions = patterns.start
    above = patterns.matching(positions)
    for segment in decision.path:
        positions = patterns.after(positions, segment)
        above |= patterns.matching(positions)
    touched: dict[int, list[str]] = {}
    for contribution in decision.contributions:
        if contribution.outcome is not Outcome.SUPERSEDED:
            for index in above | _differing(patterns, positions, decision.base, contribution.after):
                touched.setdefault(index, []).append(contribution.shard)
    return touched


def _differing(patterns: PatternSet, positions: Reached, before: Value, after: Value) -> frozenset[int]:
    """Give the patterns that match a place, here or below, where the two values differ."""
    if not positions or same(before, after):
        return frozenset()
    found = patterns.matching(positions)
    if patterns.governs(positions):
        for segment, old, new in _places(before, after):
            found |= _differing(patterns, patterns.after(positions, segment), old, new)
    return found


def _places(before: Value, after: Value) -> Iterator[tuple[Segment, Value, Value]]:
    """Give the places one segment down, in either value, with what stands there; items of a list by position."""
    olds, news = (value if isinstance(value, dict) else {} for value in (before, after))
    for name in dict.fromkeys((*olds, *news)):
        yield name, olds.get(name, ABSENT), news.get(name, ABSENT)
    old_items, new_items = (value if isinstance(value, list) else [] for value in (before, after))
    for index, (old, new) in enumerate(zip_longest(old_items, new_items, fillvalue=ABSENT)):
        yield index, old, new
