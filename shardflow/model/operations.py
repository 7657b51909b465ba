"""Operations: the lines of a journal, and the edit of the base that they make, one after another.

    {"set": "$.status", "value": "done"}        this stands there now; objects missing on the way are made
    {"remove": "$.draft"}                       nothing stands there any more
    {"append": "$.findings", "value": {...}}    one more item behind the others; a list is made where nothing stands
    {"add": "$.counters.done", "value": 1}      that much more, exactly; where nothing stands, from 0

Law: `journal_edit(base, operations)` is `diff(base, after)`, where `after` is what they make of the base in their
order: whoever writes a journal changes what a full copy with the same outcome changes. An operation that cannot be
applied is told, and the others are still tried, so that all that is wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Inexact, localcontext
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from shardflow.model.changes import Edit
from shardflow.model.diff import diff
from shardflow.model.documents import did_you_mean
from shardflow.model.fields import quoted
from shardflow.model.numbers import EXACT, EXACT_DIGITS, MAX_DIGITS, decimal_of, is_too_long, json_number
from shardflow.model.paths import ORDER, Path, PathError, Segment, parse_path, path_text
from shardflow.model.places import ChangingPlaces
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, a_kind, is_number, is_too_deep, too_deep

C = TypeVar("C", bound="dict[str, Json] | list[Json]")


class Verb(StrEnum):
    """What an operation does."""

    SET = "set"
    REMOVE = "remove"
    APPEND = "append"
    ADD = "add"


@record
class Operation:
    """One line of a journal, with its number; `value` is `ABSENT` for a removal."""

    line: int
    verb: Verb
    path: Path
    value: Value


@record
class Misfit:
    """An operation that cannot be read or applied: its line, why, where (None: at no path), and what next."""

    line: int
    message: str
    path: Path | None = None
    hint: str = ""


class _CannotApply(Exception):
    """Why the operation at hand cannot be applied, and what next."""


_VERBS: Final = {verb.value: verb for verb in Verb}
_VALUE: Final = "value"


def _read_operation(line: int, said: Json) -> Operation | Misfit:
    """Read one line of a journal."""
    if not isinstance(said, dict):
        return Misfit(line, f"expected an operation, an object, found {a_kind(said)}")
    verbs = [name for name in said if name in _VERBS]
    unknown = [name for name in said if name not in _VERBS and name != _VALUE]
    if unknown:
        known = _VERBS if not verbs else (*verbs, _VALUE)
        what = "member" if verbs else "operation"
        return Misfit(line, f"unknown {what} {quoted(unknown[0])}", None, did_you_mean(unknown[0], known))
    if len(verbs) != 1:
        found = " and ".join(verbs) or "none"
        return Misfit(line, f"an operation has one of {', '.join(_VERBS)}; found {found}", None, "one operation a line")
    return _read_verb(line, _VERBS[verbs[0]], said)


def _read_verb(line: int, verb: Verb, said: dict[str, Json]) -> Operation | Misfit:
    text = said[verb.value]
    if (verb is Verb.REMOVE) == (_VALUE in said):
        return Misfit(line, f"{verb} {'takes no' if _VALUE in said else 'needs a'} value")
    if not isinstance(text, str):
        return Misfit(line, f"expected a path to {verb}, such as '$.status', found {a_kind(text)}")
    try:
        path = parse_path(text)
    except PathError as error:
        return Misfit(line, f"{quoted(text)} is no path: {error}")
    if ORDER in path:
        return Misfit(
            line, f"{quoted(text)} names no value but an order", None, "set the list in the order it shall have"
        )
    return Operation(line, verb, path, said.get(_VALUE, ABSENT))


def journal_edit(base: dict[str, Json], lines: Iterable[tuple[int, Json]]) -> Edit | None | tuple[Misfit, ...]:
    """Give the edit that the lines of a journal, each with its number, make to `base`, None if they change nothing; or
    all that cannot be read or applied.

    Cost: linear in the operations, and in each object and list that they change, once.
    """
    draft = _Draft(base)
    misfits: list[Misfit] = []
    for line, said in lines:
        operation = _read_operation(line, said)
        if isinstance(operation, Misfit):
            misfits.append(operation)
            continue
        try:
            draft.apply(operation)
        except _CannotApply as error:
            message, hint = error.args
            misfits.append(Misfit(line, message, operation.path, hint))
    return tuple(misfits) if misfits else diff(base, draft.document)


_Where: TypeAlias = "tuple[dict[str, Json], str] | tuple[list[Json], int]"


class _Draft:
    """A document that is changed in place: of the base, or of a value an operation gave, each object and list is copied
    once, before its first change. `_own` keeps the copies, by identity.
    """

    def __init__(self, base: dict[str, Json]) -> None:
        self._root: dict[str, Json] = {"$": base}
        self._own: dict[int, Json] = {}
        self._places = ChangingPlaces()

    @property
    def document(self) -> Json:
        """The document as it is now."""
        return self._root["$"]

    def apply(self, operation: Operation) -> None:
        """Make one operation. Raises _CannotApply."""
        _refuse_deep(operation)
        match operation:
            case Operation(verb=Verb.SET, path=path, value=value) if value is not ABSENT:
                if not path and not isinstance(value, dict):
                    raise _CannotApply(f"the document is an object; {a_kind(value)} cannot be it", "")
                self._put(path, value)
            case Operation(verb=Verb.REMOVE, path=path):
                self._remove(path)
            case Operation(verb=Verb.APPEND, path=path, value=value) if value is not ABSENT:
                self._append(path, value)
            case Operation(verb=Verb.ADD, path=path, value=value):
                self._put(path, _added(self._value(path), value))
            case _:
                raise AssertionError("only a removal has no value")

    def _value(self, path: Path) -> Value:
        """Give what stands at a path, `ABSENT` where nothing does and something can be put. Raises _CannotApply."""
        value: Value = self.document
        for depth, segment in enumerate(path):
            if value is ABSENT:
                if not isinstance(segment, str):
                    raise _CannotApply(f"no list stands at {path_text(path[:depth])}", "set it first")
                continue
            value = _inner(value, segment, self._places.step_of(value, segment), path[:depth])
        return value

    def _put(self, path: Path, value: Json) -> None:
        self._value(path)  # refused before anything is made on the way
        holder, step = self._place(path)
        self._places.put(holder, step, value)
        _store(holder, step, value)

    def _remove(self, path: Path) -> None:
        if not path:
            raise _CannotApply("the document itself cannot be removed", "")
        if self._value(path) is ABSENT:
            raise _CannotApply("nothing stands there that could be removed", "is the path right?")
        holder, step = self._place(path)
        self._places.put(holder, step, ABSENT)
        if isinstance(holder, dict):
            del holder[str(step)]
        else:
            del holder[int(step)]

    def _append(self, path: Path, value: Json) -> None:
        found = self._value(path)
        if found is not ABSENT and not isinstance(found, list):
            raise _CannotApply(f"append needs a list, and {a_kind(found)} stands there", "")
        holder, step = self._place(path)
        items = [] if found is ABSENT else found
        owned = self._owned(holder, step, items)
        owned.append(value)
        self._places.appended(owned)

    def _place(self, path: Path) -> _Where:
        """Give the object or list, ours to change, that holds a path's value, and the step from it to the value."""
        holder: dict[str, Json] | list[Json] = self._root
        step: str | int = "$"
        for segment in path:
            held = holder.get(step, {}) if isinstance(holder, dict) else holder[step]  # type: ignore[arg-type, index]
            if not isinstance(held, dict | list):
                raise AssertionError("what a path leads through was looked at")
            holder = self._owned(holder, step, held)
            found = self._places.step_of(holder, segment)
            step = found if found is not None else str(segment)
        return holder, step  # type: ignore[return-value]  # an object has names, a list has indices

    def _owned(self, holder: dict[str, Json] | list[Json], step: str | int, held: C) -> C:
        """Have a copy that is ours in the place of an object or list, unless it is ours already."""
        if self._own.get(id(held)) is held:
            return held
        copy: C = held.copy()  # type: ignore[assignment]  # a copy is of the same type
        self._own[id(copy)] = copy
        _store(holder, step, copy)
        return copy


def _store(holder: dict[str, Json] | list[Json], step: str | int, value: Json) -> None:
    holder[step] = value  # type: ignore[index]  # an object has names, a list has indices


def _inner(value: Json, segment: Segment, step: str | int | None, here: Path) -> Value:
    """Give what a segment leads to, `ABSENT` for a member that an object lacks. Raises _CannotApply."""
    match value:
        case dict() if isinstance(segment, str):
            return value[segment] if step is not None else ABSENT
        case list() if not isinstance(segment, str):
            if step is None:
                raise _CannotApply(
                    f"the list at {path_text(here)} has no such item", "append puts one behind the others"
                )
            return value[int(step)]
        case _:
            wanted = "members" if isinstance(segment, str) else "items"
            raise _CannotApply(f"{a_kind(value)} stands at {path_text(here)}, which has no {wanted}", "")


def _added(found: Value, value: Value) -> Json:
    """Add exactly. Raises _CannotApply."""
    if not is_number(value):
        raise _CannotApply(f"add needs a number, not {a_kind(value)}", "")
    if found is ABSENT:
        return value
    if not is_number(found):
        raise _CannotApply(f"add needs a number, and {a_kind(found)} stands there", "")
    if isinstance(found, int) and isinstance(value, int):
        if is_too_long(whole := found + value):
            raise _CannotApply(f"the sum has more than {MAX_DIGITS:,} digits", "")
        return whole
    try:
        with localcontext(EXACT):
            total = json_number(decimal_of(found) + decimal_of(value))
    except Inexact:
        raise _CannotApply(f"the exact sum needs more than {EXACT_DIGITS} digits", "") from None
    if total is None:
        raise _CannotApply("the sum is larger than any JSON number here", "")
    return total


def _refuse_deep(operation: Operation) -> None:
    above = (*operation.path, 0) if operation.verb is Verb.APPEND else operation.path
    if is_too_deep(operation.value, above):
        raise _CannotApply(too_deep(), "")
