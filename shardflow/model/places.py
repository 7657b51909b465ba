"""Places: what stands at a path of a document."""

from __future__ import annotations

from typing import Final, TypeAlias

from shardflow.model.paths import Member, Path, Segment, key_of
from shardflow.model.values import ABSENT, Json, Value

_Names: TypeAlias = tuple[str, ...]
_OFTEN: Final = 8
"""A list in which members were looked for so often is likely to be asked for more."""


def value_at(document: Value, path: Path) -> Value:
    """Give what stands at a path, `ABSENT` where nothing does."""
    value = document
    for segment in path:
        match value, step_of(value, segment):
            case dict(members), str(name):
                value = members[name]
            case list(items), int(index):
                value = items[index]
            case _:
                return ABSENT
    return value


def step_of(value: Value, segment: Segment) -> str | int | None:
    """Give the member or the index a segment leads to, None where nothing stands."""
    match value, segment:
        case dict(), str() if segment in value:
            return segment
        case list(), int() if segment < len(value):
            return segment
        case list(), Member():
            return next((index for index, item in enumerate(value) if segment.is_here(item)), None)
        case _:
            return None


class ChangingPlaces:
    """`step_of` for a document that is changed in place, by someone who tells of each change.

    Law: `step_of` gives what the function does. A list that is asked for its members again and again is not looked
    through each time: where each stands is noted, and forgotten where a change may have made it wrong.
    """

    def __init__(self) -> None:
        self._lists: dict[int, tuple[list[Json], dict[_Names, _Members]]] = {}
        self._names: set[str] = set()

    def step_of(self, value: Value, segment: Segment) -> str | int | None:
        """Give the member or the index a segment leads to, None where nothing stands."""
        if not isinstance(value, list) or not isinstance(segment, Member) or segment.assumed:
            return step_of(value, segment)
        names = tuple(name for name, _ in segment.fields)
        _, members = self._lists.setdefault(id(value), (value, {}))  # which is kept, so no other gets its identity
        self._names.update(names)
        return members.setdefault(names, _Members(value, names)).step_of(segment)

    def appended(self, items: list[Json]) -> None:
        """Hear that a list has one more item behind the others."""
        for members in self._of(items).values():
            members.appended()

    def put(self, holder: Json, step: str | int, value: Value) -> None:
        """Hear that a value, ABSENT for none, is about to come in the place of a member or item."""
        if isinstance(holder, list) and isinstance(step, int):
            item = holder[step]
            if any(value is ABSENT or key_of(item, names) != key_of(value, names) for names in self._of(holder)):
                del self._lists[id(holder)]
        elif step in self._names:
            self._lists.clear()

    def _of(self, items: list[Json]) -> dict[_Names, _Members]:
        return self._lists[id(items)][1] if id(items) in self._lists else {}


class _Members:
    """Where the members of a list stand, the first of those with one key; noted once it was asked for often."""

    def __init__(self, items: list[Json], names: _Names) -> None:
        self._items = items
        self._names = names
        self._asked = 0
        self._places: dict[object, int] = {}

    def step_of(self, member: Member) -> int | None:
        self._asked += 1
        if self._asked < _OFTEN:
            found = step_of(self._items, member)
            return found if isinstance(found, int) else None
        if self._asked == _OFTEN:
            for place in range(len(self._items)):
                self._note(place)
        return self._places.get(member.fields)

    def appended(self) -> None:
        if self._asked >= _OFTEN:
            self._note(len(self._items) - 1)

    def _note(self, place: int) -> None:
        self._places.setdefault(key_of(self._items[place], self._names), place)
