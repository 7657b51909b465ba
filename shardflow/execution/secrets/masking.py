"""The mask: byte streams in which no secret is left readable, however they are cut into pieces.

Law: whatever the pieces, what comes out is the stream with every occurrence of every form of a secret replaced by
`***`, and nothing else changed. Forms are the value itself, its lines if it has several, and what it becomes inside a
JSON text, inside a URL, and in base64 at each of the three places where its first byte may fall. A part of a value, or
one encoded otherwise, is not recognised.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Final

MASKED: Final = b"***"
SHORTEST: Final = 6
"""Bytes of a form: to mask shorter ones would mask ordinary text."""

_TO_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class Mask:
    """Knows the forms of secrets, given as name and value."""

    __slots__ = ("_firsts", "_forms", "_longest")

    def __init__(self, secrets: Iterable[tuple[str, bytes]]) -> None:
        self._forms = {form: name for name, value in secrets for form in forms(value)}
        self._firsts = {form[0] for form in self._forms}
        self._longest = max(map(len, self._forms), default=0)

    def found_in(self, data: bytes) -> str | None:
        """Give the name of a secret that stands in these bytes, None if none does."""
        return next((name for form, name in self._forms.items() if form in data), None)

    def stream(self) -> MaskedStream:
        """Begin to mask a stream."""
        return MaskedStream(self)

    def places(self, data: bytes, others: Iterable[tuple[int, int]] = ()) -> list[tuple[int, int]]:
        """Give where secrets stand, and `others` do, as ranges in order: those that overlap are one."""
        ranges: list[tuple[int, int]] = []
        for start, end in sorted([*self._occurrences(data), *others]):
            if ranges and start < ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
            else:
                ranges.append((start, end))
        return ranges

    def undecided(self, data: bytes) -> int:
        """Give where the first secret may have begun of which the end is not there yet; the length if none has."""
        for start in range(max(0, len(data) - self._longest + 1), len(data)):
            if data[start] in self._firsts and self._begins(data[start:]):
                return start
        return len(data)

    def _begins(self, rest: bytes) -> bool:
        return any(len(form) > len(rest) and form.startswith(rest) for form in self._forms)

    def _occurrences(self, data: bytes) -> Iterator[tuple[int, int]]:
        for form in self._forms:
            start = data.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = data.find(form, start + 1)


class MaskedStream:
    """One stream being masked. Holds back only what may be the beginning of a secret."""

    __slots__ = ("_held", "_mask")

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece, and give what can be let go, masked."""
        data = self._held + piece
        end = self._mask.undecided(data)
        places = self._mask.places(data)
        # a secret that another one may overlap is let go with it, or not yet
        end = min((start for start, stop in places if start < end < stop), default=end)
        self._held = data[end:]
        return with_masks(data[:end], (place for place in places if place[1] <= end))

    def end(self) -> bytes:
        """Give the rest, masked."""
        data, self._held = self._held, b""
        return with_masks(data, self._mask.places(data))


def with_masks(data: bytes, places: Iterable[tuple[int, int]]) -> bytes:
    """Put a mask in each of these places, which are in order and do not overlap."""
    pieces, done = [], 0
    for start, end in places:
        pieces += [data[done:start], MASKED]
        done = end
    return b"".join([*pieces, data[done:]])


def forms(value: bytes) -> set[bytes]:
    """Give the forms in which a secret is recognised, each of at least `SHORTEST` bytes."""
    plain = parts(value)
    texts = [part.decode("utf-8", "surrogateescape") for part in plain]
    encoded = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in texts for ascii_only in (True, False)}
    encoded |= {urllib.parse.quote(text, safe=safe, errors="surrogateescape") for text in texts for safe in ("", "/")}
    found = plain | {text.encode("utf-8", "surrogateescape") for text in encoded} | set(_in_base64(value))
    return {form for form in found if len(form) >= SHORTEST}


def parts(value: bytes) -> set[bytes]:
    """Give what of a secret is one in itself: the value, and its lines if it has several."""
    return {part for part in (value, value.strip(), *map(bytes.strip, value.splitlines())) if len(part) >= SHORTEST}


def _in_base64(value: bytes) -> Iterator[bytes]:
    """Give the digits that depend on the value alone, for each place of its first byte in a group of three."""
    for before in range(3):
        digits = base64.b64encode(bytes(before) + value)
        first, last = -(-before * 8 // 6), (before + len(value)) * 8 // 6
        yield digits[first:last]
        yield digits[first:last].translate(_TO_URL_SAFE)
