"""`diff3`: texts by lines and lists by items, merged as version control merges files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby, takewhile
from operator import eq
from typing import Final, TypeAlias

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict, unanimous
from shardflow.merge.strategies.present import is_list, is_text, over_base
from shardflow.model.documents import listed
from shardflow.model.records import record
from shardflow.model.values import Json, frozen

Parts: TypeAlias = list[Json]

_Run: TypeAlias = tuple[int, int, int]
"""Where equal parts begin in the one list and in the other, and how many they are."""

_PAIRS_AT_ONCE: Final = 2**31
"""How many pairs of parts are compared at once: each takes a bit, so 256 MiB."""


@record
class _Part:
    """What is merged, as messages call it, and the number of the first: lines from 1, items from 0 as in paths."""

    name: str
    first: int


_LINE: Final = _Part("line", 1)
_ITEM: Final = _Part("item", 0)


def diff3(site: Site) -> Verdict:
    r"""Merge a text by lines, or a list by items: changes at different places are all taken.

    What it does
        Three-way merge (diff3) of each shard's text or list with what the shards before it made, in rank order, against
        the base. Where two shards changed the same place differently, it is a conflict that says which place and who.
    Why
        Prose, code and ordered lists that several subagents edit in different places.
    Known problems
        For more than two shards this is a left fold in rank order, not one step: with repeated lines another order
        of shards could align them differently. Rank fixes the order, so the result is still the same every time.
        Changes that touch without overlapping count as overlapping. Where nothing stood before, only equal texts agree.
        What is neither a text nor a list, or a list among texts, is a conflict.
        Where equal lines stand in a row it cannot be told which of them was put in or taken out: two shards that each
        put in one more did the same. What two shards move to different places stands at both.
        Where more than 46,000 lines or items lie between a shard's first change and its last, they are parted at one
        that stands there once, and each part is compared for itself; where there is none, they all count as changed.
    Example
        diff3
            base   [1, 2, 3]
            a      [9, 2, 3]
            b      [1, 2, 3, 4]
            gives  [9, 2, 3, 4]
        diff3
            base   "one\ntwo\n"
            a      "ONE\ntwo\n"
            b      "one\ntwo\nthree\n"
            gives  "ONE\ntwo\nthree\n"
    Laws
        commutative (of two shards)
    """
    if any(isinstance(value, str) for value in site.values()):
        return over_base(site, "a text", is_text, lambda base, texts: _merged_texts(site, base, texts))
    return over_base(site, "a text or list", is_list, lambda base, lists: _merged_lists(site, base, lists))


def _merged_texts(site: Site, base: str | None, texts: list[str]) -> Verdict:
    agreed = unanimous(site)
    if base is None or isinstance(agreed, Chosen):
        return agreed
    merged = _folded(site, _LINE, _lines(base), [_lines(text) for text in texts])
    return merged if isinstance(merged, Unsettled) else Combined("".join(map(str, merged)))


def _merged_lists(site: Site, base: Parts | None, lists: list[Parts]) -> Verdict:
    agreed = unanimous(site)
    if base is None or isinstance(agreed, Chosen):
        return agreed
    merged = _folded(site, _ITEM, base, lists)
    return merged if isinstance(merged, Unsettled) else Combined(merged)


def _folded(site: Site, part: _Part, base: Parts, shards: Sequence[Parts]) -> Parts | Unsettled:
    """Fold shards in rank order; gives the parts, or the reason why not.

    Parts are merged as tokens, the same token for strictly equal parts.
    """
    tokens: dict[Hashable, str] = {}
    parts: dict[str, Json] = {}

    def tokenized(items: Parts) -> list[str]:
        for item in items:
            token = tokens.setdefault(frozen(item), str(len(tokens)))
            parts.setdefault(token, item)
        return [tokens[frozen(item)] for item in items]

    start, sides = tokenized(base), [tokenized(shard) for shard in shards]
    made = sides[0]
    for rank, side in enumerate(sides[1:], start=1):
        merged = _three_way(start, made, side)
        if isinstance(merged, range):
            others = [other for other in range(rank) if _clash(_three_way(start, sides[other], side), merged)]
            names = [site.candidates[who].shard for who in (*(others or range(rank)), rank)]
            return Unsettled(f"{listed(names)} {_what(merged, len(base), part)}")
        made = merged
    return [parts[token] for token in made]


def _three_way(base: list[str], one: list[str], other: list[str]) -> list[str] | range:
    """Give what comes of both, or the first place of the base where they differ."""
    from merge3 import Merge3  # only where a text or list is really contested

    merged: list[str] = []
    for region in Merge3(base, one, other, sequence_matcher=_Matcher).merge_regions():
        match region:
            case ("conflict", start, end, *_):
                return range(start, end)
            case ("unchanged", start, end):
                merged.extend(base[start:end])
            case ("b", start, end):
                merged.extend(other[start:end])
            case (_, start, end):
                merged.extend(one[start:end])
    return merged


class _Matcher:
    """Which parts of one list stand in another, in the form that merge3 asks for: as many in order as can be.

    Of several ways to choose them, the one where they keep their places is taken: in a list of equal items, one that is
    replaced is not another one put in and one taken out elsewhere. Python's difflib, which merge3 would take, does not
    find the most, and passes over parts that stand in more than a hundredth of 200 places or more.
    """

    def __init__(self, isjunk: object, a: Sequence[str] = (), b: Sequence[str] = (), autojunk: bool = True) -> None:
        self._one, self._other = [*map(int, a)], [*map(int, b)]

    def get_matching_blocks(self) -> list[_Run]:
        """Give all equal runs in order, and an empty one at the end."""
        runs = _as_late_as_can_be(self._one, self._other, _runs(self._one, self._other))
        return [*(run for run in runs if run[2]), (len(self._one), len(self._other), 0)]


def _as_late_as_can_be(one: list[int], other: list[int], runs: Iterable[_Run]) -> list[_Run]:
    """Have what was only put in, or only taken out, among equal parts be the last of these: two shards that both put
    one more of them in then did the same, whatever else each did.
    """
    late: list[_Run] = [(0, 0, 0)]
    for start, at, length in runs:
        before, there, held = late[-1]
        end, end_there = before + held, there + held
        later = 0
        if end == start:
            later = _equal(other, end_there, at, length)
        elif end_there == at:
            later = _equal(one, end, start, length)
        late[-1] = before, there, held + later
        if later < length:
            late.append((start + later, at + later, length - later))
    return late


def _equal(parts: list[int], first: int, second: int, most: int) -> int:
    """Count the parts from two places on that are equal, up to so many."""
    return next((count for count in range(most) if parts[first + count] != parts[second + count]), most)


def _runs(one: list[int], other: list[int]) -> list[_Run]:
    head = _shared(one, other)
    tail = min(_shared(reversed(one), reversed(other)), len(one) - head, len(other) - head)
    end, there = len(one) - tail, len(other) - tail
    if (end - head) * (there - head) <= _PAIRS_AT_ONCE:
        return _longest(one, other)
    middle = _once_in_both(one[head:end], other[head:there])
    if middle is None:
        return [(0, 0, head), (end, there, tail)]
    cut, across = head + middle[0], head + middle[1]
    behind = [(start + cut, at + across, length) for start, at, length in _runs(one[cut:], other[across:])]
    return [*_runs(one[:cut], other[:across]), *behind]


def _longest(one: list[int], other: list[int]) -> list[_Run]:
    """Find a longest common subsequence: where one of them is, the parts in their places from the start or the end."""
    from rapidfuzz.distance import LCSseq  # bit-parallel dynamic programming (Hyyrö 2004)

    blocks = LCSseq.opcodes(one, other).as_matching_blocks()
    longest = [(block.a, block.b, block.size) for block in blocks]
    ways = (_in_place(one, other, 0), _in_place(one, other, len(other) - len(one)))
    return next((way for way in ways if _length(way) == _length(longest)), longest)


def _in_place(one: list[int], other: list[int], shift: int) -> list[_Run]:
    """Give the equal runs where what stands in the one stands so many places later in the other."""
    start, at = max(0, -shift), max(0, shift)
    runs = []
    for equal, places in groupby(map(eq, one[start:], other[at:])):
        length = len(list(places))
        runs += [(start, at, length)] * equal
        start, at = start + length, at + length
    return runs


def _length(runs: Iterable[_Run]) -> int:
    return sum(length for _, _, length in runs)


def _shared(one: Iterable[int], other: Iterable[int]) -> int:
    """Count the parts that two lists share at their start."""
    return sum(takewhile(bool, map(eq, one, other)))


def _once_in_both(one: list[int], other: list[int]) -> tuple[int, int] | None:
    """Give the place in each list of what stands once in both, as near to the middle of the one as can be."""
    counts, counts_there = Counter(one), Counter(other)
    places = [place for place, part in enumerate(one) if counts[part] == counts_there[part] == 1]
    if not places:
        return None
    place = min(places, key=lambda place: abs(2 * place - len(one)))
    return place, other.index(one[place])


def _clash(found: list[str] | range, place: range) -> bool:
    """Tell whether two shards alone differ at this place, too."""
    return isinstance(found, range) and max(found.start, place.start) <= min(found.stop, place.stop)


def _what(place: range, length: int, part: _Part) -> str:
    first, last = place.start + part.first, place.stop + part.first - 1
    if not place:
        where = "at the end" if place.start == length else f"before {part.name} {first} of the base"
        return f"added different {part.name}s {where}"
    where = f"{part.name} {first}" if first == last else f"{part.name}s {first} to {last}"
    return f"changed {where} of the base differently"


def _lines(text: str) -> Parts:
    return [line for line in re.split(r"(?<=\n)", text) if line]
