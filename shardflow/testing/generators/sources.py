"""Where the shape of contexts comes from: anything, an example document, a JSON Schema, the paths of a rule set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.merge.rules import RuleSet
from shardflow.model.records import record
from shardflow.model.values import Json, frozen
from shardflow.testing.generators.aim import aimed_shape
from shardflow.testing.generators.edits import nearby
from shardflow.testing.generators.schemas import schema_shape
from shardflow.testing.generators.shapes import ANY, Leaf, Members, Shape, items, joined, members
from shardflow.testing.generators.values import alike, objects, scalars, weighted


@record
class Like:
    """Contexts like this one: its members, the kinds of their values, values near those it has."""

    document: dict[str, Json]


@record
class Schema:
    """Contexts that a JSON Schema describes."""

    schema: dict[str, Json]


Source: TypeAlias = "Like | Schema | RuleSet | Sequence[Source] | None"
"""What contexts are drawn from; of several sources, contexts have the members of all."""

_VALUES: Final = weighted(alike(), ANY.values, ANY.values)
_FEW: Final = objects(_VALUES, most=4)
_SEVERAL: Final = objects(_VALUES, least=2, most=5)
_FREE: Final = Members(weighted(_FEW, _SEVERAL, _SEVERAL), {})


def context_shape(source: Source) -> Shape:
    """Give the shape of contexts. Raises TypeError for what is no source, ValueError for one of what is no object."""
    match source:
        case None:
            return _FREE
        case Like(document):
            if not isinstance(document, dict):
                raise ValueError(f"a context is an object, and Like has a {type(document).__name__}")
            return like(document)
        case Schema(schema):
            return _described(schema)
        case RuleSet():
            return aimed_shape(source) or _FREE
        case str() | dict():
            raise TypeError(f"a source of contexts is Like(...), Schema(...) or a RuleSet, not {type(source).__name__}")
        case _:
            shapes = [context_shape(one) for one in source]
            return _all(shapes) if shapes else _FREE


def _described(schema: dict[str, Json]) -> Shape:
    """Give the shape of the objects among what a schema describes."""
    shape = schema_shape(schema)
    kinds = schema.get("type", "object") if isinstance(schema, dict) else "object"
    if kinds != "object" and not (isinstance(kinds, list) and "object" in kinds):
        raise ValueError(f"a context is an object, and the schema is one of type {kinds!r} at $.type")
    if shape is ANY:
        return _FREE
    return Leaf(shape.values.filter(lambda value: isinstance(value, dict))) if isinstance(shape, Leaf) else shape


def _all(shapes: Sequence[Shape]) -> Shape:
    told = [shape for shape in shapes if shape is not _FREE] or [_FREE]
    shape = told[0]
    for other in told[1:]:
        shape = joined(shape, other)
    return shape


def like(value: Json) -> Shape:
    """Give the shape that an example suggests."""
    match value:
        case dict():
            return members({}, {name: like(item) for name, item in value.items()})
        case list():
            return _like_list(value)
        case bool():
            return Leaf(st.booleans())
        case int():
            return Leaf(st.just(value) | st.integers(-3, 3).map(partial(nearby, value)) | st.integers(-3, 9))
        case str():
            return Leaf(st.sampled_from(list(dict.fromkeys([value, value, "x"]))))
        case None:
            return Leaf(scalars())
        case _:
            return Leaf(st.just(value) | st.floats(-10, 10) | st.sampled_from([0.1, 0.2, 0.3]))


def _like_list(value: list[Json]) -> Shape:
    if not value:
        return items(Leaf(scalars()))
    shape = like(value[0])
    for item in value[1:]:
        shape = joined(shape, like(item))
    return items(shape, _keys(value))


def _keys(value: list[Json]) -> tuple[str, ...]:
    """Find the field that tells the items of a list apart: in all of them a scalar, and no two the same."""
    first = value[0]
    for name in first if isinstance(first, dict) and len(value) > 1 else ():
        found = [item[name] for item in value if isinstance(item, dict) and name in item]
        plain = not any(isinstance(key, dict | list | None) for key in found)
        if plain and len(found) == len(value) == len(set(map(frozen, found))):
            return (name,)
    return ()
