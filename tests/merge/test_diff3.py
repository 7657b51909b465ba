"""What `diff3` takes for the same part of a list: as many as can be, and in their places where there is a choice."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import chain, combinations, product

import pytest

from shardflow.model.values import Json
from tests.merge.small import at_n


def put(base: list[Json], places: Container[int], what: str) -> list[Json]:
    """Put something new at each of these places."""
    return [f"{what}{place}" if place in places else item for place, item in enumerate(base)]


def apart(length: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Give the places that two shards change, none next to one of the other's."""
    subsets = list(chain.from_iterable(combinations(range(length), count) for count in (1, 2, 3)))
    for ours, theirs in product(subsets, subsets):
        if all(abs(one - other) > 1 for one, other in product(ours, theirs)):
            yield ours, theirs


@pytest.mark.parametrize("length", [3, 4, 5])
def test_items_replaced_by_new_ones_stay_in_their_places_whatever_equal_items_stand_around_them(length):
    for base in product("tu", repeat=length):
        for ours, theirs in apart(length):
            wanted = put(put([*base], ours, "a"), theirs, "b")
            assert at_n("diff3", [*base], put([*base], ours, "a"), put([*base], theirs, "b")) == wanted
            added = [put([*base], ours, "a"), [*put([*base], theirs, "b"), "more"]]
            assert length - 1 in ours or at_n("diff3", [*base], *added) == [*wanted, "more"]


def run_around(base: Sequence[Json], place: int) -> range:
    """Give the places of the equal items that one stands among."""
    starts = (start for start in range(place + 1) if all(item == base[place] for item in base[start:place]))
    ends = (end for end in range(len(base), place, -1) if all(item == base[place] for item in base[place:end]))
    return range(next(starts), next(ends))


@pytest.mark.parametrize("times", [0, 2])
@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_the_same_item_more_or_less_of_a_run_of_equal_ones_is_one_change_whatever_else_a_shard_put_in(length, times):
    for base in product("tu", repeat=length):
        for place in range(length):
            both = [*base[:place], *[base[place]] * times, *base[place + 1 :]]
            run = run_around(base, place)
            for apart in {*range(run.start), *range(run.stop + 1, length + 1)}:
                at = apart if apart < run.start else apart + times - 1
                ours = [*both[:at], "new", *both[at:]]
                assert at_n("diff3", [*base], ours, both) == ours
                assert at_n("diff3", [*base], both, ours) == ours


@pytest.mark.parametrize("length", [150, 200, 1000, 20_000])
def test_changes_far_apart_in_a_long_list_of_a_few_different_items_are_all_taken(length):
    base = [place * place * 7 % 11 % 3 for place in range(length)]
    ours = [*base[:5], "a", "b", *base[7 : length // 2], *base[length // 2 + 1 :]]
    theirs = [*base[: length // 3], "c", *base[length // 3 : -1]]
    wanted = [*base[:5], "a", "b", *base[7 : length // 3], "c", *base[length // 3 : length // 2]]
    assert at_n("diff3", base, ours, theirs) == [*wanted, *base[length // 2 + 1 : -1]]


def test_items_keep_their_places_counted_from_the_end_where_more_was_put_in_before_them():
    base: list[Json] = ["start", *"tttttt", "end"]
    ours, theirs = ["more", *put(base, (1, 5), "a")], put(base, (3,), "b")
    assert at_n("diff3", base, ours, theirs) == ["more", "start", "a1", "t", "b3", "t", "a5", "t", "end"]


def test_what_is_too_long_to_be_compared_at_once_is_parted_where_something_stands_once():
    base: list[Json] = [*range(100_000)]
    here_and_in_the_middle, there = {*range(0, 100_000, 10), *range(45_000, 55_000)}, range(5, 40_000, 10)
    ours, theirs = put(base, here_and_in_the_middle, "a"), [*put(base, there, "b"), -1]
    assert at_n("diff3", base, ours, theirs) == [*put(put(base, there, "b"), here_and_in_the_middle, "a"), -1]


def test_where_nothing_in_it_stands_once_all_of_it_counts_as_changed():
    base: list[Json] = [place % 2 for place in range(100_000)]
    found = at_n("diff3", base, put(base, (10, 99_000), "a"), put(base, (50_000,), "b"))
    assert found == "a and b changed items 10 to 99000 of the base differently"
