"""From the bytes of a shard to what it changed, parsing only what differs from the base.

Law: `read_edit(layout, data, read)` is what `diff(base, read())` is, where `read` is a strict reader of the data: the
same edit with the same order of keys, or the same InvalidJson.

Why it holds: where the shard's bytes are those of the base in some style, except that the text of some values is
another text that is strictly one JSON value, and that members or items stand behind the last of an object or list,
the shard is strict JSON that says just these changes. How those texts were found need not be trusted, so the style
and the end of each text are guessed. A guess that was wrong leads to a larger piece of the shard, up to all of it:

    guess                                         is wrong where                        then
    a scalar is all that differs in its object    the object goes on otherwise          nothing is settled yet
    a value ends as a scalar does, or before      it is no JSON, or another difference  its branch is taken whole,
      what follows it in the base                   stands right behind it                as a value that differs
    more is behind the last value of a branch,    it is no JSON, or has a name again    the shard is read whole
      up to what follows that in the base         another difference stands behind it   its branch is taken whole
    the style, and that differences are few       the root would be taken whole, or     the shard is read whole
                                                    there are many

A shard that is read whole is written in the canonical style and compared again, in case only its style was its own; one
that lacks or shuffles members goes to the plain `diff`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

import orjson

from shardflow.model.changes import Edit
from shardflow.model.diff import diff
from shardflow.model.values import MAX_DEPTH, Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.changed import Changed, Unaligned
from shardflow.storage.json.layout import Layout, Lines
from shardflow.storage.json.strict import collector_paused, scan_json
from shardflow.storage.json.style import CANONICAL, Style, probable_style


def read_edit(layout: Layout, data: bytes, read: Callable[[], Json]) -> Edit | None:
    """Read what a shard changed; None if nothing. `read` reads all of it strictly, and what it raises is raised here.

    Cost: comparing bytes, and parsing what differs; for a shard of another shape than the base, reading all of it.
    """
    with collector_paused():
        try:
            return aligned_edit(layout, data)
        except Unaligned:
            value = read()
        text = written_bytes(value)
        try:
            return (
                diff(layout.value, value) if text == data else _Comparison(layout, layout.lines(CANONICAL), text).edit()
            )
        except Unaligned:
            return diff(layout.value, value)


def aligned_edit(layout: Layout, data: bytes) -> Edit | None:
    """Read what a shard changed whose bytes line up with those of the base in its style. Raises Unaligned."""
    return _edit(layout, probable_style(data), data)


def _edit(layout: Layout, style: Style, data: bytes) -> Edit | None:
    return _Comparison(layout, layout.lines(style), data).edit()


_STEP: Final = 128
_LONGEST_STEP: Final = 1 << 16
_DENSE: Final = 512
"""Bytes a difference: where differences stand closer on the whole, parsing everything is faster."""
_SMALL: Final = 512
"""Bytes of an object or list up to which reading all of it is as fast as finding two differences in it."""
_APART: Final = 128
"""Bytes that two differences are apart, from which on the next is more likely to be the only one in its object."""
_VAIN: Final = 16
"""How many times the length of a shard may be searched for what is not there: finding costs a small part of parsing."""
_SPACE: Final = b" \t\r\n"
_SCALAR: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,\]}]+')
_NEXT: Final = re.compile(rb'[\s\]},]*(?:"[^"\\]*(?:\\.[^"\\]*)*"\s*:|.)?')
"""What follows a value, up to where another begins."""


class _Comparison:
    """One walk along the text of the base in a style and the bytes of a shard: all before `here` and `there` is equal,
    or was told to the branches around it.

    `_open` are the branches that the last difference stood in, from the root on. `_in_vain` are the bytes that were
    searched for what is not there: bounded, so that all of it stays linear whatever the shard holds.
    """

    def __init__(self, layout: Layout, lines: Lines, data: bytes) -> None:
        self._lines = lines
        self._text = lines.text
        self._data = data
        self._here = 0
        self._there = 0
        self._gap = 0
        self._in_vain = 0
        self._open = [Changed(layout.root, 0, 0, lines.end, 0, None)]

    def edit(self) -> Edit | None:
        """Give the edit that the differences make. Raises Unaligned."""
        for _ in range(64 + len(self._text) // _DENSE):
            self._skip_equal()
            if self._here >= self._lines.end:
                return self._finished()
            self._settle_difference()
        raise Unaligned

    def _finished(self) -> Edit | None:
        if self._data[self._there :].strip(_SPACE):
            raise Unaligned
        while len(self._open) > 1:
            self._close()
        return self._open[0].edit()

    def _close(self) -> None:
        closed = self._open.pop()
        closed.close(self._open[-1])

    def _skip_equal(self) -> None:
        """Go to the next difference, by steps that double and then halve (Bentley and Yao 1976: galloping)."""
        start, end, text, data = self._here, self._lines.end, self._text, self._data
        shift, here, is_equal = self._there - start, start, data.startswith
        step = _STEP if self._gap < _STEP else 8 * _STEP
        while here < end and is_equal(text[here : here + step], here + shift):
            here += step
            if step < _LONGEST_STEP:
                step += step
        while step > _STEP and here < end:
            step >>= 1
            if is_equal(text[here : here + step], here + shift):
                here += step
        if here < end:
            here += _common(text[here : here + step], data[here + shift : here + shift + step])
        self._here = here = min(here, end)
        self._there = here + shift
        self._gap = here - start

    def _settle_difference(self) -> None:
        """Say which value the next difference belongs to, and go behind that."""
        here, lines, still_open = self._here, self._lines, self._open
        while here >= still_open[-1].last and len(still_open) > 1:
            self._close()
        line = bisect_right(lines.starts, here) - 1
        while True:
            inside = still_open[-1]
            branch = inside.branch
            place = branch.place(line)
            if place < 0:  # in front of all values
                return self._replace_branch()
            if self._gap > _APART and self._is_sole_member_settled(inside, place, line):
                return None
            first, last = lines.span(branch, place)
            inner = branch.inner(place) if first < here < last and last - first > _SMALL else None
            if inner is None:
                return self._settle(inside, place, first, last)
            still_open.append(Changed(inner, place, first, last, first - here + self._there, inside))

    def _is_sole_member_settled(self, inside: Changed, place: int, line: int) -> bool:
        """Settle a difference that is one scalar in an object of scalars, if that is the only one in it."""
        member = self._lines.member(inside.branch, place, line)
        if member is None:
            return False
        name, first, last, behind = member
        scalar = _SCALAR.match(self._data, first - self._here + self._there) if first <= self._here else None
        rest = self._text[last:behind]
        if scalar is None or not self._data.startswith(rest, scalar.end()):
            return False
        try:
            inside.replace_member(place, name, _parsed_scalar(scalar[0]))
        except Unaligned:
            return False
        self._here, self._there = behind, scalar.end() + len(rest)
        return True

    def _settle(self, inside: Changed, place: int, first: int, last: int) -> None:
        """Settle a difference in a branch, at or behind a place of it, or in the name that stands before it.

        What begins right behind the value says what became of it: with a comma, where the base has no more, more was
        added; with neither a comma nor a line end, the value goes on, as 12 does where the base has 1. Neither can
        happen again to what was just taken from the shard (`is_extended`, `touched`): there the end was guessed wrong.
        """
        here = self._here
        if first <= here < last:
            return self._replace(inside, place, last, first - here + self._there)
        if here == last:
            sign = self._data[self._there : self._there + 1]
            if sign == b"," and place + 1 == len(inside.branch.items) and not inside.is_extended:
                return self._extend(inside, last)
            if inside.touched != place and sign not in (b",", b"\n"):
                return self._replace(inside, place, last, first - here + self._there)
        return self._replace_branch()

    def _replace_branch(self) -> None:
        """Take a whole branch from the shard, with whatever was found inside of it before."""
        branch = self._open.pop()
        if not self._open:
            raise Unaligned
        self._replace(self._open[-1], branch.place, branch.last, branch.start)

    def _replace(self, inside: Changed, place: int, last: int, start: int) -> None:
        """Take the value at a place from the shard, where it begins at `start`."""
        try:
            end = self._end_of_value(start, last)
            inside.replace(place, _parsed(self._data[start:end], inside.branch.depth + 1))
        except Unaligned:
            self._replace_branch()
        else:
            self._here, self._there = last, end

    def _extend(self, inside: Changed, last: int) -> None:
        """Take what stands behind the last value of a branch from the shard."""
        end = self._next(last, self._there)
        opening, closing = (b"{", b"}") if inside.branch.names else (b"[", b"]")
        added = _parsed(opening + self._data[self._there + 1 : end] + closing, inside.branch.depth)
        if not isinstance(added, dict | list):
            raise Unaligned
        inside.extend(added)
        self._there = end

    def _end_of_value(self, start: int, last: int) -> int:
        """Guess where a value ends that begins at `start` of the shard, and at `last` of the base ended."""
        if self._data[start : start + 1] in (b"{", b"["):
            return self._next(last, start)
        scalar = _SCALAR.match(self._data, start)
        if scalar is None:
            raise Unaligned
        return scalar.end()

    def _next(self, last: int, start: int) -> int:
        """Guess where in the shard, from `start` on, that stands which follows `last` in the base."""
        following = _NEXT.match(self._text, last)
        if following is None or not following[0]:
            raise Unaligned
        if following.end() >= self._lines.end:
            found = len(self._data.rstrip(_SPACE)) - len(following[0].rstrip(_SPACE))
        elif self._in_vain > _VAIN * len(self._data):
            raise Unaligned
        else:
            found = self._data.find(following[0], start)
            self._in_vain += len(self._data) - start if found < 0 else 0
        if found <= start:
            raise Unaligned
        return found


def _common(one: bytes, other: bytes) -> int:
    """Count the bytes that two short texts have in common at their beginnings."""
    if len(one) != len(other):
        length = min(len(one), len(other))
        one, other = one[:length], other[:length]
    return len(one) - ((int.from_bytes(one) ^ int.from_bytes(other)).bit_length() + 7) // 8


def _parsed_scalar(text: bytes) -> Json:
    """Read a text that is no object or list. Raises Unaligned in every doubt."""
    try:
        value: Json = orjson.loads(text)
        return value if orjson.dumps(value) == text else scan_json(text)  # orjson loses some in silence
    except (ValueError, TypeError):
        raise Unaligned from None


def _parsed(text: bytes, depth: int) -> Json:
    """Read a text that stands inside of `depth` objects and lists. Raises Unaligned in every doubt."""
    if text[:1] not in (b"{", b"["):
        return _parsed_scalar(text)
    try:
        value: Json = orjson.loads(text)
        written = orjson.dumps(value, option=orjson.OPT_INDENT_2)
        if b"\n" + b"  " * (MAX_DEPTH - depth) in written:
            raise Unaligned
        kept = written.translate(None, _SPACE) == text.translate(None, _SPACE)
        return value if kept else scan_json(text)  # what orjson loses in silence is missing when it writes
    except (ValueError, TypeError, RecursionError):
        raise Unaligned from None
