"""Edits: what a subagent may do to one place of its copy of the base.

Set, delete, count up and down, append, put in front, remove, reorder, change an item, change the type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from hypothesis import strategies as st

from shardflow.model.numbers import is_too_long
from shardflow.model.paths import Path
from shardflow.model.values import ABSENT, Json, Value, is_number
from shardflow.testing.generators.shapes import ANY, Items, Members, Shape, field_of, places_up_to
from shardflow.testing.generators.values import NAMES, json_values, lookalikes

T = TypeVar("T")

_ONE_IN: Final = 8
"""How rarely an edit leaves what does not belong there: a value of any type."""

_ODD: Final = json_values(4)
_STEPS: Final = st.integers(-2, 2)


def pick(draw: st.DrawFn, things: Sequence[T]) -> T:
    """Draw one of some things; shrinks to the first. Cheaper than `sampled_from` where things are made on the way."""
    return things[draw(places_up_to(len(things)))] if len(things) > 1 else things[0]


def changed(draw: st.DrawFn, value: Value, shape: Shape) -> Json:
    """Draw what a subagent may leave where a value stands, or nothing; never an object's removal of itself. What
    careless equality takes for the value comes before anything else.
    """
    if draw(places_up_to(_ONE_IN)) == _ONE_IN - 1:
        return draw(_ODD)
    if isinstance(value, dict):
        return pick(draw, _OBJECT_EDITS)(draw, value, shape)
    if isinstance(value, list):
        edits = _KEYED_EDITS if isinstance(shape, Items) and shape.keys else _LIST_EDITS
        return pick(draw, edits)(draw, value, shape)
    alike = [] if value is ABSENT else lookalikes(value)
    if alike and draw(places_up_to(3)) > 0:
        return pick(draw, alike)
    if is_number(value) and not isinstance(value, float | Decimal) and draw(st.booleans()):
        return nearby(value, draw(_STEPS))
    return draw(shape.values)


def nearby(value: int, step: int) -> int:
    """Count up or down; stay where a number would get longer than a document may hold."""
    return value if is_too_long(value + step) else value + step


def _inside(draw: st.DrawFn, value: dict[str, Json], shape: Shape) -> Json:
    if not value:
        return set_member(draw, value, shape)
    name = pick(draw, list(value))
    return {**value, name: changed(draw, value[name], _member_shape(shape, name))}


def set_member(draw: st.DrawFn, value: dict[str, Json], shape: Shape) -> Json:
    """Set a member, old or new."""
    name = pick(draw, known_names(shape))
    return {**value, name: draw(_member_shape(shape, name).values)}


def _delete(draw: st.DrawFn, value: dict[str, Json], _: Shape) -> Json:
    gone = pick(draw, list(value)) if value else None
    return {name: item for name, item in value.items() if name != gone}


def known_names(shape: Shape) -> list[str]:
    """Give the names a member may get: those of the shape, and for good measure some that nobody expects."""
    own = list(shape.shapes) if isinstance(shape, Members) else []
    return [*own * 4, *NAMES[: 2 if own else None]]


def _member_shape(shape: Shape, name: str) -> Shape:
    return shape.shapes.get(name, ANY) if isinstance(shape, Members) else ANY


def _item_shape(shape: Shape) -> Shape:
    return shape.item if isinstance(shape, Items) else ANY


def _append(draw: st.DrawFn, value: list[Json], shape: Shape) -> Json:
    return [*value, *_fresh(draw, value, shape)]


def _put_in_front(draw: st.DrawFn, value: list[Json], shape: Shape) -> Json:
    return [*_fresh(draw, value, shape), *value]


def _fresh(draw: st.DrawFn, value: list[Json], shape: Shape) -> list[Json]:
    """Draw an item, or nothing where a keyed list has an item of that key."""
    item = draw(_item_shape(shape).values)
    keys = shape.keys if isinstance(shape, Items) else ()
    taken = keys and any(all(field_of(item, key) == field_of(other, key) for key in keys) for other in value)
    return [] if taken else [item]


def _remove(draw: st.DrawFn, value: list[Json], _: Shape) -> Json:
    gone = draw(places_up_to(len(value))) if value else None
    return [item for place, item in enumerate(value) if place != gone]


def _reorder(draw: st.DrawFn, value: list[Json], _: Shape) -> Json:
    return draw(st.permutations(value))


def _edit_item(draw: st.DrawFn, value: list[Json], shape: Shape) -> Json:
    if not value:
        return _append(draw, value, shape)
    place = draw(places_up_to(len(value)))
    return [*value[:place], changed(draw, value[place], _item_shape(shape)), *value[place + 1 :]]


_ObjectEdit = Callable[[st.DrawFn, "dict[str, Json]", Shape], Json]
_ListEdit = Callable[[st.DrawFn, "list[Json]", Shape], Json]

_OBJECT_EDITS: Final[tuple[_ObjectEdit, ...]] = (set_member, _inside, _delete)
_LIST_EDITS: Final[tuple[_ListEdit, ...]] = (
    _append,
    _append,
    _edit_item,
    _remove,
    _put_in_front,
    _put_in_front,
    _reorder,
)
_KEYED_EDITS: Final[tuple[_ListEdit, ...]] = (_edit_item, _append, _edit_item, _append, _edit_item, _remove, _reorder)


def places(value: Json, shape: Shape, path: Path = ()) -> list[tuple[Path, Shape]]:
    """List where an edit may be made: every member of every object inside of objects, the shallow ones first."""
    found: list[tuple[Path, Shape]] = []
    level = [(path, value, shape)]
    while level:
        inner = [
            ((*here, name), item, _member_shape(shape, name))
            for here, value, shape in level
            if isinstance(value, dict)
            for name, item in value.items()
        ]
        found += [(here, shape) for here, _, shape in inner]
        level = inner
    return found


def with_value(document: dict[str, Json], path: Path, value: Value) -> dict[str, Json]:
    """Give an object with another value at a path of members, or none, replacing what is no object on the way."""
    name, *rest = map(str, path)
    inner = document.get(name)
    if rest:
        value = with_value(inner if isinstance(inner, dict) else {}, tuple(rest), value)
    if value is ABSENT:
        return {key: item for key, item in document.items() if key != name}
    return {**document, name: value}
