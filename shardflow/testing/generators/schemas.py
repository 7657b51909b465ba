"""The shape that a JSON Schema describes (draft 2020-12): what validates is drawn, edits may break it as subagents do.

A keyword that narrows values and is not known here is refused rather than ignored, and so is one that parts of an
`allOf`, or a schema and what it refers to, use differently. Of `oneOf` any alternative is drawn, as of `anyOf`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.model.paths import Path, path_text
from shardflow.model.values import Json
from shardflow.testing.generators.schema_scalars import count, length_bounds, numbers, texts
from shardflow.testing.generators.shapes import ANY, MOST_ITEMS, Items, Leaf, Shape, members

_Schema: TypeAlias = Mapping[str, Json]

_SILENT: Final = frozenset({"$schema", "$id", "$defs", "definitions", "$comment", "format", "additionalProperties"})
_NOTES: Final = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"})
"""Keywords that change nothing drawn: annotations, and `additionalProperties`, since no additional ones are drawn."""
_NUMERIC: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_TEXTUAL: Final = frozenset({"pattern", "minLength", "maxLength"})
_LISTED: Final = frozenset({"items", "minItems", "maxItems", "uniqueItems"})
_MEMBERS: Final = frozenset({"properties", "required"})
_STRUCTURE: Final = frozenset({"type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"})
_KNOWN: Final = _SILENT | _NOTES | _NUMERIC | _TEXTUAL | _LISTED | _MEMBERS | _STRUCTURE
_DEEPEST: Final = 6
"""How often a schema is followed into itself; a recursive one ends in objects and lists of no more than they need."""
_ENDLESS: Final = 4 * _DEEPEST
"""How deep only a schema comes that refers to itself for what it needs."""


class _Endless(ValueError):
    """A reference that leads back to itself without end."""


def schema_shape(schema: Json) -> Shape:
    """Give the shape. Raises ValueError with the path of what is no schema, of a keyword that is not known here, or of
    what nothing fits.
    """
    return _Reader(schema).shape(schema, (), 0)


class _Reader:
    def __init__(self, root: Json) -> None:
        self._root = root

    def shape(self, schema: Json, path: Path, depth: int) -> Shape:
        """Give the shape of a part; `path` is where it stands."""
        if schema is True:
            return ANY
        known = _checked(schema, path)
        match known:
            case {"$ref": str(place)}:
                return self.shape(self._resolved(known, place, path, depth), path, depth + 1)
            case {"allOf": [*parts]}:
                return self._all(_without(known, "allOf"), parts, path, depth)
            case {"anyOf": [_, *_] as parts}:
                return self._any(_without(known, "anyOf"), parts, (*path, "anyOf"), depth)
            case {"oneOf": [_, *_] as parts}:
                return self._any(_without(known, "oneOf"), parts, (*path, "oneOf"), depth)
            case {"const": value}:
                return Leaf(st.just(value))
            case {"enum": [*listed]} if values := [value for value in listed if _is_of(known.get("type"), value)]:
                return Leaf(st.sampled_from(values))
            case _:
                return self._typed(known, path, depth)

    def _resolved(self, schema: _Schema, place: str, path: Path, depth: int) -> Json:
        """Give what a reference means with what stands beside it."""
        found: Json = self._root
        for name in place.removeprefix("#").split("/")[1:]:
            found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not place.startswith("#") or not isinstance(found, dict | bool):
            raise ValueError(f"the reference {place!r} at {path_text(path)} leads nowhere in this schema")
        if depth >= _ENDLESS:
            raise _Endless(f"the reference {place!r} at {path_text(path)} leads back to itself without end")
        return _both(_without(schema, "$ref"), found, path)

    def _all(self, rest: Json, parts: list[Json], path: Path, depth: int) -> Shape:
        deepest = depth
        for number, part in enumerate(parts):
            inside: Path = (*path, "allOf", number)
            followed = depth
            while isinstance(part, dict) and isinstance(place := part.get("$ref"), str):
                part, followed = self._resolved(_checked(part, inside), place, inside, followed), followed + 1
            deepest = max(deepest, followed)
            rest = _both(rest, part if part is True else _checked(part, inside), inside)
        return self.shape(rest, path, deepest)

    def _any(self, rest: Json, parts: list[Json], path: Path, depth: int) -> Shape:
        shapes, endless = [], None
        for number, part in enumerate(parts):
            inside: Path = (*path, number)
            both = _both(rest, part if part is True else _checked(part, inside), inside)
            try:
                shapes.append(self.shape(both, inside, depth if depth < _DEEPEST else _ENDLESS))
            except _Endless as error:
                endless = error
        if endless is not None and not shapes:
            raise endless
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
                return Leaf(numbers(schema, path, whole=kind == "integer"))
            case "string":
                return Leaf(texts(schema, path))
            case "boolean":
                return Leaf(st.booleans())
            case "null":
                return Leaf(st.none())
            case _:
                raise ValueError(f"{kind!r} at {path_text(path)} is no type of JSON Schema")

    def _object(self, schema: _Schema, path: Path, depth: int) -> Shape:
        given, listed = schema.get("properties"), schema.get("required")
        needed = [str(name) for name in listed] if isinstance(listed, list) else []
        told = given.items() if isinstance(given, dict) else ()
        wanted = {name: part for name, part in told if part is not False and (depth < _DEEPEST or name in needed)}
        inner: dict[str, Json] = {**dict.fromkeys(needed, True), **wanted}
        shapes = {name: self.shape(part, (*path, "properties", name), depth + 1) for name, part in inner.items()}
        always = {name: shape for name, shape in shapes.items() if name in needed}
        return members(always, {name: shape for name, shape in shapes.items() if name not in always})

    def _list(self, schema: _Schema, path: Path, depth: int) -> Shape:
        part = schema.get("items", True)
        usual = max(MOST_ITEMS, count(schema, "minItems", 0))
        least, most = length_bounds(schema, ("minItems", "maxItems"), usual, path)
        if depth >= _DEEPEST or part is False:
            most = least
        item = ANY if part is False or not most else self.shape(part, (*path, "items"), depth + 1)
        unique = repr if schema.get("uniqueItems") else None
        return Items(st.lists(item.values, min_size=least, max_size=most, unique_by=unique), item, ())


def _is_of(kinds: Json, value: Json) -> bool:
    """Tell whether a value is of one of the kinds that a schema names, if it names some."""
    match value:
        case None | bool():
            own = {"null"} if value is None else {"boolean"}
        case dict() | list():
            own = {"object"} if isinstance(value, dict) else {"array"}
        case str():
            own = {"string"}
        case _:
            own = {"number", "integer"} if value == int(value) else {"number"}
    return kinds is None or bool(own & {str(kind) for kind in _listed(kinds)})


def _checked(schema: Json, path: Path) -> _Schema:
    """Give a schema all of whose keywords are known. Raises ValueError."""
    if not isinstance(schema, dict):
        raise ValueError(f"expected a JSON Schema at {path_text(path)}")
    for keyword in schema:
        if keyword not in _KNOWN:
            raise ValueError(f"the keyword {keyword!r} at {path_text(path)} is not known here: leave it out")
    return schema


def _without(schema: _Schema, keyword: str) -> dict[str, Json]:
    return {name: value for name, value in schema.items() if name != keyword}


def _both(one: Json, other: Json | _Schema, path: Path) -> Json:
    """Give a schema of what both describe. Raises ValueError for a keyword that they use differently."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one if other is True else dict(other) if isinstance(other, Mapping) else other
    both = {**one, **other}
    for keyword in (one.keys() & other.keys()) - _SILENT - _NOTES - {"allOf"}:
        match one[keyword], other[keyword]:
            case dict() as first, dict() as second if keyword == "properties":
                both[keyword] = reduce(_with_member, second.items(), dict(first))
            case list() as first, list() as second if keyword == "required":
                both[keyword] = [*first, *(name for name in second if name not in first)]
            case first, second:
                if first != second:
                    raise ValueError(f"two values of the keyword {keyword!r} meet at {path_text(path)}: leave one out")
    if "allOf" in one and "allOf" in other:
        both["allOf"] = [*_listed(one["allOf"]), *_listed(other["allOf"])]
    return both


def _with_member(members_so_far: dict[str, Json], member: tuple[str, Json]) -> dict[str, Json]:
    name, part = member
    twice = name in members_so_far and members_so_far[name] != part
    return {**members_so_far, name: {"allOf": [members_so_far[name], part]} if twice else part}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _implied(schema: _Schema) -> Json:
    """Give the kind of value that a schema without a type speaks of."""
    told = ((_MEMBERS, "object"), (_LISTED, "array"), (_NUMERIC, "number"), (_TEXTUAL, "string"))
    return next((kind for keywords, kind in told if keywords & schema.keys()), None)
