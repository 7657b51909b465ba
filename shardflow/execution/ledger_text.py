"""The ledger as bytes, written while the merge walks: memory holds its text and no decisions.

Law: `LedgerText.chunks()` are `written_bytes(ledger_json(result))` of the same merge, byte for byte, and its counts and
conflicts are those of the result.

A decision's text is joined from pieces, most of which are the same for many decisions: the beginning of a path, a
rule, a shard. orjson writes the values.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

import orjson

from shardflow.merge.ledger import UNRULED, Heard, Ledger, superseding
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.site import Candidate, Site
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
_AFTER_OUTCOME: Final = {outcome: b",\n" + text for outcome, text in _OUTCOME.items()}
_NEXT_CHANGE: Final = b",\n"
_END: Final = b"\n      ]\n    }"
_LONE_AFTER: Final = _AFTER_OUTCOME[Outcome.APPLIED] + _END
_IN_DECISION: Final = b"\n      "
_IN_CHANGE: Final = b"\n          "
_APPLIED: Final = Outcome.APPLIED


def _counts_text(margin: bytes) -> bytes:
    """Give the text of an object inside of this margin, with a place for the count of each outcome."""
    return b"{\n%s\n%s}" % (b",\n".join([b'%s  "%s": %%d' % (margin, o.value.encode()) for o in Outcome]), margin)


_COUNTS: Final = _counts_text(b"  ")
_COUNTS_OF_SHARD: Final = b"    %s: " + _counts_text(b"    ")
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class _Shard:
    """What is written of a shard again and again, and what became of its changes."""

    __slots__ = ("alone", "counts", "first_head", "head", "name", "next_head", "rank", "shard")

    def __init__(self, shard: str, rank: int) -> None:
        self.shard = shard
        self.rank = rank
        self.counts = no_counts()
        self.alone = 0
        self.name = orjson.dumps(shard)
        self.head = b'        {\n          "shard": %s,\n          "rank": %d,\n' % (self.name, rank)
        self.first_head = _CHANGES + self.head + _AFTER
        self.next_head = _NEXT_CHANGE + self.head + _AFTER

    def counts_text(self) -> bytes:
        """Write what became of its changes, as a member of the shards."""
        counts = self.counts.copy()
        counts[_APPLIED] += self.alone
        return _COUNTS_OF_SHARD % (self.name, *counts.values())


class LedgerText(Ledger):
    """A ledger that is kept as text; conflicts are kept as values too, for whoever has to decide about them."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []
        self._contested = Spool()
        self._settled = Spool()
        self._shards: dict[str, _Shard] = {}
        self._rules: dict[int, tuple[RuleRef, bytes]] = {}
        self._within: Path | None = None
        self._start = b""

    def taken(self, within: Path, name: Segment, base: Value, lone: Delta | Candidate, after: Value) -> None:
        """Write down what only one shard changed and no rule speaks of: of most changes a scalar."""
        if type(after) not in _PLAIN or type(base) not in _PLAIN:
            return super().taken(within, name, base, lone, after)
        try:
            before, text = orjson.dumps(base), orjson.dumps(after)
        except orjson.JSONEncodeError:  # an integer beyond 64 bits
            return super().taken(within, name, base, lone, after)
        if within is not self._within:
            self._within = within
            self._start = _beginning(within)
        own = self._shards.get(lone.shard) or self._introduce(lone.shard, lone.rank)
        own.alone += 1
        pieces = self._start, _segment_text(name), _UNRULED, before, _VALUE, text, own.first_head, text, _LONE_AFTER
        return self._settled.add(b"".join(pieces))

    def settled(self, site: Site, rule: RuleRef, value: Value, heard: Heard) -> None:
        """Write down what stands at a site now, without making a decision of it first."""
        changes = self._changes(heard.candidates, heard.afters, heard.outcomes)
        self._tell(site, rule, value, changes, superseding(site, heard))

    def write(self, decision: Decision) -> None:
        """Write one decision down."""
        said = decision.contributions
        changes = self._changes(said, [c.after for c in said], [c.outcome for c in said])
        if isinstance(decision, Conflict):
            self._tell_conflict(decision, changes)
        else:
            lost = any(c.outcome is Outcome.SUPERSEDED for c in said)
            self._tell(decision, decision.rule, decision.value, changes, decision.superseded_by if lost else None)

    def _tell_conflict(self, conflict: Conflict, changes: list[bytes]) -> None:
        self.conflicts.append(conflict)
        pieces = self._beginning(conflict, conflict.rule)
        pieces[0] = pieces[0].replace(b"{\n", b'{\n      "id": "%s",\n' % conflict_id(conflict).encode(), 1)
        self._contested.add(b"".join((*pieces, b',\n      "reason": ', orjson.dumps(conflict.reason), *changes, _END)))

    def _tell(
        self, at: Site | Settled, rule: RuleRef, value: Value, changes: list[bytes], by: tuple[str, ...] | None
    ) -> None:
        pieces = self._beginning(at, rule)
        if value is not ABSENT:
            pieces += (_VALUE, _value_text(value, _IN_DECISION))
        pieces += changes
        if by is not None:
            pieces += (b'\n      ],\n      "superseded_by": ', _names_text(by), b"\n    }")
        else:
            pieces.append(_END)
        self._settled.add(b"".join(pieces))

    def _beginning(self, at: Site | Decision, rule: RuleRef) -> list[bytes]:
        path = at.path
        pieces = [_beginning(path[:-1]), _segment_text(path[-1])] if path else [_PATH]
        pieces.append(self._rule_text(rule))
        if at.base is not ABSENT:
            pieces += (_BASE, _value_text(at.base, _IN_DECISION))
        return pieces

    def _changes(
        self, heard: Sequence[Candidate | Contribution], afters: Sequence[Value], outcomes: Sequence[Outcome]
    ) -> list[bytes]:
        pieces: list[bytes] = []
        for who, after, outcome in zip(heard, afters, outcomes, strict=True):
            own = self._shards.get(who.shard) or self._introduce(who.shard, who.rank)
            own.counts[outcome] += 1
            if after is ABSENT:
                pieces += (_NEXT_CHANGE if pieces else _CHANGES, own.head, _OUTCOME[outcome])
            else:
                text = _value_text(after, _IN_CHANGE)
                pieces += (own.next_head if pieces else own.first_head, text, _AFTER_OUTCOME[outcome])
        return pieces

    def _rule_text(self, rule: RuleRef) -> bytes:
        known = self._rules.get(id(rule))
        if known is None or known[0] is not rule:
            known = self._rules[id(rule)] = rule, _rule_text(rule)  # kept, so that no other takes its identity
        return known[1]

    def _introduce(self, shard: str, rank: int) -> _Shard:
        own = self._shards[shard] = _Shard(shard, rank)
        return own

    def counts(self) -> Counts:
        """Count all changes by outcome."""
        counts = no_counts()
        if own := self._shards.values():
            columns = zip(*[shard.counts.values() for shard in own], strict=True)
            counts = dict(zip(Outcome, map(sum, columns), strict=True))
            counts[_APPLIED] += sum([shard.alone for shard in own])
        return counts

    def chunks(self) -> Iterator[bytes]:
        """Give the whole ledger in few pieces: each is a call to the system where they are written."""
        ranked = sorted(self._shards.values(), key=attrgetter("rank", "shard"))
        shards = b"{\n%s\n  }" % b",\n".join([own.counts_text() for own in ranked]) if ranked else b"{}"
        text = b'{\n  "counts": %s,\n  "shards": %s' % (_COUNTS % (*self.counts().values(),), shards)
        for name, items in ((b"conflicts", self._contested), (b"decisions", self._settled)):
            text = yield from _list_chunks(b'%s,\n  "%s": ' % (text, name), items)
        yield text + b"\n}\n"


def _list_chunks(before: bytes, items: Spool) -> Generator[bytes, None, bytes]:
    """Give a text and behind it a list of items of which each begins with a comma, a first one's left out; what is not
    worth a piece of its own is handed back.
    """
    chunks = items.chunks()
    first = next(chunks, None)
    if first is None:
        return before + b"[]"
    yield b"%s[%s" % (before, first[1:])
    yield from chunks
    return b"\n  ]"


def _value_text(value: Json, line_break: bytes) -> bytes:
    """Write a value that stands on lines with this beginning. No text of JSON holds a raw line break."""
    if type(value) in _PLAIN:
        try:
            return orjson.dumps(value)
        except orjson.JSONEncodeError:
            pass  # an integer beyond 64 bits
    return written_bytes(value)[:-1].replace(b"\n", line_break)


def _names_text(shards: tuple[str, ...]) -> bytes:
    if not shards:
        return b"[]"
    return b"[\n        %s\n      ]" % b",\n        ".join(map(orjson.dumps, shards))


def _beginning(path: Path) -> bytes:
    """Write a path, or what it begins with; the quote behind it is left to what follows. Many share all but the end."""
    return _shared_beginning(path[:-1]) + _segment_text(path[-1]) if path else _PATH


@lru_cache(maxsize=1 << 8)
def _shared_beginning(path: Path) -> bytes:
    return b"".join((_PATH, *map(_segment_text, path)))


@lru_cache(maxsize=1 << 14)
def _segment_text(segment: Segment) -> bytes:
    return orjson.dumps(segment_text(segment))[1:-1]


def _rule_text(rule: RuleRef) -> bytes:
    told: dict[str, Json] = {"path": rule.pattern, "strategy": rule.strategy, "origin": rule.origin}
    return b'",\n      "rule": ' + _value_text(told, _IN_DECISION)


_UNRULED: Final = _rule_text(UNRULED) + _BASE
