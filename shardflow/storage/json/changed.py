"""What a shard changed inside of one branch of the base, put together while the shard's bytes are compared."""

from __future__ import annotations

from typing import Any

from shardflow.model.changes import Edit, Into, Put
from shardflow.model.diff import diff
from shardflow.model.values import Json, same
from shardflow.storage.json.layout import Branch


class Unaligned(Exception):
    """The shard's bytes do not line up with the base's: it must be read whole."""


class Changed:
    """A branch and what a shard has at some of its places, and behind the last.

    It stands at `place` of another, in the base's text from `first` to `last` and in the shard's from `start` on.
    `touched` is the place that was replaced last, if any was: its text is the shard's, not the base's. Objects outside
    of every list are told by edits, all else by values, as a list changes as a whole and keeps the order of keys that
    the shard gave to its items.
    """

    __slots__ = ("_added", "_parts", "_whole", "branch", "first", "last", "place", "start", "touched")

    def __init__(self, branch: Branch, place: int, first: int, last: int, start: int, within: Changed | None) -> None:
        self.branch = branch
        self.place = place
        self.first = first
        self.last = last
        self.start = start
        self.touched: int | None = None
        self._whole: bool = not branch.names or (within is not None and within._whole)
        self._parts: dict[int, Any] = {}
        self._added: Any = None

    @property
    def is_extended(self) -> bool:
        """Whether something was added behind the last place."""
        return self._added is not None

    def replace(self, place: int, value: Json) -> None:
        """Say what the shard has at a place, in place of all that was said of it before."""
        self.touched = place
        if self._whole:
            self._parts[place] = value
            return
        edit = diff(self.branch.items[place], value)
        if edit is not None:
            self._parts[place] = edit
        else:
            self._parts.pop(place, None)

    def replace_member(self, place: int, name: str, value: Json) -> None:
        """Say what the shard has in one member of the object at a place, of which nothing was said before."""
        self.touched = place
        before: Any = self.branch.items[place]
        if self._whole:
            self._parts[place] = {**before, name: value}
        elif not same(before[name], value):
            self._parts[place] = Into({name: Put(value)})

    def extend(self, added: dict[str, Json] | list[Json]) -> None:
        """Say what stands behind the last place. Raises Unaligned where it is no such thing."""
        within = self.branch.value
        fits = within.keys().isdisjoint(added) if isinstance(within, dict) else True
        if not added or not fits:
            raise Unaligned
        self._added = added

    def close(self, within: Changed) -> None:
        """Tell the branch around this one what came of it."""
        if self._whole:
            within.replace(self.place, self._value())
        elif (edit := self.edit()) is not None:
            within._parts[self.place] = edit

    def edit(self) -> Edit | None:
        """Give the edit of an object outside of every list."""
        names = self.branch.names
        members: dict[str, Edit] = {names[place]: edit for place, edit in self._parts.items()}
        if self._added is not None:
            members.update((name, Put(value)) for name, value in self._added.items())
        return Into(members) if members else None

    def _value(self) -> Json:
        """Give what the shard has here, sharing with the base what it did not touch."""
        items = list(self.branch.items)
        for place, value in self._parts.items():
            items[place] = value
        if not self.branch.names:
            return items + (self._added or [])
        return {**dict(zip(self.branch.names, items, strict=True)), **(self._added or {})}
