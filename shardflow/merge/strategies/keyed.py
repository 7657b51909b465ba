"""`keyed`: a list of objects told apart by key fields, merged member by member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from operator import lt
from typing import Final, TypeAlias

from shardflow.merge.site import Candidate, Chosen, Part, RuledPart, Site, Split, Unsettled, Verdict
from shardflow.merge.strategies.present import is_list, over_base
from shardflow.model.changes import Put
from shardflow.model.diff import diff
from shardflow.model.numbers import decimal_of
from shardflow.model.paths import ORDER, Member, key_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, a_kind, is_number

Items: TypeAlias = dict[Member, dict[str, Json]]
_TOLD: Final = 5
"""Lists of one place, and items of a list, that are told with what is wrong; the base's come back in every shard."""
Scalar: TypeAlias = "None | bool | int | float | Decimal | str"


class MemberOrder(StrEnum):
    """The order that the members of a merged list stand in."""

    BASE = "base"
    KEY = "key"
    FIRST = "first"


@record
class Keys:
    """What tells the items of a list apart, and how these are ordered. A field with a default may be left out."""

    fields: tuple[str, ...]
    defaults: Mapping[str, Scalar]
    order: MemberOrder = MemberOrder.BASE


def keyed(site: Site, keys: Keys) -> Verdict:
    """Merge a list of objects member by member, told apart by one or several key fields.

    What it does
        `{keyed: id}` or `{keyed: [file, line]}` matches items of base and shards by the values of those fields and
        settles each by the rule of its own path (`$.findings[*]`, `$.findings[*].severity`). The long form
        `{keyed: {fields: [name, port], defaults: {port: 80}, order: key}}` says what a key field counts as where an
        item leaves it out, and the order of the result: `base` (the usual one) keeps the base's order and puts new
        members behind it by rank, `key` sorts by the key fields, `first` takes the order of the first shard by rank
        that reordered the list. A shard whose order is not kept is superseded, and the ledger says so.
    Why
        Findings, tasks, records: two subagents that add to or edit different items never disagree, and two that found
        the same thing find it once.
    Known problems
        An item that is no object, lacks a key field, has an object or list there, or shares its key with another item
        of the same list makes the list a conflict that names both places. Changing a key field is removing one
        member and adding another.
    Example
        {keyed: id}
            base   [{"id": 1, "n": 1}]
            a      [{"id": 1, "n": 2}]
            b      [{"id": 1, "n": 1}, {"id": 2}]
            gives  [{"id": 1, "n": 2}, {"id": 2}]
        {keyed: {fields: [name, port], defaults: {port: 80}, order: key}}
            base   [{"name": "web"}]
            a      [{"name": "web", "port": 80, "up": true}]
            b      [{"name": "web"}, {"name": "db", "port": 1}]
            gives  [{"name": "db", "port": 1}, {"name": "web", "port": 80, "up": true}]
    Laws
        commutative up to order (rank decides it), idempotent (as far as the rules inside are), associative (but for a
        list that one removes and another only reorders, a conflict at once; a partial merge may drop the order before)
    """
    return over_base(site, "a list", is_list, lambda base, values: _matched(site, keys, base or [], values))


def _matched(site: Site, keys: Keys, base: list[Json], values: Sequence[list[Json]]) -> Verdict:
    indexed, wrong = _indexed_all(
        [("the base", base), *zip((c.shard for c in site.candidates), values, strict=True)], keys
    )
    if wrong:
        return Unsettled(_told(wrong, "more lists like that"))
    before, *after = indexed
    parts = _parts(site, before, after)
    ordered = _Ordering(site, keys, before, after)
    opened: Value = [] if site.base is ABSENT else ABSENT

    def join(results: tuple[Value, ...]) -> Value:
        settled: dict[Member, Value] = dict(before)
        for part, value in zip(parts, results, strict=True):
            if isinstance(part.segment, Member):
                settled[part.segment] = value
        return [value for key in ordered.in_order(settled) if (value := settled[key]) is not ABSENT]

    return Split(parts, join, opened, ordered.told())


def _indexed_all(lists: Sequence[tuple[str, list[Json]]], keys: Keys) -> tuple[list[Items], list[str]]:
    """Map the keys of each list to its items, and say of each list where that cannot be done."""
    indexed: list[Items] = []
    wrong: list[str] = []
    for owner, items in lists:
        found: list[str] = []
        indexed.append(_indexed(items, keys, owner, found))
        if found:
            wrong.append(_told(found, f"more items of {owner}"))
    return indexed, wrong


def _told(wrong: Sequence[str], what: str) -> str:
    more = len(wrong) - _TOLD
    return "; ".join([*wrong[:_TOLD], *([f"and {more} {what}"] if more > 0 else [])])


def _indexed(items: list[Json], keys: Keys, owner: str, wrong: list[str]) -> Items:
    """Map each item's key to the item, in order; note what is wrong with the others."""
    indexed: Items = {}
    places: dict[Member, int] = {}
    for place, item in enumerate(items):
        key = _member(item, keys) if isinstance(item, dict) else None
        if key is None or not isinstance(item, dict):
            wrong.extend(f"item {place} of {owner} {fault}" for fault in _faults(item, keys))
        elif key in places:
            wrong.append(f"items {places[key]} and {place} of {owner} have the same key {_shown(key)}")
        else:
            places[key], indexed[key] = place, item
    return indexed


def _member(item: dict[str, Json], keys: Keys) -> Member | None:
    """Give the key of an item; None if it has none."""
    texts: dict[str, str] = {}
    for field in keys.fields:
        value = _key(item, field, keys)
        if value is ABSENT or isinstance(value, dict | list):
            return None
        texts[field] = key_text(value)
    assumed = (f for f, text in texts.items() if f in keys.defaults and text == key_text(keys.defaults[f]))
    return Member(tuple(texts.items()), tuple(assumed) if keys.defaults else ())


def _key(item: dict[str, Json], field: str, keys: Keys) -> Value:
    return item.get(field, keys.defaults.get(field, ABSENT))


def _faults(item: Json, keys: Keys) -> Iterator[str]:
    """Say why an item has no key."""
    if not isinstance(item, dict):
        yield f"is {a_kind(item)}, not an object with {' and '.join(keys.fields)}"
        return
    for field in keys.fields:
        value = _key(item, field, keys)
        if value is ABSENT:
            yield f"lacks the key field '{field}'"
        elif isinstance(value, dict | list):
            yield f"has {a_kind(value)} in its key field '{field}'"


def _shown(key: Member) -> str:
    return ", ".join(f"{field}={value}" for field, value in key.fields)


def _parts(site: Site, before: Items, after: Sequence[Items]) -> tuple[Part, ...]:
    found: dict[Member, list[Candidate]] = {}
    for candidate, items in zip(site.candidates, after, strict=True):
        for key in (*items, *(key for key in before if key not in items)):
            edit = diff(before.get(key, ABSENT), items.get(key, ABSENT))
            if edit is not None:
                found.setdefault(key, []).append(Candidate(candidate.shard, candidate.rank, edit))
    return tuple(Part(key, before.get(key, ABSENT), tuple(candidates)) for key, candidates in found.items())


@record
class _Ordering:
    """The order of the merged list, and what the ledger tells of it."""

    site: Site
    keys: Keys
    before: Items
    after: Sequence[Items]

    def in_order(self, members: Mapping[Member, object]) -> Iterable[Member]:
        """Put members in order; they come in the base's order, new ones behind by rank."""
        match self.keys.order:
            case MemberOrder.BASE:
                return members
            case MemberOrder.KEY:
                items = self._items()
                return sorted(members, key=lambda member: self._sort_key(items[member]))
            case MemberOrder.FIRST:
                first = next(self._reordered(), {})
                return [*(key for key in first if key in members), *(key for key in members if key not in first)]

    def told(self) -> tuple[RuledPart, ...]:
        """Tell of the shards whose order is not the usual one, and of an order that is nobody's."""
        every = dict.fromkeys(key for items in (self.before, *self.after) for key in items)
        usual = {key: place for place, key in enumerate(every)}
        movers = tuple(
            Candidate(candidate.shard, candidate.rank, Put(self._sequence(items.values())))
            for candidate, items in zip(self.site.candidates, self.after, strict=True)
            if not _ascending([usual[key] for key in items])
        )
        ordered = list(self.in_order(usual)) if movers or self.keys.order is MemberOrder.KEY else list(usual)
        if not movers and ordered == list(usual):
            return ()
        first = next(self._reordered(), None) if self.keys.order is MemberOrder.FIRST else None
        items = self._items()
        order = self._sequence((items[key] for key in ordered) if first is None else first.values())
        return (RuledPart(Part(ORDER, self._sequence(self.before.values()), movers), Chosen(order)),)

    def _reordered(self) -> Iterator[Items]:
        """Find what the shards left that moved the base's members, or put new ones before them."""
        for items in self.after:
            kept = [key for key in self.before if key in items]
            if list(items) != [*kept, *(key for key in items if key not in self.before)]:
                yield items

    def _items(self) -> Items:
        """Give each member's item as it is met first, in the base or else by rank."""
        return {key: item for items in reversed((self.before, *self.after)) for key, item in items.items()}

    def _sequence(self, items: Iterable[dict[str, Json]]) -> Json:
        """Write an order down: the key fields that each item has, in that order."""
        return [{field: item[field] for field in self.keys.fields if field in item} for item in items]

    def _sort_key(self, item: dict[str, Json]) -> list[tuple[int, object, str]]:
        values = [item.get(field, self.keys.defaults.get(field)) for field in self.keys.fields]
        return [_place(value) for value in values if not isinstance(value, dict | list)]


def _ascending(places: Sequence[int]) -> bool:
    return all(map(lt, places, islice(places, 1, None)))


def _place(value: Scalar) -> tuple[int, object, str]:
    """Order keys of any kind: null, false, true, numbers by size, texts by code points; no two keys are equal here."""
    if isinstance(value, str):
        return _TEXTS, value, ""
    if is_number(value):
        return _NUMBERS, decimal_of(value), key_text(value)
    return _OTHERS, (value is not None) + bool(value), ""


_OTHERS: Final = 0
_NUMBERS: Final = 1
_TEXTS: Final = 2
