"""Shapes: what may stand at a place of a context, so that values can be drawn for it and edits fit it.

Where a shape comes from is the business of others: an example document, a JSON Schema, the paths of a rule set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import Json, Value, frozen
from shardflow.testing.generators.values import json_values, names, scalars, weighted

MOST_ITEMS: Final = 4
"""The longest list drawn: more items find nothing that four do not."""


@record
class Leaf:
    """Any of these values, settled as a whole."""

    values: st.SearchStrategy[Json]


@record
class Members:
    """An object: the shape of each member that has one. `values` draws whole objects."""

    values: st.SearchStrategy[Json]
    shapes: Mapping[str, Shape]


@record
class Items:
    """A list of items of one shape, told apart by `keys` if there are any. `values` draws whole lists."""

    values: st.SearchStrategy[Json]
    item: Shape
    keys: tuple[str, ...]


Shape: TypeAlias = Leaf | Members | Items

ANY: Final = Leaf(weighted(scalars(), scalars(), json_values()))
"""Any JSON value, mostly a scalar, since most that careless code confuses are."""


def members(
    always: Mapping[str, Shape], sometimes: Mapping[str, Shape], more: st.SearchStrategy[Json] | None = None
) -> Members:
    """Make the shape of an object: members it always has, some it may have, rarely one with a value drawn by `more`."""
    return Members(_objects(always, sometimes, more), {**always, **sometimes})


@st.composite
def _objects(
    draw: st.DrawFn, always: Mapping[str, Shape], sometimes: Mapping[str, Shape], more: st.SearchStrategy[Json] | None
) -> Json:
    """Draw few members of many, so that few rules at a time have much to decide."""
    drawn = {name: draw(shape.values) for name, shape in always.items()}
    if sometimes:
        drawn |= draw(st.lists(_member(sometimes), max_size=_FEW).map(dict))
    if more is not None and draw(places_up_to(_FEW)) == _FEW - 1:
        drawn.setdefault(draw(names()), draw(more))
    return drawn


_FEW: Final = 4
"""How many of the members that an object may have are drawn together, some of them twice."""


@st.composite
def _member(draw: st.DrawFn, shapes: Mapping[str, Shape]) -> tuple[str, Json]:
    """Draw a member whatever others were drawn, so that any of them can be left out."""
    name = draw(st.sampled_from(list(shapes)))
    return name, draw(shapes[name].values)


def items(item: Shape, keys: Sequence[str] = ()) -> Items:
    """Make the shape of a list; with keys, all items have these, and no two items of one list the same."""
    if keys and isinstance(item, Members):
        always = {name: item.shapes[name] for name in keys if name in item.shapes}
        item = members(always, {name: shape for name, shape in item.shapes.items() if name not in always})
    told_apart = (lambda value: tuple(frozen(field_of(value, key)) for key in keys)) if keys else None
    return Items(st.lists(item.values, max_size=MOST_ITEMS, unique_by=told_apart), item, tuple(keys))


def field_of(item: Value, name: str) -> Json:
    """Give a field of an object, null where there is none."""
    return item.get(name) if isinstance(item, dict) else None


def shape_at(shape: Shape, path: Path) -> Shape:
    """Give the shape at a path; all items of a list have one, whatever the path names there."""
    for name in path:
        match shape:
            case Members(_, shapes):
                shape = shapes.get(str(name), ANY)
            case Items(_, item, _):
                shape = item
            case Leaf():
                shape = ANY
    return shape


def joined(one: Shape, other: Shape) -> Shape:
    """Give a shape for what either may be: objects have the members of both; elsewhere values of both occur, the first
    more often.

    Of two lists the keys of the second count.
    """
    match one, other:
        case Members(), Members():
            shapes = dict(one.shapes)
            for name, shape in other.shapes.items():
                shapes[name] = joined(shapes[name], shape) if name in shapes else shape
            return members({}, shapes)
        case Items(), Items():
            return items(joined(one.item, other.item), other.keys or one.keys)
        case Leaf(), (Members() | Items()):
            return other
        case ((Members() | Items()), Leaf()):
            return one
        case _:
            return Leaf(weighted(one.values, one.values, other.values))


@lru_cache(maxsize=64)
def places_up_to(count: int) -> st.SearchStrategy[int]:
    """Draw an index of `count` things, the first being the simplest."""
    return st.integers(0, count - 1)
