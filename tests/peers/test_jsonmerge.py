"""Strategies of jsonmerge that mean the same: several heads merged into a base one after another.

jsonmerge has no base to compare with: a head is what there is to add. So shards here add to their base, and what
jsonmerge gets is what they added.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.merge.small import merged, rule_set

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # jsonmerge uses what jsonschema calls old
    import jsonmerge

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated as of v4.18:DeprecationWarning")

ITEMS = st.lists(st.integers(0, 5) | st.text("ab", max_size=2), max_size=3)
HEADS = st.lists(ITEMS, min_size=1, max_size=3)
FIELDS = ("p", "q", "r")


def folded(schema: dict[str, Any], base: Any, *heads: Any) -> Any:
    merger = jsonmerge.Merger(schema)
    for head in heads:
        base = merger.merge(base, head)
    return base


@given(ITEMS, HEADS)
def test_append_is_append(base: list[Any], heads: list[list[Any]]) -> None:
    schema = {"properties": {"l": {"mergeStrategy": "append"}}}
    wanted = folded(schema, {"l": base}, *({"l": head} for head in heads))
    rules = rule_set({"path": "$.l", "strategy": "append"})
    assert merged({"l": base}, *({"l": base + head} for head in heads), rules=rules).context == wanted


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_overwrite_is_last(heads: list[int]) -> None:
    wanted = folded({}, {"n": 0}, *({"n": head} for head in heads))
    rules = rule_set({"path": "$.n", "strategy": "last"})
    assert merged({"n": 0}, *({"n": head} for head in heads), rules=rules).context == wanted


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3))
def test_discard_is_first_where_nothing_stood_and_base_where_something_did(heads: list[int]) -> None:
    schema = {"properties": {"n": {"mergeStrategy": "discard", "mergeOptions": {"keepIfUndef": True}}}}
    for base, strategy in (({}, "first"), ({"n": 9}, "ignore")):
        wanted = folded(schema, base, *({"n": head} for head in heads))
        rules = rule_set({"path": "$.n", "strategy": strategy})
        assert merged(base, *({"n": head} for head in heads), rules=rules).context == wanted


@st.composite
def edits_of_items(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[int, dict[str, int]]]]:
    """Draw items and what each shard says of some, old and new; no field of an item is said by two."""
    ids = draw(st.lists(st.integers(0, 5), unique=True, max_size=4))
    free = {(key, name) for key in range(8) for name in FIELDS}
    shards: list[dict[int, dict[str, int]]] = []
    for _ in range(draw(st.integers(1, 3))):
        said: dict[int, dict[str, int]] = {}
        for key, name in draw(st.lists(st.sampled_from(sorted(free)), unique=True, max_size=4)) if free else ():
            free.discard((key, name))
            said.setdefault(key, {})[name] = draw(st.integers(1, 3))
        shards.append(said)
    return [{"id": key, **dict.fromkeys(FIELDS, 0)} for key in ids], shards


@given(edits_of_items())
def test_array_merge_by_id_is_keyed(drawn: tuple[list[dict[str, Any]], list[dict[int, dict[str, int]]]]) -> None:
    base, shards = drawn
    schema = {"properties": {"l": {"mergeStrategy": "arrayMergeById", "mergeOptions": {"idRef": "/id"}}}}
    heads = [[{"id": key, **fields} for key, fields in said.items()] for said in shards]
    wanted = folded(schema, {"l": base}, *({"l": head} for head in heads))
    documents = [{"l": _with(base, said)} for said in shards]
    rules = rule_set({"path": "$.l", "strategy": {"keyed": "id"}})
    result = merged({"l": base}, *documents, rules=rules)
    assert not result.conflicts
    assert result.context == wanted


def _with(base: list[dict[str, Any]], said: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    known = {item["id"] for item in base}
    new = [{"id": key, **fields} for key, fields in said.items() if key not in known]
    return [{**item, **said.get(item["id"], {})} for item in base] + new
