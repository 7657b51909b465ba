"""The layout of a JSON file that people keep: found in its bytes, given to canonical bytes.

Law: `restyled` changes white space between tokens and nothing else, so the value stays the same; and canonical bytes
in any style, restyled once more in the style found in them, stay byte for byte as they are. What is no matter of
white space between tokens (escapes, the spelling of numbers, lists kept on one line among many) follows the canonical
form.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from shardflow.model.records import record, replaced


@record
class Style:
    """How a file is laid out. `indent` is one level's white space, None for all on one line, where the gaps count."""

    indent: str | None = "  "
    after_comma: str = " "
    after_colon: str = " "
    newline: str = "\n"
    final_newline: bool = True

    def in_lines(self) -> Style:
        """Give the style for a text that needs lines of its own."""
        return replaced(self, indent="  " if self.indent is None else self.indent, final_newline=True)


CANONICAL: Final = Style()

_FIRST_INDENT: Final = re.compile(rb"\s*[\[{][ \t]*\r?\n([ \t]*)[^\s]")
_TEXT: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_INDENT: Final = re.compile(rb"^ +", re.MULTILINE)
_KEY: Final = re.compile(rb'^( *"[^"\\]*(?:\\.[^"\\]*)*"): ', re.MULTILINE)


def style_of(data: bytes) -> Style:
    """Find the style of a valid JSON text; where it shows none, the canonical one."""
    newline = "\r\n" if b"\r\n" in data else "\n"
    final = data.endswith(b"\n") or not data.strip()
    found = Style(newline=newline, final_newline=final)
    if first := _FIRST_INDENT.match(data):
        return replaced(found, indent=first[1].decode())
    skeleton = _TEXT.sub(b'""', data.strip())
    if b"\n" in skeleton or not skeleton.startswith((b"[", b"{")) or len(skeleton) == len(b"[]"):
        return found
    return replaced(found, indent=None, after_comma=_gap(skeleton, b","), after_colon=_gap(skeleton, b":"))


def _gap(skeleton: bytes, after: bytes) -> str:
    return "" if after in skeleton and after + b" " not in skeleton else " "


def restyled(canonical: bytes, style: Style) -> bytes:
    """Lay canonical bytes out in a style."""
    return canonical if style == CANONICAL else b"".join(restyled_lines(canonical, style))


def restyled_lines(canonical: bytes, style: Style) -> list[bytes]:
    """Lay canonical bytes out in a style, one piece for each of their lines. No text of JSON holds a raw line end, so
    a line never starts inside one.
    """
    body = canonical.removesuffix(b"\n")
    if style.indent is None:
        lines = _on_one_line(body, style)
    else:
        unit = style.indent.encode()
        if style.indent != CANONICAL.indent:
            body = _INDENT.sub(lambda spaces: unit * (len(spaces[0]) // 2), body)
        end = style.newline.encode()
        lines = [line + end for line in body.split(b"\n")]
        lines[-1] = lines[-1].removesuffix(end)
    if style.final_newline:
        lines[-1] += style.newline.encode()
    return lines


def _on_one_line(body: bytes, style: Style) -> list[bytes]:
    if not style.after_colon:
        body = body.replace(b'": ', b'":') if _only_keys_end_so(body) else _KEY.sub(rb"\1:", body)
    lines = b"\n".join(map(bytes.lstrip, body.split(b"\n")))
    return lines.replace(b",\n", b",%s\n" % style.after_comma.encode()).split(b"\n")


def _only_keys_end_so(body: bytes) -> bool:
    """Tell whether no quote but one that ends a key can have a colon and a space behind it: it then need not be looked
    for line by line. A text that begins so has a space before its quote, one that holds it a backslash.
    """
    return body.startswith(b"{") and b' ": ' not in body and b'\\": ' not in body


_BEGINNING: Final = re.compile(rb'\s*\{([ \t]*\r?\n[ \t]*)?"[^"\\]*(?:\\.[^"\\]*)*":( ?)')


def probable_style(data: bytes) -> Style:
    """Guess the style of a text, of which nothing is known, from how it begins; the canonical one in doubt."""
    found = None if data.startswith(b'{\n  "') else _BEGINNING.match(data)
    return CANONICAL if found is None else _beginning_so(found[1], found[2].decode())


@lru_cache(maxsize=16)
def _beginning_so(broken: bytes | None, gap: str) -> Style:
    if broken is None:
        return Style(indent=None, after_comma=gap, after_colon=gap)
    newline = "\r\n" if b"\r" in broken else "\n"
    return Style(indent=broken.rpartition(b"\n")[2].decode(), newline=newline)
