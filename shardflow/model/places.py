"""Places: what stands at a path of a document."""

from __future__ import annotations

from shardflow.model.paths import Member, Path, Segment
from shardflow.model.values import ABSENT, Value


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
