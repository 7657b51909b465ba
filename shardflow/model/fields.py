"""Reading a document field by field: every problem is collected, nothing is raised in the middle.

    def read_rule(place: Place) -> Rule:
        with place.fields() as fields:
            return Rule(
                pattern=fields.required("path", Place.text),
                final=fields.optional("final", Place.boolean, False),
            )

    rule = read_document(document, read_rule, InvalidRules)

Law: reading gives a value, or raises all problems at once. A place that cannot be read says so once and is
read as a stand-in of the right type (an empty text, no items), which only `read_partly` lets out, beside its problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Final, Self, TypeVar

from shardflow.model.documents import NO_NAMES, Document, IdleFields, Problem, did_you_mean, nearest
from shardflow.model.paths import ROOT, Path
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, is_number, kind

T = TypeVar("T")

_UNKNOWN_FIELD: Final = "unknown field"
"""How every problem with a field that no reader asked for begins."""

_SHOWN_LENGTH: Final = 60
"""The most characters of a text or number repeated in a message."""

_SHOWN_DIGITS: Final = 10**18
"""Integers from here on are not spelled out: Python refuses to, from 4,300 digits."""


def read_document(document: Document, read: Callable[[Place], T], error: Callable[[list[Problem]], Exception]) -> T:
    """Read a whole document, or raise the error made of all its problems in the order of the file."""
    result, problems = read_partly(document, read)
    if problems:
        raise error(problems)
    return result


def read_partly(document: Document, read: Callable[[Place], T]) -> tuple[T, list[Problem]]:
    """Read a document as far as it can be read, for who looks for more problems; give those found on the way, too."""
    problems: list[Problem] = []
    result = read(Place(document, ROOT, document.value, problems))
    return result, document.with_slips(problems)


def unknown_fields(document: Document, read: Callable[[Place], object]) -> tuple[Problem, ...]:
    """Find the fields that reading a document would pass over, as the problems they would be elsewhere."""
    _, problems = read_partly(replaced(document, idle_fields=IdleFields.REFUSE), read)
    return tuple(problem for problem in problems if problem.message.startswith(_UNKNOWN_FIELD))


@record
class Place:
    """One place of a document being read; `value` is `ABSENT` where a field is missing.

    Every reading method reports a value of the wrong kind, and a missing one, to `problems`.
    """

    document: Document
    path: Path
    value: Value
    problems: list[Problem]

    @property
    def origin(self) -> str:
        """Where this is written, for people: `file:line`, or the file alone where no line is known."""
        line = self.document.line(self.path)
        return self.document.source if line is None else f"{self.document.source}:{line}"

    def refuse(self, message: str, hint: str = "") -> None:
        """Report a problem with what stands here."""
        self.problems.append(self.document.problem(self.path, message, hint))

    def expect(self, wanted: str, hint: str = "") -> None:
        """Report that something else should stand here; `wanted` has its article: `a text`."""
        if self.value is ABSENT:
            missing = self.document.problem(self.path[:-1], _missing(str(self.path[-1])), f"expected {wanted}")
            self.problems.append(missing)
        else:
            message = f"expected {wanted}, found {shown(self.value)}"
            self.refuse(message, "give the field a value or leave it out" if self.value is None else hint)

    def text(self) -> str:
        """Read a text; stand-in: an empty one."""
        if isinstance(self.value, str):
            return self.value
        scalar = is_number(self.value) or isinstance(self.value, bool)
        self.expect("a text", "put it in quotes to make it one" if scalar else "")
        return ""

    def boolean(self) -> bool:
        """Read `true` or `false`; stand-in: false."""
        if not isinstance(self.value, bool):
            self.expect("true or false")
        return self.value is True

    def integer(self, least: int, most: int) -> int:
        """Read an integer of a range, which `true` is not; stand-in: the least."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and least <= self.value <= most:
            return self.value
        self.expect(f"an integer from {least} to {most}")
        return least

    def choice(self, what: str, options: Mapping[str, T], elsewhere: Mapping[str, str] = NO_NAMES) -> T | None:
        """Read one of the named options; `what` names their kind: `behavior`. Stand-in: None.

        `elsewhere` has names that others give to these options.
        """
        wanted = f"one of {', '.join(options)}"
        if self.value is None and "null" in options:
            self.refuse(f"expected {wanted}, found null", "put it in quotes to name it, or leave it out")
        elif not isinstance(self.value, str):
            self.expect(wanted)
        elif self.value in options:
            return options[self.value]
        else:
            self.refuse(f"unknown {what} {quoted(self.value)}", did_you_mean(self.value, options, elsewhere))
        return None

    def items(self) -> tuple[Place, ...]:
        """Read a list, as the places of its items; stand-in: none."""
        if isinstance(self.value, list):
            return tuple(self.inner(index, item) for index, item in enumerate(self.value))
        self.expect("a list")
        return ()

    def members(self) -> dict[str, Place]:
        """Read an object whose names are free, as the places of its members; stand-in: none."""
        if isinstance(self.value, dict):
            return {name: self.inner(name, value) for name, value in self.value.items()}
        self.expect("an object")
        return {}

    def fields(self, hint: str = "") -> Fields:
        """Read an object whose names are known. Below a stand-in nothing more is reported."""
        if isinstance(self.value, dict):
            return Fields(self)
        self.expect("an object", hint)
        return Fields(Place(self.document, self.path, {}, []))

    def part(self) -> Document:
        """Give what stands here as a document of its own, with its lines, paths in it counted from here."""
        depth, whole = len(self.path), self.document
        lines = {path[depth:]: line for path, line in whole.lines.items() if path[:depth] == self.path}
        value: Json = None if self.value is ABSENT else self.value
        at = (*whole.at, *self.path)
        return Document(whole.source, value, lines, whole.name, whole.idle_fields, at=at)

    def inner(self, segment: str | int, value: Value) -> Place:
        """Give the place one segment further down, where this value stands."""
        return Place(self.document, (*self.path, segment), value, self.problems)


class Fields:
    """The fields of one object. A field nobody asked for by the end of the `with` block is an unknown one.

    For the hint then, `elsewhere` has names that others give to some of them, and `misplaced` says by name whose fields
    others are: `a subagent`.
    """

    __slots__ = ("_asked", "_members", "elsewhere", "here", "misplaced")

    def __init__(self, place: Place) -> None:
        """Read the object at a place, `here` from now on; use `Place.fields`, which reports anything else."""
        self.here: Final = place
        members = place.value if isinstance(place.value, dict) else {}
        if place.document.idle_fields is IdleFields.PASS_OVER:
            members = {name: value for name, value in members.items() if value is not None}
        self._members = members
        self.elsewhere: Mapping[str, str] = NO_NAMES
        self.misplaced: Mapping[str, str] = NO_NAMES
        self._asked: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.here.document.idle_fields is IdleFields.PASS_OVER:
            return
        for name in self._members:
            if name not in self._asked:
                self._at(name).refuse(f"{_UNKNOWN_FIELD} {quoted(name)}", self._hint(name))
                self._forgive(nearest(name, sorted(self._asked), self.elsewhere))

    def _forgive(self, meant: str | None) -> None:
        """Do not tell of a field that it is missing, where one is told that was meant to be it."""
        if meant is not None:
            told, missing = self.here.problems, self.here.document.problem(self.here.path, _missing(meant))
            told[:] = [one for one in told if (one.path, one.message) != (missing.path, missing.message)]

    def _hint(self, name: str) -> str:
        if name in self.misplaced:
            return f"it is a field of {self.misplaced[name]}"
        return did_you_mean(name, self._asked, self.elsewhere)

    def __contains__(self, name: str) -> bool:
        """Tell whether the object has this field, and make it a known one."""
        self._asked[name] = None
        return name in self._members

    def has_any(self, names: Iterable[str]) -> bool:
        """Tell whether the object has one of these fields, and make all of them known ones."""
        return sum(name in self for name in names) > 0

    def place(self, name: str) -> Place:
        """Give the place of a field, and make it a known one."""
        self._asked[name] = None
        return self._at(name)

    def required(self, name: str, read: Callable[[Place], T]) -> T:
        """Read a field that must be there."""
        return read(self.place(name))

    def optional(self, name: str, read: Callable[[Place], T], default: T) -> T:
        """Read a field that may be left out; the default stands for it then, and only then."""
        return read(self.place(name)) if name in self else default

    def _at(self, name: str) -> Place:
        return self.here.inner(name, self._members.get(name, ABSENT))


def _missing(name: str) -> str:
    return f"field {quoted(name)} is missing"


def shown(value: Value) -> str:
    """Name a value in a message, safe to print: `the text 'a'`, `the integer 5`, `a list`, `null`."""
    match value:
        case None:
            return "null"
        case []:
            return "an empty list"
        case list():
            return "a list"
        case dict():
            return "an object" if value else "an empty object"
        case bool():
            return f"the boolean {str(value).lower()}"
        case str():
            return f"the text {quoted(value)}"
        case int() if abs(value) >= _SHOWN_DIGITS:
            return "a huge integer"
        case _:
            return f"the {kind(value)} {_cut(str(value))}"


def quoted(text: str) -> str:
    """Quote a text for a message: control characters escaped, a long text cut."""
    return repr(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"
