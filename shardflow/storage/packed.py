"""Edits as bytes: what hundreds of shards changed stays in memory until the merge, and as objects takes six times more.

Law: `packed(edit)` is the same edit, member by member and in the same order. A member is made an object again
whenever it is asked for, and not kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import accumulate
from marshal import dumps, loads
from typing import Any, Final, TypeAlias

from shardflow.model.changes import Drop, Edit, Into, KeptMembers, Put

_MANY: Final = 16
"""Changed members of one object from which on packing them saves more than it costs."""

_Plain: TypeAlias = "tuple[Any, ...] | dict[str, _Plain] | None"
"""An edit without records: `(value,)` put, `(name, value)` put at a single member, members changed, nothing left."""


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


class PackedMembers(KeptMembers):
    """Changed members, each as bytes."""

    __slots__ = ("_data", "_ends", "_names", "_places")

    def __init__(self, members: Mapping[str, Edit]) -> None:
        pieces: list[bytes] = [dumps(_plain(edit)) for edit in members.values()]
        self._names = tuple(members)
        self._ends = array("I", list(accumulate(map(len, pieces), initial=0)))
        self._data = b"".join(pieces)
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        """Count the members."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Give the names, in the order the shard changed them."""
        return iter(self._names)

    def __getitem__(self, name: str) -> Edit:
        """Give what was changed in a member. Raises KeyError."""
        if self._places is None:  # a merge goes by place, and never needs them
            self._places = {name: place for place, name in enumerate(self._names)}
        return self.at(self._places[name])

    def at(self, place: int) -> Edit:
        """Give what was changed in the member at a place."""
        ends = self._ends
        plain: _Plain = loads(self._data[ends[place] : ends[place + 1]])
        if isinstance(plain, tuple) and len(plain) == 2:  # of most: saves a call
            return Into({plain[0]: Put(plain[1])})
        return _edit(plain)


def _plain(edit: Edit) -> _Plain:
    if isinstance(edit, Put):
        return (edit.value,)
    if isinstance(edit, Drop):
        return None
    if len(edit.members) == 1:
        [(name, inner)] = edit.members.items()
        if isinstance(inner, Put):
            return name, inner.value
    return {name: _plain(inner) for name, inner in edit.members.items()}


def _edit(plain: _Plain) -> Edit:
    if isinstance(plain, tuple):
        return Put(plain[0]) if len(plain) == 1 else Into({plain[0]: Put(plain[1])})
    if plain is None:
        return Drop()
    return Into({n: Put(p[0]) if isinstance(p, tuple) and len(p) == 1 else _edit(p) for n, p in plain.items()})
