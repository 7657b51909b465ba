"""`keyed`: a list of objects told apart by key fields, merged member by member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shardflow.merge.site import Candidate, Chosen, Part, RuledPart, Site, Split, Unsettled, Verdict
from shardflow.merge.strategies.lists import is_list
from shardflow.merge.strategies.present import over_base
from shardflow.model.changes import Put
from shardflow.model.diff import diff
from shardflow.model.paths import ORDER, Member, key_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, kind, same

Items = dict[Member, dict[str, Json]]


@record
class _Keyless(Exception):
    """A list whose items cannot be told apart; the reason says which items and why."""

    reason: str


def keyed(site: Site, fields: tuple[str, ...]) -> Verdict:
    """Merge a list of objects member by member, told apart by one or several key fields.

    What it does
        `{keyed: id}` or `{keyed: [file, line]}` matches items of base and shards by the values of those fields and
        settles each by the rule of its own path (`$.findings[*]`, `$.findings[*].severity`). The base's order stays,
        then new members by rank. A shard that only reordered is superseded, and the ledger says so.
    Why
        Findings, tasks, records: two subagents that add to or edit different items never disagree, and two that found
        the same thing find it once.
    Known problems
        An item that is no object, lacks a key field, has an object or list there, or shares its key with another item
        of the same list makes the list a conflict that names both places. Changing a key field is removing one
        member and adding another.
    Example
        By `id`: base `[{"id": 1, "n": 1}]`, shards `[{"id": 1, "n": 2}]` and `[{"id": 1, "n": 1}, {"id": 2}]` give
        `[{"id": 1, "n": 2}, {"id": 2}]`.
    Laws
        commutative (rank decides only the order), associative, idempotent
    """
    return over_base(site, "a list", is_list, lambda base, values: _matched(site, fields, base or [], values))


def _matched(site: Site, fields: tuple[str, ...], base: list[Json], values: Sequence[list[Json]]) -> Verdict:
    try:
        before = _indexed(base, fields, "the base")
        after = [_indexed(value, fields, c.shard) for c, value in zip(site.candidates, values, strict=True)]
    except _Keyless as keyless:
        return Unsettled(keyless.reason)
    parts = _parts(site, before, after)
    opened: Value = [] if site.base is ABSENT else ABSENT

    def join(results: tuple[Value, ...]) -> Value:
        settled: dict[Member, Value] = dict(before)
        for part, value in zip(parts, results, strict=True):
            if isinstance(part.segment, Member):
                settled[part.segment] = value
        return [value for value in settled.values() if value is not ABSENT]

    return Split(parts, join, opened, tuple(_reordered(site, fields, before, after)))


def _indexed(items: list[Json], fields: tuple[str, ...], owner: str) -> Items:
    """Map each item's key to the item, in order. Raises _Keyless with every place involved."""
    indexed: Items = {}
    places: dict[Member, int] = {}
    for place, item in enumerate(items):
        if not isinstance(item, dict):
            raise _Keyless(f"item {place} of {owner} is {kind(item)}, not an object with {' and '.join(fields)}")
        key = Member(tuple((field, _key(item, field, place, owner)) for field in fields))
        if key in places:
            raise _Keyless(f"items {places[key]} and {place} of {owner} have the same key {_shown(key)}")
        places[key], indexed[key] = place, item
    return indexed


def _key(item: dict[str, Json], field: str, place: int, owner: str) -> str:
    value = item.get(field, ABSENT)
    if value is ABSENT:
        raise _Keyless(f"item {place} of {owner} lacks the key field '{field}'")
    if isinstance(value, dict | list):
        raise _Keyless(f"item {place} of {owner} has {kind(value)} in its key field '{field}'")
    return key_text(value)


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


def _reordered(site: Site, fields: tuple[str, ...], before: Items, after: Sequence[Items]) -> Iterable[RuledPart]:
    """Tell of the shards whose order is not the base's with new members behind: the base's order supersedes theirs."""
    ordered = []
    for candidate, items in zip(site.candidates, after, strict=True):
        kept = [key for key in before if key in items]
        if list(items) != [*kept, *(key for key in items if key not in before)]:
            ordered.append(Candidate(candidate.shard, candidate.rank, Put(_sequence(items, fields))))
    if ordered:
        base = _sequence(before, fields)
        yield RuledPart(Part(ORDER, base, tuple(ordered)), Chosen(base))


def _sequence(items: Items, fields: tuple[str, ...]) -> Json:
    """Write an order down: the key fields of each member, in that order."""
    return [{field: item[field] for field in fields} for item in items.values()]


def index(site: Site) -> Verdict:
    """Merge lists of one length item by item, by position.

    What it does
        Where base and all shards have lists of the same length, each position is settled by the rule of its own path.
        Where a length differs, a lone or unanimous change is taken and anything else is a conflict.
    Why
        Fixed tables: one slot a worker, one row a day.
    Known problems
        An item that moved is taken for a change of every position between.
    Example
        base `[0, 0]`, shards `[1, 0]` and `[0, 2]` give `[1, 2]`.
    Laws
        commutative, associative, idempotent
    """
    return over_base(site, "a list", is_list, lambda base, values: _by_position(site, base, values))


def _by_position(site: Site, base: list[Json] | None, values: Sequence[list[Json]]) -> Verdict:
    lengths = {len(value) for value in values}
    if base is None or lengths != {len(base)}:
        return _whole(site, lengths)
    parts = tuple(_position(site, place, item, values) for place, item in enumerate(base))
    changed = tuple(part for part in parts if part.candidates)

    def join(results: tuple[Value, ...]) -> Value:
        by_place = {part.segment: value for part, value in zip(changed, results, strict=True)}
        joined = [by_place.get(place, item) for place, item in enumerate(base)]
        return [value for value in joined if value is not ABSENT]

    return Split(changed, join, ABSENT)


def _whole(site: Site, lengths: set[int]) -> Verdict:
    values = site.values()
    if all(same(values[0], value) for value in values[1:]):
        return Chosen(values[0])
    return Unsettled(f"lists of {' and '.join(map(str, sorted(lengths)))} items cannot be merged by position")


def _position(site: Site, place: int, item: Json, values: Sequence[list[Json]]) -> Part:
    said = ((c, diff(item, value[place])) for c, value in zip(site.candidates, values, strict=True))
    return Part(place, item, tuple(Candidate(c.shard, c.rank, edit) for c, edit in said if edit is not None))
