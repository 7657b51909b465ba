r"""Secrets in JSON texts, however these escape them: `hunter2` may be written `\u0068unter2`, also in what is no JSON.

Law: every spelling that a JSON text has for a value (or for a line of it) is found, and nothing but that is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from shardflow.execution.secrets.masking import Mask, parts, with_masks

_SHORT: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", '"': '\\"', "\\": "\\\\", "/": "\\/"}


class ShardMask:
    """Masks whole shards: secrets as they stand, in any form that a stream masks, and escaped."""

    __slots__ = ("_as_it_stands", "_escaped")

    def __init__(self, mask: Mask, secrets: Iterable[tuple[str, bytes]]) -> None:
        self._as_it_stands = mask
        self._escaped = [(name, _spellings(part)) for name, value in secrets for part in parts(value)]

    def found_in(self, data: bytes) -> str | None:
        """Give the name of a secret that stands in these bytes, None if none does."""
        found = self._as_it_stands.found_in(data)
        if found is not None or b"\\" not in data:
            return found
        return next((name for name, spellings in self._escaped if spellings.search(data)), None)

    def masked(self, data: bytes) -> bytes:
        """Mask whole bytes."""
        escaped = self._escaped if b"\\" in data else ()
        spelt = [found.span() for _, spellings in escaped for found in spellings.finditer(data)]
        return with_masks(data, self._as_it_stands.places(data, spelt))


def _spellings(value: bytes) -> re.Pattern[bytes]:
    """Give what matches a value with any of its characters escaped: the whole of an escape, where it ends in one."""
    return re.compile(b"".join(map(_character, value.decode("utf-8", "surrogateescape"))))


def _character(one: str) -> bytes:
    units = one.encode("utf-16-be", "surrogatepass").hex()
    long = "".join(f"\\\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
    plain = dict.fromkeys((_SHORT.get(one, one), one))
    choices = [re.escape(text.encode("utf-8", "surrogateescape")) for text in plain]
    return b"(?:" + b"|".join([b"(?i:" + long.encode() + b")", *choices]) + b")"
