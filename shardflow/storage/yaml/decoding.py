"""From bytes to the text of a document: UTF-8, and nothing raw in it that YAML forbids, or reads in two ways."""

from __future__ import annotations

import re
from typing import Final

from shardflow.errors import InvalidYaml
from shardflow.model.documents import Problem

MAX_PROBLEMS: Final = 50
"""After this many problems reading ends."""

_UNREADABLE: Final = "[^\t\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""What YAML does not allow raw, and the three line breaks that 1.1 folds and 1.2 keeps (U+0085, U+2028, U+2029)."""

_EVERYDAY: Final = b"\t\n\r" + bytes(range(ord(" "), ord("~") + 1))
"""Readable in any case: a text of nothing else is spared the pattern above, which takes 5 ms to compile."""


def decoded(data: bytes, source: str) -> str:
    """Decode a document. Raises InvalidYaml with every character that may not stand there."""
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not valid UTF-8"
        raise InvalidYaml([Problem(source, line, message, hint="save the file as UTF-8")]) from None
    rare = data.translate(None, _EVERYDAY)
    found = [_unreadable(text, source, match) for match in re.finditer(_UNREADABLE, text)] if rare else []
    if found:
        raise InvalidYaml(found[:MAX_PROBLEMS])
    return text


def _unreadable(text: str, source: str, match: re.Match[str]) -> Problem:
    code = ord(match[0])
    hint = f'in double quotes write "\\u{code:04x}"'
    return Problem(source, text.count("\n", 0, match.start()) + 1, f"a raw character U+{code:04X}", hint=hint)
