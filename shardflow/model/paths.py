"""Paths: where a value stands in a document, as tuples; texts are what people read and type.

A path is a tuple of segments, so `/a` is never taken for a prefix of `/aa`. Its text is a normalized path of
RFC 9535 (section 2.7) with member names in dot form where they allow it; a member of a keyed list is shown as a
filter selector of the same RFC: `$.findings[?@.file=='a.py'].severity`, where a field may be left out
`[?(!@.line || @.line==1)]`.

Law: `parse_path(path_text(path)) == path`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Final, TypeAlias

from shardflow.model.records import record
from shardflow.model.values import Json


@record
class Member:
    """The member of a keyed list whose key fields hold these values, each as (field, canonical text of the value).

    `assumed` names those fields whose absence counts as that value, by the key defaults of the rule.
    """

    fields: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Hash by the fields alone, which differ where members do: merging looks up each several times."""
        return hash(self.fields)

    def is_here(self, item: Json) -> bool:
        """Tell whether an item of the list is this member."""
        return isinstance(item, dict) and all(self._holds(item, name, text) for name, text in self.fields)

    def _holds(self, item: dict[str, Json], name: str, text: str) -> bool:
        if name not in item:
            return name in self.assumed
        value = item[name]
        return not isinstance(value, dict | list) and key_text(value) == text


def key_of(item: Json, names: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    """Give the `fields` of the member that an item with these key fields is; None where it lacks one."""
    values = [item[name] for name in names if name in item] if isinstance(item, dict) else []
    texts = [key_text(value) for value in values if not isinstance(value, dict | list)]
    return tuple(zip(names, texts, strict=True)) if len(texts) == len(names) else None


class Order(Enum):
    """The type of `ORDER`: not an item of a keyed list but the order its items stand in."""

    ORDER = "order"


ORDER: Final = Order.ORDER
"""The last segment of the path of a change that only reorders the members of a keyed list."""

Segment: TypeAlias = str | int | Member | Order
Path: TypeAlias = tuple[Segment, ...]

ROOT: Final[Path] = ()

NAME: Final = r"[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*"
"""A member name that needs no quotes when typed (a regular expression): the RFC's, and `-` behind the first letter.

Written as what it excludes of ASCII: compiling a class that names all of Unicode costs 20 ms of every start.
"""
QUOTED: Final = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
"""A quoted member name (a regular expression); `unquoted` reads it."""

_SHORTHAND: Final = re.compile(r"[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*")
_ESCAPES: Final = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\"}


def path_text(path: Path) -> str:
    """Show a path to a person; different paths have different texts."""
    return _prefix_text(path[:-1]) + segment_text(path[-1]) if path else "$"


@lru_cache(maxsize=256)
def _prefix_text(path: Path) -> str:
    """Show a path that others begin with; whoever shows many paths shows them in order."""
    return "$" + "".join(map(segment_text, path))


def segment_text(segment: Segment) -> str:
    """Show one segment as it appears in the text of a path."""
    match segment:
        case str():
            plain = _SHORTHAND.fullmatch(segment) and segment.isprintable()
            return f".{segment}" if plain else f"['{_escaped(segment)}']"
        case int():
            return f"[{segment}]"
        case Member(fields, assumed):
            return "[?" + " && ".join(_term(name, value, name in assumed) for name, value in fields) + "]"
        case Order():
            return " (order)"


def _term(name: str, value: str, assumed: bool) -> str:
    field = f"@{segment_text(name)}"
    return f"(!{field} || {field}=={value})" if assumed else f"{field}=={value}"


def _escaped(name: str) -> str:
    if name.isprintable() and "'" not in name and "\\" not in name:
        return name
    return "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in name)


def _escape(character: str) -> str:
    """Write a character as JSON's escapes do, in two halves beyond the BMP, so that no name can steer a terminal."""
    code = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[start : start + 4]}" for start in range(0, len(code), 4))


def key_text(scalar: None | bool | int | float | Decimal | str) -> str:
    """Write a scalar as a literal of RFC 9535; strictly different values have different texts."""
    match scalar:
        case None:
            return "null"
        case bool():
            return "true" if scalar else "false"
        case str():
            return f"'{_escaped(scalar)}'"
        case int():
            return format(Decimal(scalar), "f")  # unlike str(int), not limited to 4300 digits
        case _:
            return repr(scalar) if isinstance(scalar, float) else str(scalar)


class PathError(ValueError):
    """A text that is no path; the message says at which character and what was expected."""


@cache  # compiling takes milliseconds, and most processes read no path
def _tokens() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give the expressions for one segment, and for one term of a filter."""
    key = rf"@(?:\.(?P<name>{NAME})|\[(?P<quoted>{QUOTED})\])\s*==\s*(?P<value>{QUOTED}|[-+.0-9Ee]+|true|false|null)"
    bare = re.sub(r"\?P<\w+>", "?:", key)
    field = rf"@(?:\.{NAME}|\[(?:{QUOTED})\])"
    term = rf"(?:{bare}|\(\s*!{field}\s*\|\|\s*{bare}\s*\))"
    segment = rf"""\.(?P<name>{NAME})
        | \[\s*(?P<quoted>{QUOTED})\s*\]
        | \[\s*(?P<index>0|[1-9][0-9]{{0,17}})\s*\]
        | \[\?\s*(?P<terms>{term}(?:\s*&&\s*{term})*)\s*\]
        | (?P<order>\ \(order\))\Z"""
    return re.compile(segment, re.VERBOSE), re.compile(rf"(?P<assumed>!{field}\s*\|\|\s*)?{key}")


def parse_path(text: str) -> Path:
    """Read the path of one value, as `path_text` shows it or as people type it. Raises PathError."""
    if not text.startswith("$"):
        raise PathError("a path starts with '$', the whole document")
    return tuple(_segments(text))


def _segments(text: str) -> Iterator[Segment]:
    expression, _ = _tokens()
    position = 1
    while position < len(text):
        token = expression.match(text, position)
        if token is None:
            raise PathError(
                f"cannot read {text[position : position + 12]!r} at character {position + 1}; "
                "allowed are .name ['a name'] [0] [?@.key=='value']"
            )
        yield _segment(token)
        position = token.end()


def _segment(token: re.Match[str]) -> Segment:
    if token["index"]:
        return int(token["index"])
    if token["order"]:
        return ORDER
    if token["terms"]:
        return _member(token["terms"])
    return _name(token)


def _member(terms: str) -> Member:
    _, key = _tokens()
    parts = list(key.finditer(terms))
    member = Member(
        tuple((_name(part), _literal(part["value"])) for part in parts),
        tuple(_name(part) for part in parts if part["assumed"]),
    )
    if any(part["assumed"] and not _is_of(part["assumed"], _name(part)) for part in parts):
        raise PathError(f"in [?{terms}] one field may be absent and another is compared")
    return member


def _is_of(assumed: str, name: str) -> bool:
    """Tell whether `!@.field ||` speaks of this field."""
    field = assumed[: assumed.rindex("||")].rstrip().removeprefix("!@")
    return (unquoted(field[1:-1]) if field.startswith("[") else field.removeprefix(".")) == name


def _name(token: re.Match[str]) -> str:
    return unquoted(token["quoted"]) if token["quoted"] else str(token["name"])


def _literal(text: str) -> str:
    return key_text(unquoted(text)) if text[0] in "'\"" else text


def unquoted(quoted: str) -> str:
    """Read a quoted name: escapes as in JSON, and an escaped single quote inside single quotes. Raises PathError."""
    body = quoted[1:-1]
    if quoted[0] == "'":
        body = re.sub(r'\\(.)|(")', _single_to_double, body)
    try:
        name = json.loads(f'"{body}"')
        name.encode()
    except ValueError as error:
        raise PathError(f"the quoted name {quoted} has a bad escape") from error
    return str(name)


def _single_to_double(part: re.Match[str]) -> str:
    if part[2]:
        return '\\"'
    return "'" if part[1] == "'" else part[0]
