"""Edits, changes and deltas: what one shard did to the base.

An edit is the tree form of what happened at one place and below it; a change is the flat form, one path with its
value before and after. Normal form, kept by everyone who builds edits: an `Into` is never empty and only ever
stands where an object was; a `Put` never restates what was there and never replaces an object by an object.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from shardflow.model.paths import ROOT, Path
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, same


@record
class Put:
    """This value stands here now."""

    value: Json


@record
class Drop:
    """Nothing stands here any more."""


@record
class Into:
    """The object stays an object; these members of it changed, new ones in the order the shard added them."""

    members: Mapping[str, Edit]


Edit: TypeAlias = Put | Drop | Into


class KeptMembers(Mapping[str, Edit]):
    """Changed members that are kept as something smaller than edits; an edit is made whenever it is asked for.

    Law: `members.at(place)` is the edit of the name that iterating gives at that place.
    """

    __slots__ = ()

    @abstractmethod
    def at(self, place: int) -> Edit:
        """Give what was changed in the member at a place, counted from 0."""


@record
class Change:
    """One path with its value before and after, strictly different; `ABSENT` where nothing stood or stands."""

    path: Path
    before: Value
    after: Value


@record
class Delta:
    """All that one shard changed of the base; `edit` is None for a shard that changed nothing.

    `rank` is the subagent's place in its group, the only order a merge ever uses. A shard may change all of the
    document but not remove it: raises ValueError. `edit` is what `diff` or `patch_edit` gives; raises TypeError for a
    document itself.
    """

    shard: str
    rank: int
    edit: Edit | None

    def __post_init__(self) -> None:
        match self.edit:
            case None | Put() | Into():
                return
            case Drop():
                raise ValueError(f"shard {self.shard} cannot remove the document itself")
            case _:
                raise TypeError(
                    f"edit of shard {self.shard} must be what diff or patch_edit gives, not {type(self.edit).__name__}"
                )


def apply(edit: Edit | None, before: Value) -> Value:
    """Give the value after an edit. Shares every untouched part with `before`. Cost: linear in the edit's objects."""
    match edit:
        case None:
            return before
        case Put(value):
            return value
        case Drop():
            return ABSENT
        case Into(members):
            return _with_members(members, before)


def _with_members(members: Mapping[str, Edit], before: Value) -> Json:
    if not isinstance(before, dict):
        raise ValueError("an Into edit stands only where an object was")
    after = dict(before)
    for name, edit in members.items():
        value = apply(edit, before.get(name, ABSENT))
        if value is ABSENT:
            after.pop(name, None)
        else:
            after[name] = value
    return after


def changes(edit: Edit | None, before: Value, path: Path = ROOT) -> Iterator[Change]:
    """List the changes of an edit in its own order, each at the deepest object member that holds all of it."""
    match edit:
        case None:
            return
        case Into(members) if isinstance(before, dict):
            for name, inner in members.items():
                yield from changes(inner, before.get(name, ABSENT), (*path, name))
        case _:
            yield Change(path, before, apply(edit, before))


def same_edit(left: Edit | None, right: Edit | None) -> bool:
    """Tell whether two edits of one base are strictly the same."""
    match left, right:
        case Put(a), Put(b):
            return same(a, b)
        case Into(a), Into(b):
            return a.keys() == b.keys() and all(same_edit(edit, b[name]) for name, edit in a.items())
        case _:
            return type(left) is type(right)
