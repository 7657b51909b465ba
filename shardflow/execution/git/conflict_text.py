"""A document with conflicts as text: what is settled once, each conflict in the markers git users know (diff3 style).

    {
      "name": "a",
    <<<<<<< ours
      "version": 2,
    ||||||| base
      "version": 1,
    =======
      "version": 3,
    >>>>>>> theirs
      "private": true
    }

Laws: taking one side of every hunk, a side of its own for each if one likes, gives strict JSON; taking the same side
everywhere gives that side's document. A hunk holds one conflict and nothing else, with two exceptions: where whether
a comma stands depends on the choice, the neighbours whose comma it is are inside; and a list whose length depends on
the choice is one hunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from shardflow.model.paths import Member, Path, Segment, key_of
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.storage.json.canonical import canonical_bytes

Sides: TypeAlias = tuple[Value, Value, Value]
"""What stands at one place in the documents of ours, base and theirs."""

_OURS: Final = "<<<<<<< ours"
_BASE: Final = "||||||| base"
_THEIRS: Final = "======="
_END: Final = ">>>>>>> theirs"


def conflict_text(sides: Sides, conflicts: Iterable[Path]) -> bytes:
    """Write three documents that differ only at the paths of conflicts as one text, settled lines canonical."""
    lines = _lines(_Place("", sides, tuple(conflicts), 0), "")
    return "".join(f"{line}\n" for line in lines).encode()


def base_side(data: bytes) -> bytes:
    """Take the base side of every hunk in a text that `conflict_text` wrote; any other text stays as it is.

    Where two branches have several common ancestors, git merges these first and hands the result, markers and all,
    over as the base of the real merge.
    """
    if _OURS.encode() not in data:
        return data
    kept: list[bytes] = []
    side = _END
    for line in data.split(b"\n"):
        marker = line.rstrip(b"\r").decode("ascii", "replace")
        if marker in _AFTER[side]:
            side = marker
        elif side in (_END, _BASE):
            kept.append(line)
    return b"\n".join(kept) if side == _END else data


_AFTER: Final = {_END: (_OURS,), _OURS: (_BASE,), _BASE: (_THEIRS,), _THEIRS: (_END,)}
"""Which marker may come next."""


@record
class _Place:
    """One place of the documents. `label` is the key as it stands before the value; `conflicts` are the paths of
    conflicts from here on, the empty one for a conflict at this very place.
    """

    label: str
    sides: Sides
    conflicts: tuple[Path, ...]
    depth: int

    @property
    def everywhere(self) -> bool:
        """Whether a value stands here whichever side is chosen."""
        return ABSENT not in self.sides


def _lines(place: _Place, comma: str) -> Iterator[str]:
    ours, base, theirs = place.sides
    if place.everywhere and same(ours, base) and same(base, theirs):
        yield from _value_lines(place, base, comma)
    elif inner := _inner(place):
        opening, closing = "{}" if isinstance(base, dict) else "[]"
        margin = "  " * place.depth
        yield f"{margin}{place.label}{opening}"
        yield from _inner_lines(inner)
        yield f"{margin}{closing}{comma}"
    else:
        yield from _hunk([place], comma)


def _value_lines(place: _Place, value: Value, comma: str) -> Iterator[str]:
    if value is ABSENT:
        return
    margin = "  " * place.depth
    first, *rest = canonical_bytes(value).decode().removesuffix("\n").split("\n")
    *lines, last = [f"{margin}{place.label}{first}", *(margin + line for line in rest)]
    yield from lines
    yield last + comma


def _hunk(places: Sequence[_Place], comma: str) -> Iterator[str]:
    """Write neighbours as one choice; the comma is the one behind whichever is last."""
    for side, marker in enumerate((_OURS, _BASE, _THEIRS)):
        yield marker
        *before, last = [place for place in places if place.sides[side] is not ABSENT] or [places[-1]]
        for place in before:
            yield from _value_lines(place, place.sides[side], ",")
        yield from _value_lines(last, last.sides[side], comma)
    yield _END


def _inner_lines(inner: Sequence[_Place]) -> Iterator[str]:
    split = _last_hunk_start(inner)
    for index, place in enumerate(inner[:split]):
        yield from _lines(place, "," if index + 1 < len(inner) else "")
    if split < len(inner):
        yield from _hunk(inner[split:], "")


def _last_hunk_start(inner: Sequence[_Place]) -> int:
    """Tell where the end begins that must be one hunk, because which of it is last depends on the choice."""
    anchor = max(index for index, place in enumerate(inner) if place.everywhere)
    rest = inner[anchor + 1 :]
    ends_with_one = all(any(place.sides[side] is not ABSENT for place in rest) for side in range(3))
    return anchor if rest and not ends_with_one else anchor + 1


def _inner(place: _Place) -> list[_Place]:
    """Give the places inside this one; none where it is to be chosen whole."""
    if () in place.conflicts:
        return []
    below = _Below(place.conflicts)
    match place.sides:
        case (dict() as ours, dict() as base, dict() as theirs):
            inner = [_member(place, below, name, (ours, base, theirs)) for name in _names(ours, base, theirs)]
        case (list() as ours, list() as base, list() as theirs) if len(ours) == len(base) == len(theirs):
            items = enumerate(zip(ours, base, theirs, strict=True))
            inner = [_Place("", sides, below.item(index, sides), place.depth + 1) for index, sides in items]
        case _:
            inner = []
    return inner if any(one.everywhere for one in inner) else []


def _names(ours: dict[str, Json], base: dict[str, Json], theirs: dict[str, Json]) -> list[str]:
    """Give all names; each side's own order is kept, for all three hold parts of one order."""
    return _united(_united(list(base), list(ours)), list(theirs))


def _united(one: list[str], other: list[str]) -> list[str]:
    """Unite two lists that never disagree on the order of what both hold."""
    shared = set(one) & set(other)
    rest = iter(one)
    united: list[str] = []
    for name in other:
        if name in shared:
            for before in rest:
                united.append(before)
                if before == name:
                    break
        else:
            united.append(name)
    return [*united, *rest]


def _member(
    place: _Place, below: _Below, name: str, sides: tuple[dict[str, Json], dict[str, Json], dict[str, Json]]
) -> _Place:
    ours, base, theirs = (side.get(name, ABSENT) for side in sides)
    label = canonical_bytes(name).decode().replace("\n", ": ")
    return _Place(label, (ours, base, theirs), below.at([name]), place.depth + 1)


class _Below:
    """The conflicts of a place by their first segment, so that each is looked at once, not once a member or item."""

    def __init__(self, conflicts: Sequence[Path]) -> None:
        self._rest: dict[Segment, list[Path]] = {}
        for first, *rest in conflicts:
            self._rest.setdefault(first, []).append(tuple(rest))
        keys = [segment for segment in self._rest if isinstance(segment, Member)]
        self._by_fields = {key.fields: key for key in keys}
        self._names = {tuple(name for name, _ in fields) for fields in self._by_fields}
        self._assuming = [key for key in keys if key.assumed]

    def at(self, segments: Iterable[Segment]) -> tuple[Path, ...]:
        """Give what is left of the paths that begin with one of these segments."""
        return tuple(path for segment in segments for path in self._rest.get(segment, ()))

    def item(self, index: int, sides: Sides) -> tuple[Path, ...]:
        """Give what is left of the paths of an item, by its index or by the key it has on one of the sides."""
        return self.at([index, *dict.fromkeys(key for side in sides for key in self._keys(side))])

    def _keys(self, item: Value) -> Iterator[Member]:
        if item is not ABSENT:
            found = (key_of(item, names) for names in self._names)
            yield from (self._by_fields[fields] for fields in found if fields in self._by_fields)
            yield from (key for key in self._assuming if key.is_here(item))
