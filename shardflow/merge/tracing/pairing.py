"""Pairing the items of two lists: which item of the later one was which item of the earlier one.

By key where the ledger tells of keyed members, by position where it tells of positions; otherwise by value: an item
that stayed the same is found wherever it moved to, equal ones in their order. What is left between unmoved neighbours
is paired in order if it is as many objects or lists on both sides: an item that was edited. Anything else is new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator

from shardflow.model.paths import Member, Segment, key_text
from shardflow.model.values import Json, frozen, same

Pairs = list[int | None]
"""For each item of the later list, its place in the earlier one; None for a new one."""


def pair_items(before: list[Json], after: list[Json], segments: Iterable[Segment]) -> Pairs:
    """Pair the items of a list; `segments` are those that the ledger tells of inside it."""
    told = tuple(segments)
    like = next(likes(told), None)
    if like is not None:
        return _by_key(before, after, like)
    if any(isinstance(segment, int) for segment in told) and len(before) == len(after):
        return list(range(len(after)))
    return _by_value(before, after)


def likes(segments: Iterable[Segment]) -> Iterator[Member]:
    """Give a member of each kind of key there is, those first that show a default of their key fields."""
    members = sorted((s for s in segments if isinstance(s, Member)), key=lambda member: -len(member.assumed))
    kinds = {tuple(name for name, _ in member.fields): member for member in reversed(members)}
    return iter(kinds.values())


def key_of(item: Json, like: Member) -> Member | None:
    """Give the member an item is by the key fields that another one has; None for an item that lacks one."""
    if not isinstance(item, dict):
        return None
    texts = {name: _key_text(item, name, text, like) for name, text in like.fields}
    known = {name: text for name, text in texts.items() if text is not None}
    assumed = tuple(name for name, text in like.fields if name in like.assumed and texts[name] == text)
    return Member(tuple(known.items()), assumed) if len(known) == len(texts) else None


def _key_text(item: dict[str, Json], name: str, text: str, like: Member) -> str | None:
    if name not in item:
        return text if name in like.assumed else None
    value = item[name]
    return None if isinstance(value, dict | list) else key_text(value)


def _by_key(before: list[Json], after: list[Json], like: Member) -> Pairs:
    places = {key_of(item, like): place for place, item in enumerate(before)}
    places.pop(None, None)
    return [places.get(key_of(item, like)) for item in after]


def _by_value(before: list[Json], after: list[Json]) -> Pairs:
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if not same(a, b)), None)
    start = min(len(before), len(after)) if start is None else start
    waiting: dict[Hashable, deque[int]] = {}
    for place in range(start, len(before)):
        waiting.setdefault(frozen(before[place]), deque()).append(place)
    found: Pairs = list(range(start))
    for item in after[start:]:
        places = waiting.get(frozen(item))
        found.append(places.popleft() if places else None)
    _pair_edited(before, after, found)
    return found


def _pair_edited(before: list[Json], after: list[Json], found: Pairs) -> None:
    """Pair what is left between the same neighbours, in place."""
    stayed = {place for place in found if place is not None}
    gaps: dict[int, tuple[list[int], list[int]]] = {}
    neighbour = -1
    for place in range(len(before)):
        if place in stayed:
            neighbour = place
        else:
            gaps.setdefault(neighbour, ([], []))[0].append(place)
    neighbour = -1
    for index, paired in enumerate(found):
        if paired is not None:
            neighbour = paired
        else:
            gaps.setdefault(neighbour, ([], []))[1].append(index)
    for places, indices in gaps.values():
        if len(places) == len(indices):
            for place, index in zip(places, indices, strict=True):
                if type(before[place]) is type(after[index]) and isinstance(after[index], dict | list):
                    found[index] = place
