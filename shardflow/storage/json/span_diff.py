"""From the bytes of a shard to what it changed, parsing only what differs from the base.

Law: `read_edit(layout, data, read)` is what `diff(base, read())` is, where `read` is a strict reader of the data: the
same edit with the same order of keys, or the same InvalidJson.

Why it holds: where the shard's bytes are the base's, except that the text of some values is another text that is
strictly one JSON value, and that members or items stand behind the last of an object or list, the shard is strict
JSON that says just these changes. How those texts were found need not be trusted, so it is a guess by lines, as
`jq`, `json.dumps(indent=2)` and others write them. Whatever does not fit is read whole: a shard in another
format is written in the canonical one and compared again, one that lacks or shuffles members goes to the plain `diff`.

The search for the next difference gallops (Bentley and Yao 1976: steps that double, then halve).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Final, TypeAlias

from shardflow.model.changes import Edit
from shardflow.model.diff import diff
from shardflow.model.values import Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.layout import Branch, line_break
from shardflow.storage.json.patches import Patch, Unaligned, edit_of
from shardflow.storage.json.strict import collector_paused

Trail: TypeAlias = list[tuple[Branch, int]]
"""The way to a value: each branch from the root on, with the place in it."""


def read_edit(layout: Branch, data: bytes, read: Callable[[], Json]) -> Edit | None:
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
            return diff(layout.value, value) if text == data else aligned_edit(layout, text)
        except Unaligned:
            return diff(layout.value, value)


def aligned_edit(layout: Branch, data: bytes) -> Edit | None:
    """Read what a shard changed whose bytes line up with the base's. Raises Unaligned where they do not."""
    return edit_of(layout, _Comparison(layout, data).patches(), data)


_STEP: Final = 128
_LONGEST_STEP: Final = 1 << 16
_DENSE: Final = 1024
"""Bytes a difference: where differences stand closer on the whole, parsing everything is faster."""
_SMALL: Final = 2048
"""Bytes of an object or list up to which reading all of it is faster than finding two differences in it."""
_SPACE: Final = b" \t\r\n"


class _Comparison:
    """One walk along the bytes of base and shard; all before `here` and `there` is equal or in a patch."""

    def __init__(self, layout: Branch, data: bytes) -> None:
        self._layout = layout
        self._text = layout.text
        self._data = data
        self._here = 0
        self._there = 0
        self._patches: list[Patch] = []

    def patches(self) -> list[Patch]:
        """Give what differs, in order. Raises Unaligned."""
        for _ in range(64 + len(self._text) // _DENSE):
            self._skip_equal()
            if self._here >= self._layout.last:
                if self._data[self._there :].strip(_SPACE):
                    raise Unaligned
                return self._patches
            self._settle_difference()
        raise Unaligned

    def _skip_equal(self) -> None:
        start, here, last, step = self._here, self._here, self._layout.last, _STEP
        shift = self._there - start
        text, starts_with = self._text, self._data.startswith
        while here < last and starts_with(text[here : here + step], here + shift):
            here += step
            step = min(2 * step, _LONGEST_STEP)
        while here < last and step > 1:
            step >>= 1
            if starts_with(text[here : here + step], here + shift):
                here += step
        self._here = min(here, last)
        self._there = self._here + shift

    def _settle_difference(self) -> None:
        """Say which value the next difference belongs to, and go behind that."""
        here, branch = self._here, self._layout
        trail: Trail = []
        while True:
            place = bisect_right(branch.starts(), here) - 1
            inner = branch.inner(place) if place >= 0 else None
            if inner is None or not inner.first < here < inner.last:
                return self._settle(trail, branch, place)
            trail.append((branch, place))
            branch = inner

    def _settle(self, trail: Trail, branch: Branch, place: int) -> None:
        """Settle a difference in a branch, at or behind a place of it, or before all of them."""
        first, last = branch.span(place) if place >= 0 else (branch.last, branch.last)
        if self._here >= last > first:
            self._settle_behind(trail, branch, place, self._here == last)
        elif self._here >= first:
            self._replace(trail if self._is_second_in(branch) else [*trail, (branch, place)])
        else:  # another name, or another shape
            self._replace(trail)

    def _is_second_in(self, branch: Branch) -> bool:
        """Tell whether another value of this small branch differs too: it is then read whole, sooner than each."""
        before = self._patches[-1] if self._patches else None
        return before is not None and before.trail[-1][0] is branch and 0 < branch.last - branch.first < _SMALL

    def _settle_behind(self, trail: Trail, branch: Branch, place: int, adjacent: bool) -> None:
        """Settle a difference behind a value: more of the value, members or items added, or something else."""
        sign = self._data[self._there : self._there + 1]
        before = self._patches[-1] if self._patches and self._patches[-1].last == self._here else None
        if sign == b"," and adjacent and place + 1 == len(branch.items) and not (before and before.added):
            return self._append([*trail, (branch, place)], branch.depth)
        if adjacent and before is None and sign not in (b",", b"\n"):
            trail.append((branch, place))
        return self._replace(trail)

    def _replace(self, trail: Trail) -> None:
        """Take the whole value at the end of the trail from the shard, with whatever was found inside of it before."""
        if not trail:
            raise Unaligned
        branch, place = trail[-1]
        first, last = branch.span(place)
        while self._patches and self._patches[-1].first >= first:
            self._patches.pop()
        shift = self._patches[-1].end - self._patches[-1].last if self._patches else 0
        end = self._end_of_value(first + shift, branch.depth + 1)
        self._take(Patch(tuple(trail), first, last, first + shift, end, added=False))

    def _append(self, trail: Trail, depth: int) -> None:
        end = self._line_at(line_break(depth) + (b"}" if trail[-1][0].names else b"]"), self._there)
        self._take(Patch(tuple(trail), self._here, self._here, self._there, end, added=True))

    def _take(self, patch: Patch) -> None:
        if patch.end <= patch.start:
            raise Unaligned
        self._patches.append(patch)
        self._here, self._there = patch.last, patch.end

    def _end_of_value(self, start: int, depth: int) -> int:
        """Guess where a value of the shard ends: with its line, or where the object or list it opens is closed."""
        end = self._line_at(b"\n", start)
        opening = self._data[end - 1 : end]
        if opening in (b"{", b"["):
            closing = line_break(depth) + (b"}" if opening == b"{" else b"]")
            return self._line_at(closing, end) + len(closing)
        return end - (opening == b",")

    def _line_at(self, line: bytes, start: int) -> int:
        found = self._data.find(line, start)
        if found < 0:
            raise Unaligned
        return found
