"""The ledger as bytes, written while the merge walks: memory holds its text and no decisions.

Law: `LedgerText.chunks()` are `written_bytes(ledger_json(result))` of the same merge, byte for byte, and its counts and
conflicts are those of the result.

A decision's text is joined from pieces, most of which are the same for many decisions: the beginning of a path, a
rule, a shard. orjson writes the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import orjson

from shardflow.merge.ledger import UNRULED, Ledger
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.site import Candidate
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Contribution, Counts, Decision, Outcome, RuleRef, Settled, no_counts
from shardflow.model.paths import Path, Segment, segment_text
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.spool import Spool

_PATH: Final = b',\n    {\n      "path": "$'
_BASE: Final = b',\n      "base": '
_VALUE: Final = b',\n      "value": '
_CHANGES: Final = b',\n      "changes": [\n'
_AFTER: Final = b'          "after": '
_OUTCOME: Final = {o: b'          "outcome": "%s"\n        }' % o.value.encode() for o in Outcome}
_LONE: Final = _OUTCOME[Outcome.APPLIED] + b"\n      ]\n    }"
_LONE_AFTER: Final = b",\n" + _LONE
_IN_DECISION: Final = b"\n      "
_IN_CHANGE: Final = b"\n          "
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class LedgerText(Ledger):
    """A ledger that is kept as text; conflicts are kept as values too, for whoever has to decide about them."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []
        self._contested = Spool()
        self._settled = Spool()
        self._counts: dict[str, Counts] = {}
        self._ranks: dict[str, int] = {}
        self._lone: dict[str, int] = {}
        self._heads: dict[str, bytes] = {}
        self._within: Path | None = None
        self._start = b""

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed and no rule speaks of: what `write` does, in one piece."""
        if within is not self._within:
            self._within = within
            self._start = _prefix_text(within)
        shard = lone.shard
        head = self._heads.get(shard) or self._introduce(shard, lone.rank)
        self._lone[shard] += 1
        before = _UNRULED if base is ABSENT else _UNRULED_BASE + _value_text(base, _IN_DECISION)
        start, place = self._start, _segment_text(name)
        if after is ABSENT:
            self._settled.add(b"".join((start, place, before, _CHANGES, head, _LONE)))
            return
        text = _value_text(after, _IN_DECISION)
        said = text if type(after) in _PLAIN else text.replace(_IN_DECISION, _IN_CHANGE)
        self._settled.add(b"".join((start, place, before, _VALUE, text, _CHANGES, head, _AFTER, said, _LONE_AFTER)))

    def write(self, decision: Decision) -> None:
        """Write one decision down."""
        pieces = [_path_text(decision.path), _rule_text(decision.rule)]
        if decision.base is not ABSENT:
            pieces += (_BASE, _value_text(decision.base, _IN_DECISION))
        if isinstance(decision, Conflict):
            self.conflicts.append(decision)
            pieces[0] = pieces[0].replace(b"{\n", b'{\n      "id": "%s",\n' % conflict_id(decision).encode(), 1)
            pieces += (b',\n      "reason": ', orjson.dumps(decision.reason))
        elif decision.value is not ABSENT:
            pieces += (_VALUE, _value_text(decision.value, _IN_DECISION))
        pieces += (_CHANGES, b",\n".join(map(self._change, decision.contributions)), b"\n      ]")
        if isinstance(decision, Settled) and any(c.outcome is Outcome.SUPERSEDED for c in decision.contributions):
            pieces += (b',\n      "superseded_by": ', _value_text(list(decision.superseded_by), _IN_DECISION))
        pieces.append(b"\n    }")
        (self._contested if isinstance(decision, Conflict) else self._settled).add(b"".join(pieces))

    def _change(self, contribution: Contribution) -> bytes:
        shard, after, outcome = contribution.shard, contribution.after, contribution.outcome
        head = self._heads.get(shard) or self._introduce(shard, contribution.rank)
        self._counts[shard][outcome] += 1
        if after is ABSENT:
            return head + _OUTCOME[outcome]
        return b"".join((head, _AFTER, _value_text(after, _IN_CHANGE), b",\n", _OUTCOME[outcome]))

    def _introduce(self, shard: str, rank: int) -> bytes:
        self._ranks[shard] = rank
        self._counts[shard] = no_counts()
        self._lone[shard] = 0
        head = b'        {\n          "shard": %s,\n          "rank": %d,\n' % (orjson.dumps(shard), rank)
        self._heads[shard] = head
        return head

    @property
    def shards(self) -> dict[str, Counts]:
        """The changes of each shard by outcome, shards by rank."""
        by_rank = sorted(self._ranks, key=lambda shard: (self._ranks[shard], shard))
        return {shard: {o: n + self._alone(shard, o) for o, n in self._counts[shard].items()} for shard in by_rank}

    def _alone(self, shard: str, outcome: Outcome) -> int:
        return self._lone[shard] if outcome is Outcome.APPLIED else 0

    @property
    def counts(self) -> Counts:
        """All changes by outcome."""
        shards = self.shards.values()
        return {outcome: sum(counts[outcome] for counts in shards) for outcome in Outcome}

    def chunks(self) -> Iterator[bytes]:
        """Give the whole ledger, piece by piece."""
        shards: dict[str, Json] = {shard: _counts_json(counts) for shard, counts in self.shards.items()}
        head = written_bytes({"counts": _counts_json(self.counts), "shards": shards}).removesuffix(b"\n}\n")
        yield head
        for name, items in ((b"conflicts", self._contested), (b"decisions", self._settled)):
            yield b',\n  "%s": ' % name
            yield from _list_chunks(items)
        yield b"\n}\n"


def _counts_json(counts: Counts) -> dict[str, Json]:
    return {outcome.value: count for outcome, count in counts.items()}


def _list_chunks(items: Spool) -> Iterator[bytes]:
    """Give a list of items of which each begins with a comma; a first one's is left out."""
    chunks = items.chunks()
    first = next(chunks, None)
    if first is None:
        yield b"[]"
        return
    yield b"[" + first[1:]
    yield from chunks
    yield b"\n  ]"


def _value_text(value: Json, line_break: bytes) -> bytes:
    """Write a value that stands on lines with this beginning. No text of JSON holds a raw line break."""
    if type(value) in _PLAIN:
        try:
            return orjson.dumps(value)
        except orjson.JSONEncodeError:
            pass  # an integer beyond 64 bits
    return written_bytes(value)[:-1].replace(b"\n", line_break)


def _path_text(path: Path) -> bytes:
    return _prefix_text(path[:-1]) + _segment_text(path[-1]) if path else _PATH + b'"'


def _prefix_text(path: Path) -> bytes:
    return b"".join((_PATH, *(_segment_text(segment)[:-1] for segment in path)))


@lru_cache(maxsize=1 << 14)
def _segment_text(segment: Segment) -> bytes:
    """Write the last segment of a path, and the quote behind it."""
    return orjson.dumps(segment_text(segment))[1:]


@lru_cache(maxsize=256)
def _rule_text(rule: RuleRef) -> bytes:
    told: dict[str, Json] = {"path": rule.pattern, "strategy": rule.strategy, "origin": rule.origin}
    return b',\n      "rule": ' + _value_text(told, _IN_DECISION)


_UNRULED: Final = _rule_text(UNRULED)
_UNRULED_BASE: Final = _UNRULED + _BASE
