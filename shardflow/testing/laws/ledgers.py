"""Reading a ledger back: what each shard did, and what the merge made of it."""

from __future__ import annotations

from collections.abc import Iterable

from shardflow.model.decisions import Decision, Settled
from shardflow.model.paths import ORDER, Member, Path, Segment
from shardflow.model.values import ABSENT, Json, Value, frozen


def shard_again(base: Json, decisions: Iterable[Decision], shard: str) -> Value:
    """Repeat what a ledger says that one shard did: gives the shard's document if no change is missing or altered."""
    document: Value = base
    for decision in decisions:
        for contribution in decision.contributions:
            if contribution.shard == shard:
                document = put(document, decision.path, contribution.after)
    return document


def context_again(base: Json, decisions: Iterable[Decision]) -> Value:
    """Repeat what a ledger says that the merge settled: gives the context if nothing came about beside the ledger."""
    document: Value = base
    for decision in decisions:
        if isinstance(decision, Settled):
            document = put(document, decision.path, decision.value)
    return document


def put(document: Value, path: Path, value: Value) -> Value:
    """Give a document with another value at a path, or without it for ABSENT."""
    if not path:
        return value
    head, *tail = path
    if head is ORDER:
        return _in_order(document, value)
    if isinstance(document, list):
        return _put_item(document, head, tuple(tail), value)
    inner = put(_get(document, head), tuple(tail), value)
    members = dict(document) if isinstance(document, dict) else {}
    if inner is ABSENT:
        members.pop(str(head), None)
    else:
        members[str(head)] = inner
    return members


def _get(document: Value, segment: Segment) -> Value:
    return document.get(str(segment), ABSENT) if isinstance(document, dict) else ABSENT


def _put_item(items: list[Json], segment: Segment, inside: Path, value: Value) -> Json:
    place = _place(items, segment, inside)
    item = put(ABSENT if place is None else items[place], inside, value)
    if place is None:
        return items if item is ABSENT else [*items, item]
    return [*items[:place], *([] if item is ABSENT else [item]), *items[place + 1 :]]


def _place(items: list[Json], segment: Segment, inside: Path) -> int | None:
    if isinstance(segment, int):
        return segment
    if not isinstance(segment, Member):
        return None
    here = next((place for place, item in enumerate(items) if segment.is_here(item)), None)
    opened = inside and here is None and items and _becomes(items[-1], segment)
    return len(items) - 1 if opened else here


def _becomes(item: Json, member: Member) -> bool:
    """Tell whether an item may be this member just opened: it was put there empty, its fields are told one by one."""
    single = (Member(((name, text),)) for name, text in member.fields if isinstance(item, dict) and name in item)
    return isinstance(item, dict) and all(field.is_here(item) for field in single)


def _in_order(items: Value, keys: Value) -> Value:
    """Sort the members of a keyed list as an order change says, by the key fields of each; others stand behind."""
    if not isinstance(items, list) or not isinstance(keys, list):
        return items
    places = {frozen(key): place for place, key in enumerate(keys)}
    fields = {field: None for key in keys if isinstance(key, dict) for field in key}
    return sorted(items, key=lambda item: places.get(frozen(_fields(item, fields)), len(places)))


def _fields(item: Json, fields: Iterable[str]) -> Json:
    return {field: item[field] for field in fields if field in item} if isinstance(item, dict) else item
