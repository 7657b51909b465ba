"""Fan-out: `foreach:` of a subagent makes one subagent for each item of a list in the context, in the list's order.

    foreach: {path: $.files, key: name, max: 100}

path    the list, in the context as it is when the subagent's turn comes
key     the member of each item that names it; where it is left out the items are texts or numbers and name themselves
max     the most items there may be; with more, the phase fails before anything of it runs

Law: the id of an item's subagent follows from its key alone (but for keys that only case tells apart), so that an item
keeps its id wherever it moves to. No item and no key ever becomes part of a command or leads out of a folder: the id
has only letters, digits, `.`, `_` and `-`; a key with anything else is told apart by a digest.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from shardflow.model.fields import Place, quoted, shown
from shardflow.model.paths import key_text, path_text
from shardflow.model.places import value_at
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, is_number
from shardflow.workflow.conditions import read_path
from shardflow.workflow.model import FanOut, Item, Subagent
from shardflow.workflow.texts import LONGEST_ID, id_fault

DEFAULT_MOST: Final = 1_000
"""Items a fan-out may have unless it says otherwise."""

MOST_ITEMS: Final = 100_000
"""The most it may say."""

_TOLD: Final = 5
"""Items that are told with what is wrong with them."""

_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_DOTS: Final = re.compile(r"\.{2,}")
_DIGITS: Final = 10
"""Hexadecimal digits of the digest that tells two keys apart: one chance in a million for two of 1,000 to collide."""


@record
class NoItems:
    """Why a fan-out has no items that could be run."""

    reason: str


def read_fan_out(place: Place) -> FanOut:
    """Read what `foreach:` says."""
    with place.fields("such as {path: $.files, key: name, max: 100}") as fields:
        return FanOut(
            path=read_path(fields.place("path")),
            key=fields.optional("key", Place.text, None),
            most=fields.optional("max", _read_most, DEFAULT_MOST),
            origin=place.origin,
        )


def _read_most(place: Place) -> int:
    return place.integer(1, MOST_ITEMS)


def fan_out_json(fan_out: FanOut) -> dict[str, Json]:
    """Give a fan-out as a workflow writes it."""
    key: dict[str, Json] = {} if fan_out.key is None else {"key": fan_out.key}
    return {"path": path_text(fan_out.path), **key, "max": fan_out.most}


def one_for_each(subagent: Subagent, context: Json, taken: Collection[str] = ()) -> tuple[Subagent, ...] | NoItems:
    """Give a subagent for each item, in order; `taken` are ids of others that theirs must differ from."""
    fan_out = subagent.foreach
    if fan_out is None:
        return (subagent,)
    items = value_at(context, fan_out.path)
    where = path_text(fan_out.path)
    if not isinstance(items, list):
        found = "nothing" if items is ABSENT else shown(items)
        return _no_items(subagent, fan_out, f"foreach needs a list at {where}, and finds {found}")
    if len(items) > fan_out.most:
        return _no_items(subagent, fan_out, f"{where} has {len(items):,} items, more than max: {fan_out.most}")
    keys = [_key(item, fan_out.key) for item in items]
    if problems := list(_problems(fan_out, keys)):
        return _no_items(subagent, fan_out, _told(problems))
    named = _ids(subagent.id, [str(key) for key in keys], taken)
    if problems := list(_twins(where, named, taken)):
        return _no_items(subagent, fan_out, _told(problems))
    return tuple(
        replaced(subagent, id=name, foreach=None, of=subagent.id, item=Item(str(key), item))
        for name, key, item in zip(named, keys, items, strict=True)
    )


def _told(problems: list[str]) -> str:
    more = len(problems) - _TOLD
    return "; ".join([*problems[:_TOLD], *([f"and {more:,} more"] if more > 0 else [])])


def _no_items(subagent: Subagent, fan_out: FanOut, why: str) -> NoItems:
    written = f"{fan_out.origin}: " if fan_out.origin else ""
    return NoItems(f"{written}{subagent.id}: {why}")


def _key(item: Json, member: str | None) -> str | None:
    """Give the key of an item as a text, None if it has none."""
    value = item if member is None else item.get(member) if isinstance(item, dict) else None
    if isinstance(value, str):
        return value
    return key_text(value) if is_number(value) else None


def _problems(fan_out: FanOut, keys: list[str | None]) -> Iterator[str]:
    where = path_text(fan_out.path)
    for index, key in enumerate(keys):
        if key is None:
            what = "is no text or number; say key:" if fan_out.key is None else f"has no text or number {fan_out.key!r}"
            yield f"{where}[{index}] {what}"
        elif "\0" in key:
            yield f"the key of {where}[{index}] holds a NUL, which no program can be given"
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key is not None and first.setdefault(key, index) != index:
            yield f"{where}[{first[key]}] and [{index}] have the same key {quoted(key)}"


def _twins(where: str, named: list[str], taken: Collection[str]) -> Iterator[str]:
    """Find ids that are one, though their keys differ: a key may look like another's digest."""
    others = {other.lower() for other in taken}
    first: dict[str, int] = {}
    for index, made in enumerate(named):
        if made.lower() in others:
            yield f"{where}[{index}] would have the id {made}, which another subagent has; change its key"
        if first.setdefault(made.lower(), index) != index:
            earlier = first[made.lower()]
            yield f"{where}[{earlier}] and [{index}] would have the same id {made}; change the key of one"


def _ids(prefix: str, keys: list[str], taken: Collection[str]) -> list[str]:
    """Name each key: as it is where it can stand in an id and nobody else has it, else with a digest of it."""
    plain = [f"{prefix}-{key}" for key in keys]
    seen = Counter(name.lower() for name in (*plain, *taken))
    return [
        name if not id_fault(name) and seen[name.lower()] == 1 else _digested(prefix, key)
        for name, key in zip(plain, keys, strict=True)
    ]


def _digested(prefix: str, key: str) -> str:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    stem = _DOTS.sub(".", _FOREIGN.sub("-", key)).strip(".-")
    room = LONGEST_ID - len(digest) - 1
    return f"{f'{prefix}-{stem}'[:room].rstrip('.-')}-{digest}"
