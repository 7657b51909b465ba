"""What is wrong with a JSON text, and where: a slow, exact parser for texts the fast one refused.

Law: `diagnose` gives a value exactly when the text is strict JSON, and it is the value `parse_json` gives.
Everything that leaves the structure readable is collected (duplicate keys, numbers, lone surrogates, a byte order
mark); at the first place where the structure itself breaks, reading ends.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Final

from shardflow.errors import InvalidJson
from shardflow.model.documents import Problem
from shardflow.model.paths import ROOT, Path
from shardflow.model.values import MAX_DEPTH, RECORD_DEPTH, Json, too_deep
from shardflow.storage.excerpts import excerpt
from shardflow.storage.json.exact_numbers import exact_decimal, exact_integer

MAX_PROBLEMS: Final = 50
"""After this many problems a diagnosis ends; each one costs a count of the lines before it."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SIMPLE_STRING: Final = re.compile(r'"([^"\\\x00-\x1f]*)"')
_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9A-Za-z_.+-])")
_WORD: Final = re.compile(r"[^\s,:\[\]{}\"]+")
_LIKE_A_NUMBER: Final = re.compile(r"[+-]?\.?[0-9]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_CONSTANTS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}
_NON_FINITE: Final = frozenset({"nan", "inf", "infinity"})
_PYTHON: Final = {"True": "true", "False": "false", "None": "null"}


def diagnose(data: bytes, source: str, deepest: int = MAX_DEPTH) -> Json:
    """Give the value of a strict JSON text. Raises InvalidJson with line, column and path of what is wrong."""
    diagnosis = _Diagnosis(_decoded(data, source), source, deepest)
    with suppress(_Broken):
        value = diagnosis.document()
    if diagnosis.problems:
        raise InvalidJson(diagnosis.problems)
    return value


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        message = f"byte 0x{data[error.start]:02x} is not valid UTF-8"
        path = _path_behind(before, source)
        raise InvalidJson([_problem(source, before, len(before), path, message, "save the file as UTF-8")]) from None


def _path_behind(text: str, source: str) -> Path:
    """Give the path of what would come behind the beginning of a document; the root if that is broken itself."""
    try:
        _Diagnosis(text + "\0", source, RECORD_DEPTH).document()
    except _Broken as broken:
        if broken.position == len(text):
            return broken.path
    return ROOT


def _problem(source: str, text: str, position: int, path: Path, message: str, hint: str) -> Problem:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Problem(source, line, message, path if path != ROOT else None, hint, column)


class _Broken(Exception):
    """The structure ends here; the problem is already noted."""

    def __init__(self, position: int, path: Path) -> None:
        self.position = position
        self.path = path


class _Diagnosis:
    """One reading of one text. `_at` is the position of the next character, counted in characters."""

    def __init__(self, text: str, source: str, deepest: int) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._source = source
        self._deepest = deepest
        self._at = 0

    def document(self) -> Json:
        """Read the whole text as one value."""
        if self._text.startswith("\ufeff"):
            self._note(0, ROOT, "a byte order mark before the document", "save the file as UTF-8 without BOM")
            self._at = 1
        if not self._next():
            raise self._broken(self._at, ROOT, "the document is empty", "an empty object is {}")
        value = self._value(ROOT)
        if self._next():
            raise self._broken(self._at, ROOT, f"{self._found()} after the end of the document")
        return value

    def _value(self, path: Path) -> Json:
        match self._next():
            case "{":
                return self._object(path)
            case "[":
                return self._list(path)
            case '"':
                return self._string(path)
            case _:
                return self._scalar(path)

    def _object(self, path: Path) -> dict[str, Json]:
        self._enter(path)
        members: dict[str, Json] = {}
        first: dict[str, int] = {}
        while not self._ends("}", path, bool(first)):
            start = self._at
            if self._next() != '"':
                raise self._broken(start, path, f"expected a key in double quotes, found {self._found()}")
            key = self._string(path)
            inner = (*path, key)
            if key in first:
                line = self._text.count("\n", 0, first[key]) + 1
                self._note(start, inner, f"duplicate key {excerpt(key)} (first on line {line})", "keep one of them")
            first.setdefault(key, start)
            if self._next() != ":":
                raise self._broken(self._at, inner, f"expected ':' after a key, found {self._found()}")
            self._at += 1
            members[key] = self._value(inner)
        return members

    def _list(self, path: Path) -> list[Json]:
        self._enter(path)
        items: list[Json] = []
        while not self._ends("]", path, bool(items)):
            items.append(self._value((*path, len(items))))
        return items

    def _enter(self, path: Path) -> None:
        if len(path) >= self._deepest:
            raise self._broken(self._at, path, too_deep(self._deepest))
        self._at += 1

    def _ends(self, closing: str, path: Path, after_item: bool) -> bool:
        """Step over what separates items, up to the next one (False) or over the end (True)."""
        found = self._next()
        if found == closing:
            self._at += 1
            return True
        if after_item:
            self._separator(found, closing, path)
        return False

    def _separator(self, found: str, closing: str, path: Path) -> None:
        if found != ",":
            raise self._broken(self._at, path, f"expected ',' or '{closing}', found {self._found()}")
        comma = self._at
        self._at += 1
        if self._next() == closing:
            raise self._broken(comma, path, f"a comma before '{closing}'", "remove the comma")

    def _string(self, path: Path) -> str:
        start = self._at
        if simple := _SIMPLE_STRING.match(self._text, start):
            self._at = simple.end()
            return simple[1]
        end = self._string_end(start, path)
        self._at = end + 1
        text: str = json.loads(self._text[start : end + 1])
        if _SURROGATE.search(text):
            self._note(start, path, "a lone surrogate in a text", "write characters as UTF-8 or as \\u pairs")
        return text

    def _string_end(self, start: int, path: Path) -> int:
        body = _STRING.match(self._text, start)
        end = body.end() if body else start
        match self._text[end : end + 1]:
            case '"':
                return end
            case "":
                raise self._broken(start, path, "a text without its closing quote", "was the file cut short?")
            case "\\":
                raise self._broken(end, path, "a backslash that starts no JSON escape", "write \\\\ for a backslash")
            case control:
                hint = f"write {json.dumps(control)[1:-1]}"
                raise self._broken(end, path, f"a raw control character U+{ord(control):04X} in a text", hint)

    def _scalar(self, path: Path) -> Json:
        start = self._at
        if number := _NUMBER.match(self._text, start):
            self._at = number.end()
            return self._number(start, path, number[0], number[1] is None and number[2] is None)
        word = _WORD.match(self._text, start)
        if word and word[0] in _CONSTANTS:
            self._at = word.end()
            return _CONSTANTS[word[0]]
        if word and word[0].lower().lstrip("+-") in _NON_FINITE:
            self._at = word.end()
            self._note(start, path, f"{excerpt(word[0])} is not a finite number", "JSON has no such value; use null")
            return None
        raise self._broken(start, path, f"expected a value, found {self._found()}", self._respelt(word))

    def _respelt(self, word: re.Match[str] | None) -> str:
        if word and word[0] in _PYTHON:
            return f"write {_PYTHON[word[0]]}"
        return "JSON numbers look like 0, -12, 0.5 or 1e-3" if word and _LIKE_A_NUMBER.match(word[0]) else ""

    def _number(self, start: int, path: Path, literal: str, is_integer: bool) -> Json:
        try:
            return exact_integer(literal) if is_integer else exact_decimal(literal)
        except ValueError as refusal:
            self._note(start, path, str(refusal))
            return None

    def _next(self) -> str:
        """Skip white space and give the character there, or an empty text at the end."""
        found = self._text[self._at : self._at + 1]
        if found in " \t\n\r" and (space := _SPACE.match(self._text, self._at)):
            self._at = space.end()
            found = self._text[self._at : self._at + 1]
        return found

    def _found(self) -> str:
        if self._at >= len(self._text):
            return "the end of the text"
        word = _WORD.match(self._text, self._at)
        return excerpt(word[0] if word else self._text[self._at])

    def _note(self, position: int, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(_problem(self._source, self._text, position, path, message, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Broken(position, path)

    def _broken(self, position: int, path: Path, message: str, hint: str = "") -> _Broken:
        """Note that the structure ends here; to be raised."""
        self._note(position, path, message, hint)
        return _Broken(position, path)
