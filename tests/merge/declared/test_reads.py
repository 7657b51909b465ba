"""Declared reads: who worked from a value that another shard of the group changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.declared.reads import stale_reads
from shardflow.model.patterns import parse_pattern
from shardflow.model.values import Json
from tests.merge.small import merged, rule_set


def stale(reads, base, *shards, rules=None):
    declared = {shard: [parse_pattern(text) for text in texts] for shard, texts in reads.items()}
    result = merged(base, *shards, rules=rules)
    found = stale_reads(result.decisions, declared)
    return [f"{one.shard} {one.pattern}: {', '.join(changed(one))}" for one in found]


def changed(found):
    written: Any = found.as_json()
    return [f"{change['path']} by {' '.join(change['shards'])}" for change in written["changed"]]


BASE = {"n": 1, "o": {"x": 1, "y": 1}, "f": [{"s": 1}]}

STALE = [
    ({"a": ["$.n"]}, [BASE, {**BASE, "n": 2}], ["a $.n: $.n by b"]),
    ({"a": ["$.n"]}, [{**BASE, "n": 2}, BASE], []),
    ({"b": ["$.n"]}, [{**BASE, "n": 2}, {**BASE, "n": 2}], ["b $.n: $.n by a"]),
    ({"a": ["$.o"]}, [BASE, {**BASE, "o": {"x": 2, "y": 3}}], ["a $.o: $.o.x by b, $.o.y by b"]),
    ({"a": ["$.o.x"]}, [BASE, {**BASE, "o": {"x": 1, "y": 3}}], []),
    ({"a": ["$.o.x"]}, [BASE, {**BASE, "o": 5}], ["a $.o.x: $.o by b"]),
    ({"a": ["$.o.z"]}, [BASE, {**BASE, "o": 5}], []),
    ({"a": ["$.f[*].s"]}, [BASE, {**BASE, "f": [{"s": 2}]}], ["a $.f[*].s: $.f by b"]),
    ({"a": ["$.f[*].s"]}, [BASE, {**BASE, "f": [{"s": 1, "t": 2}]}], []),
    ({"a": ["$"]}, [BASE, {**BASE, "n": 2}], ["a $: $.n by b"]),
    ({"a": ["$.n", "$.*"]}, [BASE, {**BASE, "n": 2}, {**BASE, "n": 2}], ["a $.n: $.n by b c", "a $.*: $.n by b c"]),
    ({"c": ["$.n"], "a": ["$.n"]}, [BASE, {**BASE, "n": 2}, BASE], ["c $.n: $.n by b", "a $.n: $.n by b"]),
    ({"a": []}, [BASE, {**BASE, "n": 2}], []),
]


@pytest.mark.parametrize(("reads", "shards", "told"), STALE)
def test_a_read_is_stale_where_another_shard_changed_what_it_covers(reads, shards, told):
    assert stale(reads, BASE, *shards) == told


def test_a_superseded_change_makes_no_read_stale():
    rules = rule_set({"path": "$.n", "strategy": "first"})
    shards = [BASE, {**BASE, "n": 2}, {**BASE, "n": 3}]
    assert stale({"a": ["$.n"]}, BASE, *shards, rules=rules) == ["a $.n: $.n by b"]
    assert stale({"b": ["$.n"]}, BASE, *shards, rules=rules) == []


def test_a_change_in_conflict_makes_a_read_stale_since_it_may_yet_be_taken():
    assert stale({"a": ["$.n"]}, BASE, BASE, {**BASE, "n": 2}, {**BASE, "n": 3}) == ["a $.n: $.n by b c"]


def test_many_changes_of_one_read_are_counted_and_the_first_are_kept():
    base: Json = {"o": {}}
    result = merged(base, base, {"o": {f"k{n}": n for n in range(250)}})
    [found] = stale_reads(result.decisions, {"a": [parse_pattern("$.o")]})
    assert (found.count, len(found.changed)) == (250, 100)
    told = str(found)
    assert told.startswith("a reads $.o, which others changed meanwhile: $.o.k0 (b), ")
    assert told.endswith(" and 247 more")


@given(st.lists(st.sets(st.sampled_from("xyz")), max_size=4), st.data())
def test_the_count_is_of_all_paths_that_somebody_else_changed(changed, data):
    base: Json = {"o": {}}
    documents = [{"o": dict.fromkeys(names, data.draw(st.integers(0, 1)))} for names in changed]
    result = merged(base, base, *documents)
    for found in stale_reads(result.decisions, {shard: [parse_pattern("$.o")] for shard in "abcde"}):
        by_others = [names for place, names in enumerate(changed) if "bcde"[place] != found.shard]
        assert found.count == len(found.changed) == len(set().union(*by_others))


@pytest.mark.parametrize(("count", "end"), [(3, "$.o.k2 (b)"), (4, "$.o.k2 (b) and 1 more")])
def test_only_what_is_not_told_is_counted_as_more(count: int, end: str):
    base: Json = {"o": {}}
    result = merged(base, base, {"o": {f"k{n}": n for n in range(count)}})
    [found] = stale_reads(result.decisions, {"a": [parse_pattern("$.o")]})
    assert str(found).endswith(end)
