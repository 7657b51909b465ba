"""What differs between two documents, for people who compare them: smaller pieces than the changes a merge weighs.

A merge takes a list as one value unless a rule goes into it; whoever reads wants to know which item.
"""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.model.changes import Change
from shardflow.model.paths import ROOT, Path
from shardflow.model.values import ABSENT, Json, Value, same


def differences(before: Value, after: Value, path: Path = ROOT) -> Iterator[Change]:
    """List what differs, strictly: members first in the order of `before`, then the new ones.

    Law: nothing is listed exactly when the two are the same, and every difference is at a path of its own. Lists are
    compared without what they start and end with in common; what is left between is compared by position, so an item
    put in or taken out is one difference. An item's index counts in `after`, where it is absent in `before`.
    Cost: linear in the two values for each level they differ at.
    """
    match before, after:
        case (dict(), dict()):
            yield from _of_objects(before, after, path)
        case (list(), list()):
            yield from _of_lists(before, after, path)
        case _:
            if not same(before, after):
                yield Change(path, before, after)


def _of_objects(before: dict[str, Json], after: dict[str, Json], path: Path) -> Iterator[Change]:
    for name in before | after:
        yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), (*path, name))


def _of_lists(before: list[Json], after: list[Json], path: Path) -> Iterator[Change]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    left, right = (items[start : len(items) - end] for items in (before, after))
    for index in range(max(len(left), len(right))):
        one, other = (items[index] if index < len(items) else ABSENT for items in (left, right))
        yield from differences(one, other, (*path, start + index))


def _common(one: list[Json], other: list[Json]) -> int:
    """Count the items that two lists start with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if not same(a, b)), min(len(one), len(other)))
