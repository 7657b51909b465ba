"""Writing YAML that people read and edit, and that loses nothing.

Law: `parse_yaml(yaml_bytes(value)).value` is the same as `value`, its keys in the same order.

Objects and lists stand in blocks, short ones on one line. Every scalar is JSON but for texts that mean the same plain
to any reader of YAML; JSON's texts are YAML's in double quotes. Long keys stand behind `? `, which YAML 1.2 asks for
beyond 1,024 characters (section 7.4.2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from shardflow.errors import InvalidYaml
from shardflow.model.documents import Problem
from shardflow.model.values import Json, flaw
from shardflow.storage.json.exact_numbers import number_text

_WIDTH: Final = 100
"""Columns up to which an object or list stands on one line."""

_LONGEST_KEY: Final = 200
"""Characters of a written key up to which it stands before its value."""

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$/-]*(?: [A-Za-z0-9_.$/()-]+)*")
_WORDS: Final = {"null", "true", "false", "yes", "no", "on", "off"}
"""What readers of YAML 1.2 or 1.1 take for something else than a text, in any case of letters."""

_UNREADABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON leaves as it is and YAML does not read raw."""


def yaml_bytes(value: Json) -> bytes:
    """Write a value. Raises InvalidYaml for what is no JSON value, has too many digits or is nested too deep."""
    problem = flaw(value)
    try:
        text = None if problem else "\n".join(_block(value, "")) + "\n"
    except ValueError as error:
        problem = str(error)
    if problem or text is None:
        raise InvalidYaml([Problem("value to write", None, str(problem))])
    return text.encode()


def _block(value: Json, indent: str) -> Iterator[str]:
    """Give the lines of a value, each behind its indentation."""
    match value:
        case dict() if value:
            for name, item in value.items():
                yield from _member(name, item, indent)
        case list() if value:
            for item in value:
                yield from _item(item, indent)
        case _:
            yield indent + _flow(value)


def _member(name: str, item: Json, indent: str) -> Iterator[str]:
    key = _text(name)
    if len(key) > _LONGEST_KEY:
        yield f"{indent}? {key}"
        key = ""
    line = _short(item, _WIDTH - len(indent) - len(key) - 2)
    if line is not None:
        yield f"{indent}{key}: {line}"
    else:
        yield f"{indent}{key}:"
        yield from _block(item, indent + "  ")


def _item(item: Json, indent: str) -> Iterator[str]:
    line = _short(item, _WIDTH - len(indent) - 2)
    lines = [line] if line is not None else [inner[len(indent) + 2 :] for inner in _block(item, indent + "  ")]
    yield f"{indent}- {lines[0]}"
    yield from (f"{indent}  {inner}" for inner in lines[1:])


def _short(value: Json, room: int) -> str | None:
    """Give a value on one line, or None for an object or list that has no room there."""
    if not isinstance(value, dict | list) or not value:
        return _flow(value)
    if _size(value, room) > room:
        return None
    line = _flow(value)
    return line if len(line) <= room else None


def _size(value: Json, room: int) -> int:
    """Give at least how many characters a value takes on one line; counting ends where there is no room for more."""
    match value:
        case dict() | list():
            size = 2 * len(value)
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            for item in inner if size <= room else ():
                size += _size(item, room)
                if size > room:
                    break
            return size
        case str():
            return len(value)
        case _:
            return 1


def _flow(value: Json) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_text(name)}: {_flow(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return _text(value)
        case bool() | None:
            return json.dumps(value)
        case int() | Decimal():
            return number_text(value)
        case _:
            return repr(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _UNREADABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
