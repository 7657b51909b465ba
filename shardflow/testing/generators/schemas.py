"""The shape that a JSON Schema describes (draft 2020-12): what validates is drawn, edits may break it as subagents do.

A keyword that narrows values and is not known here is refused rather than ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.model.paths import Path, path_text
from shardflow.model.values import Json, is_number
from shardflow.testing.generators.shapes import ANY, MOST_ITEMS, Items, Leaf, Shape, joined, members

_Schema: TypeAlias = Mapping[str, Json]

_SILENT: Final = frozenset({"$schema", "$id", "$defs", "definitions", "$comment", "format", "additionalProperties"})
_NOTES: Final = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"})
"""Keywords that change nothing drawn: annotations, and `additionalProperties`, since no additional ones are drawn."""
_NARROWING: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"})
_LENGTHS: Final = frozenset({"minItems", "maxItems", "uniqueItems", "minLength", "maxLength"})
_STRUCTURE: Final = frozenset({"type", "properties", "required", "items", "enum", "const", "$ref"})
_COMBINED: Final = frozenset({"anyOf", "oneOf", "allOf"})
_KNOWN: Final = _SILENT | _NOTES | _NARROWING | _LENGTHS | _STRUCTURE | _COMBINED
_DEEPEST: Final = 6
"""How often a schema is followed into itself; a recursive one ends in lists and objects without such members."""


def schema_shape(schema: Json) -> Shape:
    """Give the shape. Raises ValueError with the path of what is no schema, or of a keyword that is not known here."""
    return _Reader(schema).shape(schema, (), 0)


class _Reader:
    def __init__(self, root: Json) -> None:
        self._root = root

    def shape(self, schema: Json, path: Path, depth: int) -> Shape:
        """Give the shape of a part; `path` is where it stands."""
        if schema is True:
            return ANY
        if not isinstance(schema, dict):
            raise ValueError(f"expected a JSON Schema at {path_text(path)}")
        for keyword in schema:
            if keyword not in _KNOWN:
                raise ValueError(f"the keyword {keyword!r} at {path_text(path)} is not known here: leave it out")
        match schema:
            case {"$ref": str(place)}:
                return self._referred(place, path, depth)
            case {"const": value}:
                return Leaf(st.just(value))
            case {"enum": [*values]} if values:
                return Leaf(st.sampled_from(values))
            case {"allOf": [first, *others]}:
                return self._all([first, *others], schema, path, depth)
            case {"anyOf": [first, *others]} | {"oneOf": [first, *others]}:
                return self._any([first, *others], path, depth)
            case _:
                return self._typed(schema, path, depth)

    def _referred(self, place: str, path: Path, depth: int) -> Shape:
        found: Json = self._root
        for name in place.removeprefix("#").split("/")[1:]:
            found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not place.startswith("#") or not isinstance(found, dict | bool):
            raise ValueError(f"the reference {place!r} at {path_text(path)} leads nowhere in this schema")
        return self.shape(found, path, depth + 1)

    def _all(self, parts: list[Json], schema: _Schema, path: Path, depth: int) -> Shape:
        shape = self.shape({name: value for name, value in schema.items() if name != "allOf"}, path, depth)
        for place, part in enumerate(parts):
            other = self.shape(part, (*path, "allOf", place), depth)
            shape = other if shape is ANY else joined(shape, other)
        return shape

    def _any(self, parts: list[Json], path: Path, depth: int) -> Shape:
        shapes = [self.shape(part, (*path, "anyOf", place), depth) for place, part in enumerate(parts)]
        return Leaf(st.one_of([shape.values for shape in shapes]))

    def _typed(self, schema: _Schema, path: Path, depth: int) -> Shape:
        kinds = schema.get("type") or _implied(schema)
        if kinds is None:
            return ANY
        several = kinds if isinstance(kinds, list) else [kinds]
        shapes = [self._of_kind(str(kind), schema, path, depth) for kind in several]
        return shapes[0] if len(shapes) == 1 else Leaf(st.one_of([shape.values for shape in shapes]))

    def _of_kind(self, kind: str, schema: _Schema, path: Path, depth: int) -> Shape:
        match kind:
            case "object":
                return self._object(schema, path, depth)
            case "array":
                return self._list(schema, path, depth)
            case "integer" | "number":
                return Leaf(_numbers(schema, whole=kind == "integer"))
            case "string":
                return Leaf(_texts(schema))
            case "boolean":
                return Leaf(st.booleans())
            case "null":
                return Leaf(st.none())
            case _:
                raise ValueError(f"{kind!r} at {path_text(path)} is no type of JSON Schema")

    def _object(self, schema: _Schema, path: Path, depth: int) -> Shape:
        given = schema.get("properties")
        inner = given if isinstance(given, dict) and depth < _DEEPEST else {}
        needed = schema.get("required")
        shapes = {name: self.shape(part, (*path, "properties", name), depth + 1) for name, part in inner.items()}
        always = {name: shape for name, shape in shapes.items() if isinstance(needed, list) and name in needed}
        return members(always, {name: shape for name, shape in shapes.items() if name not in always})

    def _list(self, schema: _Schema, path: Path, depth: int) -> Shape:
        item = self.shape(schema.get("items", True), (*path, "items"), depth + 1)
        least = _count(schema, "minItems", 0)
        most = min(_count(schema, "maxItems", MOST_ITEMS), max(MOST_ITEMS, least))
        unique = repr if schema.get("uniqueItems") else None
        values = st.lists(item.values, min_size=least, max_size=most if depth < _DEEPEST else least, unique_by=unique)
        return Items(values, item, ())


def _implied(schema: _Schema) -> Json:
    """Give the kind of value that a schema without a type speaks of."""
    told = {"properties": "object", "required": "object", "items": "array", "minimum": "number", "maximum": "number"}
    told |= {"pattern": "string", "minLength": "string", "maxLength": "string"}
    return next((kind for keyword, kind in told.items() if keyword in schema), None)


def _count(schema: _Schema, keyword: str, default: int) -> int:
    value = schema.get(keyword)
    return value if isinstance(value, int) else default


def _numbers(schema: _Schema, *, whole: bool) -> st.SearchStrategy[Json]:
    """Draw whole numbers within the bounds, and decimals too unless they must be whole."""
    low = _bound(schema, "minimum", "exclusiveMinimum", 1)
    high = _bound(schema, "maximum", "exclusiveMaximum", -1)
    step = schema.get("multipleOf", 1)
    step = step if isinstance(step, int) and step > 0 else 1
    bottom, top = (None if low is None else -(-low // step)), (None if high is None else high // step)
    counted: st.SearchStrategy[Json] = st.integers(bottom, top).map(lambda count: count * step)
    return counted if whole or step > 1 else counted | st.floats(low, high, allow_nan=False, allow_infinity=False)


def _bound(schema: _Schema, inclusive: str, exclusive: str, inward: int) -> int | None:
    """Give the outermost whole number within a bound."""
    bound = schema.get(exclusive, schema.get(inclusive))
    if not is_number(bound):
        return None
    nearest = ceil(bound) if inward > 0 else floor(bound)
    return nearest + inward if exclusive in schema and nearest == bound else nearest


def _texts(schema: _Schema) -> st.SearchStrategy[Json]:
    least, most = _count(schema, "minLength", 0), _count(schema, "maxLength", 8)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return st.from_regex(pattern).filter(lambda text: least <= len(text) <= max(most, 100))
    return st.text(min_size=least, max_size=max(least, most))
