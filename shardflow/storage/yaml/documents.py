"""YAML in: one document of plain values with the line of each, or every problem with its line.

Laws: nothing but JSON values comes out, whatever the text says, and no text makes it run, load or build anything.
Plain scalars mean what YAML 1.2 says (`scalars.py`). Duplicate keys, keys that are not text, merge keys, tags,
several documents, aliases that blow up and nesting beyond `MAX_DEPTH` are refused.

The C parser's events are read one by one (pure Python's where it is missing); values are built here, so that a
bomb is seen before it goes off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from shardflow.errors import InvalidYaml
from shardflow.model.documents import Document, Problem
from shardflow.model.paths import ROOT, Path
from shardflow.model.records import record
from shardflow.model.values import MAX_DEPTH, Json, a_kind, too_deep
from shardflow.storage.excerpts import excerpt, printable
from shardflow.storage.yaml.decoding import MAX_PROBLEMS, decoded
from shardflow.storage.yaml.scalars import plain_value
from shardflow.storage.yaml.syntax import place_of, syntax_error

MAX_ALIASED: Final = 100_000
"""The most values all aliases of a document may stand for."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_PLAIN_TAGS: Final = {
    "tag:yaml.org,2002:str": ScalarEvent,
    "tag:yaml.org,2002:seq": SequenceStartEvent,
    "tag:yaml.org,2002:map": MappingStartEvent,
}
"""The tags that say no more than what may stand there anyway."""


def parse_yaml(data: bytes, source: str) -> Document:
    """Read one YAML document; `source` names it in the problems. Raises InvalidYaml with every problem found."""
    document = parse_partly(data, source)
    if document.slips:
        raise InvalidYaml(document.slips)
    return document


def parse_partly(data: bytes, source: str) -> Document:
    """Read one YAML document for who looks for more problems: its `slips` are those that others need not wait for.

    Where a key stands twice, the first is taken; what cannot be read is null. Raises InvalidYaml where reading ended.
    """
    reading = _Reading(decoded(data, source), source)
    try:
        value = reading.document()
    except _Broken:
        raise InvalidYaml(reading.problems) from None
    return Document(source, value, reading.lines, slips=tuple(reading.problems))


class _Broken(Exception):
    """Nothing more can be read; the problem is already noted."""


@record
class _Node:
    """A value with how many values are in it (itself included) and how many levels of lists and objects."""

    value: Json
    size: int = 1
    height: int = 0


_NOTHING: Final = _Node(None)


class _Reading:
    """One reading of one text, event by event."""

    def __init__(self, text: str, source: str) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {}
        self._text = text
        self._source = source
        self._events: Iterator[Event] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, _Node | None] = {}
        self._aliased = 0

    def document(self) -> Json:
        """Read the whole text as one document."""
        self._next()
        start = self._next()
        if isinstance(start, StreamEndEvent):
            raise self._broken(1, ROOT, "the file is empty")
        root = self._next()
        if isinstance(root, ScalarEvent) and root.implicit[0] and not root.value and not root.anchor:
            raise self._broken(1, ROOT, "the document is empty")
        self.lines[ROOT] = _line(root)
        value = self._node(root, ROOT).value
        self._end()
        return value

    def _end(self) -> None:
        after = self._next()
        if isinstance(after, DocumentEndEvent):
            after = self._next()
        if not isinstance(after, StreamEndEvent):
            raise self._broken(_line(after), ROOT, "a second document starts here", "keep one document in a file")

    def _next(self) -> Event:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            line, column, message, hint = syntax_error(self._text, error)
            raise self._broken(line, ROOT, message, hint, column) from None
        except yaml.YAMLError as error:
            raise self._broken(1, ROOT, printable(str(error))) from None

    def _node(self, event: Event, path: Path) -> _Node:
        match event:
            case AliasEvent():
                return self._alias(event, path)
            case ScalarEvent():
                node = self._scalar(event, path)
            case MappingStartEvent():
                self._enter(event, path)
                node = self._object(path)
            case SequenceStartEvent():
                self._enter(event, path)
                node = self._list(path)
            case _:
                raise self._broken(_line(event), path, "expected a value")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent, path: Path) -> _Node:
        name = excerpt(str(event.anchor))
        node = self._anchors.get(str(event.anchor))
        if node is None:
            within = event.anchor in self._anchors
            self._note(event, path, f"alias {name} stands inside its own anchor" if within else f"unknown alias {name}")
            return _NOTHING
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            raise self._broken(_line(event), path, f"aliases that stand for more than {MAX_ALIASED:,} values")
        self._check_depth(event, path, node.height)
        return node

    def _enter(self, event: MappingStartEvent | SequenceStartEvent, path: Path) -> None:
        self._check_tag(event, path)
        self._check_depth(event, path, 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _list(self, path: Path) -> _Node:
        items: list[_Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            inner = (*path, len(items))
            self.lines[inner] = _line(event)
            items.append(self._node(event, inner))
        return _gathered([item.value for item in items], items)

    def _object(self, path: Path) -> _Node:
        members: dict[str, Json] = {}
        nodes: list[_Node] = []
        while not isinstance(event := self._next(), MappingEndEvent):
            name, is_text = self._key(event, path)
            inner = (*path, name)
            if is_text and name in members:
                nodes.append(self._duplicate(event, name, inner))
                continue
            self.lines.setdefault(inner, _line(event))
            nodes.append(self._node(self._next(), inner))
            if is_text:
                members[name] = nodes[-1].value
        return _gathered(members, nodes)

    def _duplicate(self, event: Event, name: str, path: Path) -> _Node:
        """Read what stands under a key that is there already, without the lines of the first."""
        first = self.lines[path]
        self._note(event, path, f"duplicate key {excerpt(name)} (first on line {first})", "keep one of them")
        lines, self.lines = self.lines, {}
        node = self._node(self._next(), path)
        self.lines = lines
        return node

    def _key(self, event: Event, path: Path) -> tuple[str, bool]:
        """Give the name of a key, and whether it may be one."""
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            hint = "quote a text that begins with { or ["
            raise self._broken(_line(event), path, "a key must be a text, not a list or an object", hint)
        name = str(event.value) if isinstance(event, ScalarEvent) else f"*{getattr(event, 'anchor', '')}"
        if name == "<<" and isinstance(event, ScalarEvent) and event.implicit[0]:
            self._note(event, path, "merge keys ('<<') are not supported", "write the keys out where they belong")
            return name, False
        value = self._node(event, path).value
        if isinstance(value, str):
            return value, True
        self._note(event, path, f"a key must be a text, and {excerpt(name)} is read as {a_kind(value)}", "quote it")
        return name, False

    def _scalar(self, event: ScalarEvent, path: Path) -> _Node:
        self._check_tag(event, path)
        text = str(event.value)
        if _SURROGATE.search(text):
            self._note(event, path, "a lone surrogate in a text", "write the character itself")
            text = _SURROGATE.sub("\ufffd", text)
        if not event.implicit[0]:
            return _Node(text)
        try:
            return _Node(plain_value(text))
        except ValueError as refusal:
            self._note(event, path, f"{excerpt(text)}: {refusal}", "quote it if it is meant as text")
            return _NOTHING

    def _check_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, path: Path) -> None:
        if event.tag is not None and not isinstance(event, _PLAIN_TAGS.get(event.tag, ())):
            self._note(event, path, f"tag {excerpt(event.tag)} is not allowed", "write plain values without tags")

    def _check_depth(self, event: Event, path: Path, height: int) -> None:
        if len(path) + height > MAX_DEPTH:
            raise self._broken(_line(event), path, too_deep())

    def _note(self, event: Event, path: Path, message: str, hint: str = "") -> None:
        self._add(_line(event), path, message, hint)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Broken

    def _broken(self, line: int, path: Path, message: str, hint: str = "", column: int | None = None) -> _Broken:
        """Note that nothing more can be read; to be raised."""
        self._add(line, path, message, hint, column)
        return _Broken()

    def _add(self, line: int, path: Path, message: str, hint: str, column: int | None = None) -> None:
        self.problems.append(Problem(self._source, line, message, path if path != ROOT else None, hint, column))


def _line(event: Event) -> int:
    return place_of(event.start_mark)[0]


def _gathered(value: Json, nodes: list[_Node]) -> _Node:
    size = 1 + sum(node.size for node in nodes)
    return _Node(value, size, 1 + max((node.height for node in nodes), default=0))
