"""Carrying origins over one merge: what no decision touched keeps its origin, what one touched is laid at its door.

Law: a part that is the same as before, at the same place or as an item that moved in its list, keeps its origin.
Cost: linear in the decisions and in the lists and objects they touch.

The trace of a place follows from three things: what stood there with its trace, what stands there now, and what the
merge says of it, which is what its ledger tells there and below and whom it heard there or around. It stays as it was
where the ledger is silent, and nobody was heard around or the value is the same. Otherwise its parts are carried one by
one, each from the part that it was before; what is no such part was made by those who were heard, or by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from shardflow.merge.tracing.origins import Outside, Said, Trace, is_removal
from shardflow.merge.tracing.pairing import key_of, likes, pair_items
from shardflow.merge.tracing.telling import UNTOLD, RecordedMerge, Told, told_by
from shardflow.merge.tracing.voices import Voices, item_voices, new_trace
from shardflow.model.paths import Segment
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, frozen, same


@record
class Stood:
    """What stood at a place before the merge, with its trace."""

    value: Value
    trace: Trace


@record
class Word:
    """What the merge says of a place: what is told there and below, and who was heard there or around, if anybody.

    `nobody` made what no decision speaks of, and stands there all the same.
    """

    told: Told
    voices: Voices | None
    nobody: Voices

    def of(self, segment: Segment, voices: Voices | None) -> Word:
        """Give what is said of a place below; `voices` are those heard here, as they speak of that place."""
        told = self.told.at(segment)
        return Word(told, told.voices or voices, self.nobody)

    @property
    def makers(self) -> Voices:
        """Those who made what is new here."""
        return self.voices or self.nobody


def carry(trace: Trace, merged: RecordedMerge) -> Trace:
    """Give the trace of the context after a merge from that of the context before."""
    told = told_by(merged)
    return _carried(Stood(merged.before, trace), merged.after, Word(told, told.voices, _nobody(merged.group)))


def carry_outside(trace: Trace, group: str, before: Json, after: Json) -> Trace:
    """Give the trace of a context that was changed by nothing the run merged before a group started."""
    nobody = _nobody(group)
    return _carried(Stood(before, trace), after, Word(UNTOLD, nobody, nobody))


def _nobody(group: str) -> Voices:
    return Voices(Outside(group), ())


def _carried(stood: Stood, after: Json, word: Word) -> Trace:
    before, trace, told, voices = stood.value, stood.trace, word.told, word.voices
    if told.is_silent and (voices is None or same(before, after)):
        return trace
    taken: Iterable[Said] = ()
    vanished: Mapping[Segment, tuple[Said, ...]] = {}
    if voices is not None and not told.below:  # of what was gone into, members are told
        taken, vanished = _taken(before, after, voices), _vanished(before, after, voices)
    return replaced(
        _parts(stood, after, word),
        superseded=(*trace.superseded, *told.superseded),
        gone=_gone(trace, after, told, vanished),
        taken=(*trace.taken, *taken),
    )


def _parts(stood: Stood, after: Json, word: Word) -> Trace:
    """Trace what stands at a place by its parts; the whole of it, if it has none or is new."""
    before = stood.value
    if word.told.below and type(before) is not type(after) and isinstance(after, dict | list):
        stood = Stood(type(after)(), Trace(word.makers.origin))
    match stood.value, after:
        case dict() as members, dict():
            return Trace(stood.trace.origin, members=_members(members, stood.trace, after, word))
        case list() as items, list():
            return Trace(stood.trace.origin, items=_items(items, stood.trace, after, word))
        case _ if same(before, after):
            return Trace(stood.trace.origin)
        case _:
            return new_trace(after, word.makers)


def _members(before: dict[str, Json], trace: Trace, after: dict[str, Json], word: Word) -> dict[str, Trace]:
    members: dict[str, Trace] = {}
    for name, value in after.items():
        stood = Stood(before[name], trace.member(name)) if name in before else _nothing(trace, name, word)
        voices = None if word.voices is None else word.voices.inside(name)
        members[name] = _carried(stood, value, word.of(name, voices))
    return members


def _items(before: list[Json], trace: Trace, after: list[Json], word: Word) -> tuple[Trace, ...]:
    pairs = pair_items(before, after, word.told.below)
    new = [item for item, paired in zip(after, pairs, strict=True) if paired is None]
    speakers = item_voices(before, new, word.makers)
    like = next(likes(word.told.below), None)  # the ledger tells of keyed members, and of their keys
    items: list[Trace] = []
    for index, (item, paired) in enumerate(zip(after, pairs, strict=True)):
        key = None if like is None else key_of(item, like)
        stood = _nothing(trace, key, word) if paired is None else Stood(before[paired], trace.item(paired))
        voices = next(speakers) if paired is None else _editors(word.voices, before[paired], item, paired)
        items.append(_carried(stood, item, word.of(index if key is None else key, voices)))
    return tuple(items)


def _nothing(trace: Trace, segment: Segment | None, word: Word) -> Stood:
    """Stand for nothing at a place of an object or list, with what was said of that place before."""
    gone = () if segment is None else trace.gone.get(segment, ())
    said = tuple(said for said in gone if not is_removal(said))
    return Stood(ABSENT, Trace(word.nobody.origin, superseded=said))


def _editors(voices: Voices | None, before: Json, item: Json, stood_at: int) -> Voices | None:
    """Hear those who left an item that was edited; None for one that is the same, or where nobody was heard."""
    if voices is None or same(before, item):
        return None
    lists = ((shard, value) for shard, value in voices.said if isinstance(value, list))
    left_it = [shard for shard, value in lists if any(same(item, one) for one in value)]
    return replaced(voices.only(left_it, item), path=(*voices.path, stood_at))


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


def _gone(
    trace: Trace, after: Json, told: Told, vanished: Mapping[Segment, tuple[Said, ...]]
) -> dict[Segment, tuple[Said, ...]]:
    """Tell of what does not stand inside a value: what was told before, what the merge tells, and what vanished."""
    standing = _standing((*trace.gone, *told.below), after)
    gone = {segment: said for segment, said in trace.gone.items() if segment not in standing}
    for segment, inside in told.below.items():
        if segment not in standing:
            gone[segment] = gone.get(segment, ()) + tuple(inside.all_said())
    for name, said in vanished.items():
        gone[name] = gone.get(name, ()) + said
    return {segment: said for segment, said in gone.items() if said}


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
