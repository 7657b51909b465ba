"""The ledger as bytes, written while the merge walks: memory holds its text and no decisions.

Law: `LedgerText.chunks()` are `written_bytes(ledger_json(result))` of the same merge, byte for byte, and its counts and
conflicts are those of the result.

Most decisions are scalars that one shard alone changed where no rule speaks. Their text is joined from pieces, most of
which are the same for many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

import orjson

from shardflow.merge.ledger import UNRULED, Heard, Ledger
from shardflow.merge.report import conflict_json, heard_json, rule_json, settled_json
from shardflow.merge.site import Candidate, Site
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Contribution, Counts, Decision, Outcome, RuleRef, no_counts
from shardflow.model.paths import Path, Segment, segment_text
from shardflow.model.values import Json, Value
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.spool import Spool

_AT_ONCE: Final = 1 << 8
"""Decisions that are joined and counted at once."""
_TAKEN: Final = Outcome.APPLIED.value


class LedgerText(Ledger):
    """A ledger that is kept as text; conflicts are kept as values too, for whoever has to decide about them."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []
        self._contested = Spool()
        self._settled = Spool()
        self._waiting: list[bytes] = []
        self._lone = _LoneTexts()
        self._tally = _Tally()

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed and no rule speaks of: of most changes a scalar."""
        text = self._lone.text(within, name, base, lone, after)
        if text is None:
            return super().taken(within, name, base, lone, after)
        return self._add(text)

    def settled(self, site: Site, rule: RuleRef, value: Value, heard: Heard) -> None:
        """Write down what stands at a site now, without making a decision of it first."""
        self._tally.add(heard.candidates, heard.outcomes)
        self._add(_item(heard_json(site, rule, value, heard)))

    def write(self, decision: Decision) -> None:
        """Write one decision down."""
        self._tally.add(decision.contributions, [said.outcome for said in decision.contributions])
        if isinstance(decision, Conflict):
            self.conflicts.append(decision)
            _add_items(self._contested, _item(conflict_json(decision)))
        else:
            self._add(_item(settled_json(decision)))

    def _add(self, text: bytes) -> None:
        self._waiting.append(text)
        if len(self._waiting) >= _AT_ONCE:
            self._join()

    def _join(self) -> None:
        if self._waiting:
            _add_items(self._settled, b"".join(self._waiting))
        self._waiting.clear()
        self._tally.count()

    def counts(self) -> Counts:
        """Count all changes by outcome."""
        return _total(self._counts_of_shards)

    @cached_property
    def _counts_of_shards(self) -> dict[str, Counts]:
        """The changes of each shard by outcome, shards by rank. Counted once, after the last decision: who merges asks
        two or three times, for the counts, the digest and the bytes.
        """
        counts, ranks = self._tally.counted()
        alone = self._lone.shards
        ranks |= {shard: own.rank for shard, own in alone.items()}
        of_shards = {shard: no_counts() for _, shard in sorted(zip(ranks.values(), ranks, strict=True))}
        for (shard, outcome), count in counts.items():
            of_shards[shard][outcome] = count
        for shard, own in alone.items():
            of_shards[shard][_TAKEN] += own.changes
        return of_shards

    def chunks(self) -> Iterator[bytes]:
        """Give the whole ledger in few pieces: each is a call to the system where they are written."""
        self._join()
        counts = self._counts_of_shards
        shards: Json = {shard: dict(own) for shard, own in counts.items()}
        text = written_bytes({"counts": dict(_total(counts)), "shards": shards})[: -len(b"\n}\n")]
        for name, items in ((b"conflicts", self._contested), (b"decisions", self._settled)):
            text = yield from _list_chunks(b'%s,\n  "%s": ' % (text, name), items)
        yield text + b"\n}\n"


class _Tally:
    """How many changes of each shard had which outcome. What is said is counted later, by the hundred."""

    def __init__(self) -> None:
        self._said: list[Candidate | Contribution] = []
        self._outcomes: list[Outcome] = []
        self._counts: Counter[tuple[str, Outcome]] = Counter()
        self._ranks: dict[str, int] = {}

    def add(self, said: Sequence[Candidate | Contribution], outcomes: Sequence[Outcome]) -> None:
        """Count one change more for each, with its outcome."""
        self._said += said
        self._outcomes += outcomes

    def count(self) -> None:
        """Count what was said since it was last counted."""
        shards = [each.shard for each in self._said]
        self._ranks.update(zip(shards, [each.rank for each in self._said], strict=True))
        self._counts.update(zip(shards, self._outcomes, strict=True))
        self._said.clear()
        self._outcomes.clear()

    def counted(self) -> tuple[Counter[tuple[str, Outcome]], dict[str, int]]:
        """Give the counts, and the rank of each shard."""
        self.count()
        return self._counts.copy(), self._ranks.copy()


def _total(counts: dict[str, Counts]) -> Counts:
    columns = zip(no_counts().values(), *[own.values() for own in counts.values()], strict=True)
    return dict(zip(no_counts(), map(sum, columns), strict=True))


def _add_items(items: Spool, text: bytes) -> None:
    """Add items of a list, of which each begins with a comma; a first one's is left out."""
    items.add(text[1:] if items.is_empty else text)


def _list_chunks(before: bytes, items: Spool) -> Generator[bytes, None, bytes]:
    """Give a text and behind it a list of items; what is not worth a piece of its own is handed back."""
    if items.is_empty:
        return before + b"[]"
    yield before + b"["
    yield from items.chunks()
    return b"\n  ]"


def _item(decision: Json) -> bytes:
    """Write a decision as an item of a list of the ledger, with a comma before it."""
    return b"," + written_bytes({"": [decision]})[len(b'{\n  "": [') : -len(b"\n  ]\n}\n")]


_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_RULE: Final = orjson.dumps(rule_json(UNRULED), option=orjson.OPT_INDENT_2).replace(b"\n", b"\n      ")
_PATH: Final = b',\n    {\n      "path": "$'
_BASE: Final = b'",\n      "rule": %s,\n      "base": ' % _RULE
_VALUE: Final = b',\n      "value": '
_CHANGE: Final = b',\n      "changes": [\n        {\n          "shard": %s,\n          "rank": %d,\n          "after": '
_APPLIED: Final = b',\n          "outcome": "applied"\n        }\n      ]\n    }'


class _Lone:
    """A shard that alone changed something: what is told of it each time, and how often that was."""

    __slots__ = ("change", "changes", "rank")

    def __init__(self, shard: str, rank: int) -> None:
        self.rank = rank
        self.change = _CHANGE % (orjson.dumps(shard), rank)
        self.changes = 0


class _LoneTexts:
    """Writes scalars that one shard alone changed, one after another: neighbours share most of their path."""

    def __init__(self) -> None:
        self.shards: dict[str, _Lone] = {}
        self._within: Path | None = None
        self._around: Path | None = None
        self._start = b""
        self._start_around = b""

    def text(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> bytes | None:
        """Write one, with a comma before it; None for what is no scalar, or an integer beyond 64 bits."""
        if type(after) not in _PLAIN or type(base) not in _PLAIN:
            return None
        try:
            before, text = orjson.dumps(base), orjson.dumps(after)
        except orjson.JSONEncodeError:
            return None
        if within is not self._within:
            self._enter(within)
        own = self.shards.get(lone.shard)
        if own is None:
            own = self.shards[lone.shard] = _Lone(lone.shard, lone.rank)
        own.changes += 1
        return b"".join((self._start, _segment_text(name), _BASE, before, _VALUE, text, own.change, text, _APPLIED))

    def _enter(self, within: Path) -> None:
        self._within = within
        if not within:
            self._start = _PATH
            return
        if within[:-1] != self._around:
            self._around = within[:-1]
            self._start_around = b"".join((_PATH, *map(_segment_text, self._around)))
        self._start = self._start_around + _segment_text(within[-1])


@lru_cache(maxsize=1 << 14)
def _segment_text(segment: Segment) -> bytes:
    return orjson.dumps(segment_text(segment))[1:-1]
