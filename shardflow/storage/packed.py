"""Edits as bytes: what hundreds of shards changed stays in memory until the merge, and as objects takes six times more.

Law: `packed(edit)` is the same edit, member by member and in the same order. A member is made an object again
whenever it is asked for, and not kept.
"""

from __future__ import annotations

import marshal
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final, TypeAlias

from shardflow.model.changes import Drop, Edit, Into, Put
from shardflow.model.values import Json

_MANY: Final = 16
"""Changed members of one object from which on packing them saves more than it costs."""

_HASH: Final = (1 << 32) - 1

_Plain: TypeAlias = "tuple[Json] | dict[str, _Plain] | None"
"""An edit without records: a value put here, members changed, nothing left."""


def packed(edit: Edit | None) -> Edit | None:
    """Pack the members of every object that has many changed ones. Cost: linear in the edit.

    What marshal does not know (a Decimal) stays as it is.
    """
    if not isinstance(edit, Into):
        return edit
    if len(edit.members) >= _MANY:
        try:
            return Into(PackedMembers(edit.members))
        except ValueError:
            pass
    return Into({name: packed(inner) or inner for name, inner in edit.members.items()})


class PackedMembers(Mapping[str, "Edit"]):
    """Changed members, each as bytes. Looking for one costs the logarithm of their number."""

    __slots__ = ("_data", "_ends", "_hashes", "_names", "_places")

    def __init__(self, members: Mapping[str, Edit]) -> None:
        pieces: list[bytes] = [marshal.dumps(_plain(edit)) for edit in members.values()]  # type: ignore[arg-type]
        by_hash = sorted((hash(name) & _HASH, place) for place, name in enumerate(members))
        self._names = tuple(members)
        self._hashes = array("I", [hashed for hashed, _ in by_hash])
        self._places = array("I", [place for _, place in by_hash])
        self._ends = array("I", list(accumulate(map(len, pieces), initial=0)))
        self._data = b"".join(pieces)

    def __len__(self) -> int:
        """Count the members."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Give the names, in the order the shard changed them."""
        return iter(self._names)

    def __getitem__(self, name: str) -> Edit:
        """Give what was changed in a member. Raises KeyError."""
        hashed = hash(name) & _HASH
        found = bisect_left(self._hashes, hashed)
        while found < len(self._hashes) and self._hashes[found] == hashed:
            place = self._places[found]
            if self._names[place] == name:
                return _edit(marshal.loads(self._data[self._ends[place] : self._ends[place + 1]]))
            found += 1
        raise KeyError(name)


def _plain(edit: Edit) -> _Plain:
    match edit:
        case Put(value):
            return (value,)
        case Into(members):
            return {name: _plain(inner) for name, inner in members.items()}
        case Drop():
            return None


def _edit(plain: _Plain) -> Edit:
    if isinstance(plain, tuple):
        return Put(plain[0])
    if plain is None:
        return Drop()
    return Into({n: Put(inner[0]) if isinstance(inner, tuple) else _edit(inner) for n, inner in plain.items()})
