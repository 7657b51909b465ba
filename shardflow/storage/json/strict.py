"""Strict JSON (RFC 8259) from bytes: whatever would be lost in silence is refused with its place.

Law: every accepted text has exactly one value of our JSON domain, and that value has lost nothing of the text but
white space, escapes and the spelling of numbers. Duplicate keys, NaN and infinities, numbers that overflow, lone
surrogates, a byte order mark, other encodings than UTF-8 and nesting beyond `MAX_DEPTH` are refused.

Three readers, one law. orjson, the fastest, is believed only where its value, written again, is the text itself.
The C scanner of the standard library with hooks reads every strict text but those with enormous integers. A text it
refuses goes to the slow reader that can say what is wrong. Numbers are read as `exact_numbers` describes.
"""

from __future__ import annotations

import gc
import json
import re
from typing import Final, NoReturn

from shardflow.model.values import MAX_DEPTH, RECORD_DEPTH, Json
from shardflow.storage.json.exact_numbers import exact_decimal

_LARGE: Final = 8192
"""From this many bytes on orjson saves more time than importing it costs."""


def parse_json(data: bytes, source: str) -> Json:
    """Read one JSON document; `source` names it in the problems. Raises InvalidJson with every problem found."""
    return _read(data, source, MAX_DEPTH)


def parse_record(data: bytes, source: str) -> Json:
    """Read what `record_bytes` wrote, as `parse_json` reads a document."""
    return _read(data, source, RECORD_DEPTH)


def _read(data: bytes, source: str, deepest: int) -> Json:
    with collector_paused():
        try:
            return scan_json(data, deepest)
        except (ValueError, RecursionError):
            from shardflow.storage.json.diagnosis import diagnose  # only ever needed for a text that is refused

            return diagnose(data, source, deepest)


class collector_paused:  # noqa: N801
    """Let no garbage be searched for while values are only made: saves a third, and more the more is in memory."""

    __slots__ = ("_running",)

    def __enter__(self) -> None:
        self._running = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._running:
            gc.enable()


def scan_json(data: bytes, deepest: int = MAX_DEPTH) -> Json:
    """Read a text with the fastest reader that loses nothing of it.

    Raises ValueError or RecursionError where none can, be it strict JSON or not; `parse_json` then knows more.
    """
    escapes = b"\\" in data and b"\\u" in data  # one character is found much faster than two
    if len(data) >= _LARGE and not escapes:
        exact = _lossless(data, deepest)
        if not isinstance(exact, _Lossy):
            return exact
    value: Json = _DECODER.decode(data.decode())
    if (escapes and _has_lone_surrogate(data)) or _is_too_deep(data, deepest):
        raise ValueError
    return value


class _Lossy:
    """The type of `_LOSSY`: this reader may have lost something."""


_LOSSY: Final = _Lossy()


def _lossless(data: bytes, deepest: int) -> Json | _Lossy:
    """Read with orjson, which rounds numbers and drops duplicate keys in silence: what it lost is missing again
    when it writes. White space is left out of the comparison on both sides, so it never hides a difference.
    Raises ValueError for a text nested too deep.
    """
    import orjson  # larger than all the rest of this module

    try:
        value: Json = orjson.loads(data)
        written = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _LOSSY
    if data.rstrip() != written and written.translate(None, _SPACE) != data.translate(None, _SPACE):
        return _LOSSY
    if _DEEP in written and _is_too_deep(written, deepest):
        raise ValueError
    return value


_DEEP: Final = b"\n" + b"  " * MAX_DEPTH
"""How a line begins that stands inside of `MAX_DEPTH` objects and lists, where these are written with this indent."""
_SPACE: Final = b" \t\r\n"


def _distinct(members: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(members)
    if len(made) != len(members):
        raise ValueError
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_distinct, parse_float=exact_decimal, parse_constant=_refuse)

_ESCAPE: Final = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|.)")
"""One escape of a valid text; the group holds the start of a surrogate that has no partner."""


def _has_lone_surrogate(data: bytes) -> bool:
    return (b"\\ud" in data or b"\\uD" in data) and any(_ESCAPE.findall(data))


def _is_too_deep(data: bytes, deepest: int) -> bool:
    """Tell whether a valid text is nested too deep, without looking at its values."""
    if data.count(b"[") + data.count(b"{") <= deepest:
        return False
    rest = _brackets(data)
    for _ in range(deepest):
        if not rest:
            return False
        rest = rest.replace(b"()", b"")  # the innermost level, everywhere
    return bool(rest)


def _brackets(data: bytes) -> bytes:
    """Give the brackets of a valid text, those inside of texts left out, all of them as round ones."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    kept = data.translate(_ROUND, _OTHERS).replace(b'""', b"")  # two quotes gone: nothing else changes sides
    return b"".join(kept.split(b'"')[::2])


_ROUND: Final = bytes.maketrans(b"[{]}", b"(())")
_OTHERS: Final = bytes(set(range(256)) - set(b'[]{}"'))
