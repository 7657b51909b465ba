"""Carrying origins over one merge: what no decision touched keeps its origin, what one touched is laid at its door.

Law: a part that is the same as before, at the same place or as an item that moved in its list, keeps its origin.
Cost: linear in the decisions and in the lists and objects they touch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from shardflow.merge.tracing.origins import Outside, Said, Trace, is_removal
from shardflow.merge.tracing.pairing import key_of, likes, pair_items
from shardflow.merge.tracing.voices import Voices, item_voices, new_trace, voices_of
from shardflow.model.decisions import Outcome, Settled
from shardflow.model.paths import Segment
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, frozen, same


class Decided:
    """A place of the document as a ledger tells of it: the decisions made there, and the places below."""

    __slots__ = ("below", "decisions")

    def __init__(self) -> None:
        self.decisions: list[Settled] = []
        self.below: dict[Segment, Decided] = {}

    def at(self, segment: Segment) -> Decided:
        """Give a place below; one of which nothing is told, where the ledger does not come there."""
        return self.below.get(segment, _UNTOLD)

    @property
    def is_told(self) -> bool:
        """Whether anything was decided here or below."""
        return bool(self.decisions or self.below)

    def heard(self) -> Settled | None:
        """Give the decision that says what stands here, if one does; one that only set deletions aside does not."""
        return next((d for d in self.decisions if not d.superseded_by or _stands(d)), None)

    def told(self, merged: Merged) -> Iterator[Said]:
        """List the changes made just here that are superseded, and the removals."""
        for decision in self.decisions:
            for one in decision.contributions:
                said = Said(
                    merged.group,
                    merged.phase,
                    decision.path,
                    one.shard,
                    decision.base,
                    one.after,
                    one.outcome,
                    decision.rule,
                    decision.superseded_by,
                )
                if one.outcome is Outcome.SUPERSEDED or is_removal(said):
                    yield said

    def all_told(self, merged: Merged) -> Iterator[Said]:
        """List them here and below."""
        yield from self.told(merged)
        for place in self.below.values():
            yield from place.all_told(merged)


_UNTOLD: Final = Decided()
"""A place that no decision speaks of."""


def _stands(decision: Settled) -> bool:
    return any(one.outcome is not Outcome.SUPERSEDED for one in decision.contributions)


@record
class Merged:
    """One recorded merge: the context before and after it, and its decisions."""

    group: str
    phase: str
    before: Json
    after: Json
    decisions: tuple[Settled, ...]


def carry(trace: Trace, merged: Merged) -> Trace:
    """Give the trace of the context after a merge from that of the context before."""
    top = Decided()
    for decision in merged.decisions:
        place = top
        for segment in decision.path:
            place = place.below.setdefault(segment, Decided())
        place.decisions.append(decision)
    return _carried(merged, merged.before, trace, merged.after, top, None)


def carry_outside(trace: Trace, group: str, before: Json, after: Json) -> Trace:
    """Give the trace of a context that was changed by nothing the run merged before a group started."""
    nobody = Merged(group, "", before, after, ())
    return _carried(nobody, before, trace, after, _UNTOLD, Voices(Outside(group), ()))


def _carried(merged: Merged, before: Value, trace: Trace, after: Json, place: Decided, voices: Voices | None) -> Trace:
    """Carry the trace of one value. `voices` are those that a decision around it heard."""
    heard = place.heard()
    if heard is not None:
        voices = voices_of(heard, merged.group, merged.phase)
    if not place.is_told and (voices is None or same(before, after)):
        return trace
    inner = _inside(merged, before, trace, after, place, voices)
    if voices is None or place.below:  # of what was gone into, members are told
        return _with_told(merged, trace, inner, after, place, {})
    trace = replaced(trace, taken=(*trace.taken, *_taken(before, after, voices)))
    return _with_told(merged, trace, inner, after, place, _vanished(before, after, voices))


def _taken(before: Value, after: Json, voices: Voices) -> Iterator[Said]:
    """List the items that a decision about a whole list took out of it, for each shard that did so."""
    if not (isinstance(before, list) and isinstance(after, list)) or same(before, after):
        return
    stay, stood = set(pair_items(before, after, ())), Counter(map(frozen, before))
    lists = [(shard, Counter(map(frozen, value))) for shard, value in voices.said if isinstance(value, list)]
    for index, item in enumerate(before):
        if index not in stay:
            key = frozen(item)
            yield from voices.without(index, item, (shard for shard, left in lists if left[key] < stood[key]))


def _vanished(before: Value, after: Json, voices: Voices) -> dict[Segment, tuple[Said, ...]]:
    """List the members that a decision about a whole object left out, for each shard that did so."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return {}
    objects = [(shard, value) for shard, value in voices.said if isinstance(value, dict)]
    return {
        name: tuple(voices.without(name, value, (shard for shard, left in objects if name not in left)))
        for name, value in before.items()
        if name not in after
    }


def _inside(merged: Merged, before: Value, trace: Trace, after: Json, place: Decided, voices: Voices | None) -> Trace:
    made = Voices(Outside(merged.group), ()) if voices is None else voices
    match before, after:
        case dict(), dict():
            return Trace(trace.origin, members=_members(merged, before, trace, after, place, voices))
        case list(), list():
            return Trace(trace.origin, items=_items(merged, before, trace, after, place, voices))
        case _ if same(before, after):
            return Trace(trace.origin)
        case _, dict() if place.below:
            return Trace(made.origin, members=_members(merged, {}, Trace(made.origin), after, place, voices))
        case _, list() if place.below:
            return Trace(made.origin, items=_items(merged, [], Trace(made.origin), after, place, voices))
        case _:
            return new_trace(after, made)


def _members(
    merged: Merged,
    before: dict[str, Json],
    trace: Trace,
    after: dict[str, Json],
    place: Decided,
    voices: Voices | None,
) -> dict[str, Trace]:
    members: dict[str, Trace] = {}
    for name, value in after.items():
        known = trace.member(name) if name in before else _again(merged, trace, name)
        inside = None if voices is None else voices.inside(name)
        members[name] = _carried(merged, before.get(name, ABSENT), known, value, place.at(name), inside)
    return members


def _again(merged: Merged, trace: Trace, segment: Segment) -> Trace:
    """Start the trace of what stands where nothing stood, with what was said of the place before."""
    said = tuple(said for said in trace.gone.get(segment, ()) if not is_removal(said))
    return Trace(Outside(merged.group), superseded=said)


def _items(
    merged: Merged,
    before: list[Json],
    trace: Trace,
    after: list[Json],
    place: Decided,
    voices: Voices | None,
) -> tuple[Trace, ...]:
    pairs = pair_items(before, after, place.below)
    new = [item for item, paired in zip(after, pairs, strict=True) if paired is None]
    speakers = item_voices(before, new, Voices(Outside(merged.group), ()) if voices is None else voices)
    items: list[Trace] = []
    like = next(likes(place.below), None)  # the ledger tells of keyed members, and of their keys
    for index, (item, paired) in enumerate(zip(after, pairs, strict=True)):
        segment = None if like is None else key_of(item, like)
        inner = place.at(index if segment is None else segment)
        if paired is None:
            known = Trace(Outside(merged.group)) if segment is None else _again(merged, trace, segment)
            items.append(_carried(merged, ABSENT, known, item, inner, next(speakers)))
        else:
            edited = voices is not None and not same(before[paired], item)
            inside = _edited(voices, item, paired) if voices is not None and edited else None
            items.append(_carried(merged, before[paired], trace.item(paired), item, inner, inside))
    return tuple(items)


def _edited(voices: Voices, item: Json, stood_at: int) -> Voices:
    return replaced(voices.only(_sayers(voices, item), item), path=(*voices.path, stood_at))


def _sayers(voices: Voices, item: Json) -> list[str]:
    lists = ((shard, value) for shard, value in voices.said if isinstance(value, list))
    return [shard for shard, value in lists if any(same(item, one) for one in value)]


def _with_told(
    merged: Merged,
    trace: Trace,
    inner: Trace,
    after: Json,
    place: Decided,
    vanished: Mapping[Segment, tuple[Said, ...]],
) -> Trace:
    """Add what this merge's ledger tells of a place, and what vanished there, to what was told of it before."""
    standing = _standing((*trace.gone, *place.below), after)
    gone = {segment: said for segment, said in trace.gone.items() if segment not in standing}
    superseded = (*trace.superseded, *(said for said in place.told(merged) if not is_removal(said)))
    for segment, inside in place.below.items():
        if segment not in standing:
            gone[segment] = gone.get(segment, ()) + tuple(inside.all_told(merged))
    for name, told in vanished.items():
        gone[name] = gone.get(name, ()) + told
    gone = {segment: said for segment, said in gone.items() if said}
    return replaced(inner, superseded=superseded, gone=gone, taken=trace.taken)


def _standing(segments: Iterable[Segment], value: Json) -> Collection[Segment]:
    """Give the segments of what stands in a value, in the kinds that are asked for."""
    match value:
        case dict():
            return value.keys()
        case list():
            keys = {key for like in likes(segments) for item in value if (key := key_of(item, like)) is not None}
            return {*range(len(value)), *keys}
        case _:
            return ()
