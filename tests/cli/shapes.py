"""The shapes of the objects that `--json` prints, read off their page, and held against objects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

PAGE = Path(__file__).parents[2] / "shardflow/cli/README.md"
REFUSED = "Refused"
_TOKEN = re.compile(r'"[^"]*"|\w+|\?:|[^\s\w]')


@dataclass(frozen=True)
class Name:
    """A type by its name: of the page, or a plain one."""

    name: str


@dataclass(frozen=True)
class Word:
    """One text and no other."""

    text: str


@dataclass(frozen=True)
class ListOf:
    """A list of any length."""

    items: Shape


@dataclass(frozen=True)
class MapOf:
    """An object with any names."""

    values: Shape


@dataclass(frozen=True)
class Members:
    """An object with these members; a name that ends in `?` may be absent."""

    members: Mapping[str, Shape]


@dataclass(frozen=True)
class Either:
    """One of several."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class AllOf:
    """An object with the members of all of these."""

    shapes: tuple[Shape, ...]


Shape: TypeAlias = "Name | Word | ListOf | MapOf | Members | Either | AllOf"

_PLAIN: Mapping[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "boolean": (bool,)}


class _Reader:
    """Reads as much of TypeScript's types as the page uses."""

    def __init__(self, text: str) -> None:
        self._left = _TOKEN.findall(re.sub(r"//.*", "", text))

    def types(self) -> dict[str, Shape]:
        found = {}
        while self._left:
            self._take("type")
            name = self._left.pop(0)
            self._take("=")
            found[name] = self._either()
            self._take(";")
        return found

    def _take(self, token: str) -> None:
        assert self._left[0] == token, f"{token} before {self._left[:8]}"
        self._left.pop(0)

    def _took(self, token: str) -> bool:
        return self._left[0] == token and bool(self._left.pop(0))

    def _either(self) -> Shape:
        self._took("|")
        shapes = [self._all_of()]
        while self._took("|"):
            shapes.append(self._all_of())
        return shapes[0] if len(shapes) == 1 else Either(tuple(shapes))

    def _all_of(self) -> Shape:
        shapes = [self._listed()]
        while self._took("&"):
            shapes.append(self._listed())
        return shapes[0] if len(shapes) == 1 else AllOf(tuple(shapes))

    def _listed(self) -> Shape:
        shape = self._single()
        while self._took("["):
            self._take("]")
            shape = ListOf(shape)
        return shape

    def _single(self) -> Shape:
        match self._left.pop(0):
            case "(":
                shape = self._either()
                self._take(")")
                return shape
            case "{":
                return Members(dict(self._members()))
            case "Record":
                for token in ("<", "string", ","):
                    self._take(token)
                shape = MapOf(self._either())
                self._take(">")
                return shape
            case text if text.startswith('"'):
                return Word(text[1:-1])
            case name:
                return Name(name)

    def _members(self) -> Iterator[tuple[str, Shape]]:
        while not self._took("}"):
            name = self._left.pop(0)
            optional = self._took("?:")
            if not optional:
                self._take(":")
            yield f"{name}?" if optional else name, self._either()
            if self._left[0] != "}":
                self._take(";")


@cache
def types() -> Mapping[str, Shape]:
    """Give the types of the page; `Json`, which describes itself, is known here."""
    [block] = re.findall(r"^```ts\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return _Reader(re.sub(r"^type Json = .*\n", "", block, flags=re.MULTILINE)).types()


@cache
def printed() -> Mapping[str, tuple[str, ...]]:
    """Give the names of the types that each command prints, by its words, as the page's table has them."""
    found: dict[str, tuple[str, ...]] = {}
    for named, shapes in re.findall(r"^\| (`.+) \| (`.+`) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        for line in re.findall(r"`([a-z ]+)", named):
            words = line.strip().partition(" --")[0]
            found[words] = (*found.get(words, ()), *re.findall(r"`(\w+)`", shapes))
    return found


Seen: TypeAlias = set[tuple[str, str]]
"""Members that objects had, each with the type it belongs to."""


def misfits(value: Any, shape: Shape, where: str = "$", of: str = "", seen: Seen | None = None) -> list[str]:
    """Say what of a value is not as its shape has it; note the members that are there."""
    match shape:
        case Name("Json"):
            return []
        case Name(name) if name in _PLAIN:
            fits = isinstance(value, _PLAIN[name]) and (name == "boolean" or not isinstance(value, bool))
            return [] if fits else [f"{where}: {value!r} is no {name}"]
        case Name(name):
            return misfits(value, types()[name], where, name, seen)
        case Word(text):
            return [] if value == text else [f"{where}: {value!r} is not {text!r}"]
        case ListOf(items) if isinstance(value, list):
            return [told for n, item in enumerate(value) for told in misfits(item, items, f"{where}[{n}]", of, seen)]
        case MapOf(values) if isinstance(value, dict):
            return [told for n, item in value.items() for told in misfits(item, values, f"{where}.{n}", of, seen)]
        case Members() | AllOf() if isinstance(value, dict):
            return _of_object(value, _members_of(shape, of), where, seen)
        case Either(shapes):
            return _of_either(value, shapes, where, of, seen)
        case _:
            return [f"{where}: {value!r} is no {type(shape).__name__}"]


def _of_either(value: Any, shapes: tuple[Shape, ...], where: str, of: str, seen: Seen | None) -> list[str]:
    """Give the misfits of the shape that fits best; only what is of that one was seen."""
    tried = []
    for shape in shapes:
        met: Seen = set()
        tried.append((misfits(value, shape, where, of, met), met))
    told, met = min(tried, key=lambda one: len(one[0]))
    if seen is not None:
        seen |= met
    return told


def _of_object(
    value: dict[str, Any], members: Mapping[str, tuple[str, Shape]], where: str, seen: Seen | None
) -> list[str]:
    told = [f"{where}: {name} is missing" for name in members if name not in value and not name.endswith("?")]
    for name, inner in value.items():
        of, shape = members.get(name) or members.get(f"{name}?") or ("", None)
        if shape is None:
            told.append(f"{where}: {name} is on no page")
            continue
        if seen is not None:
            seen.add((of, name))
        told += misfits(inner, shape, f"{where}.{name}", of, seen)
    return told


def _members_of(shape: Shape, of: str) -> dict[str, tuple[str, Shape]]:
    """Give the members of an object, each with the type that has it."""
    match shape:
        case Name(name):
            return _members_of(types()[name], name)
        case Members(members):
            return {name: (of, inner) for name, inner in members.items()}
        case AllOf(shapes):
            return {name: found for one in shapes for name, found in _members_of(one, of).items()}
        case _:
            return {}


def all_members() -> Iterator[tuple[str, str, Shape]]:
    """Give every member that the page names, with the type that has it before and its own behind."""
    for name, shape in types().items():
        yield from _inside(shape, name)


def _inside(shape: Shape, of: str) -> Iterator[tuple[str, str, Shape]]:
    match shape:
        case ListOf(inner) | MapOf(inner):
            yield from _inside(inner, of)
        case Either(shapes) | AllOf(shapes):
            for one in shapes:
                yield from _inside(one, of)
        case Members(members):
            for name, inner in members.items():
                yield of, name.rstrip("?"), inner
                yield from _inside(inner, of)


def hold(words: Collection[str], value: Any, seen: Seen | None = None) -> None:
    """Fail unless an object is as the page says of the command that printed it."""
    line = " ".join(words)
    [command] = [one for one in sorted(printed(), key=len) if f"{line} ".startswith(f"{one} ")][-1:]
    told = misfits(value, Either(tuple(map(Name, (*printed()[command], REFUSED)))), seen=seen)
    assert not told, f"{line}: " + "\n".join(told)
