"""The oracle says what the pages of the strategies say, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.oracle import Group, Left, merged, outcome, patched

MERGED: list[tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any], set[tuple[str, ...]]]] = [
    ("none", {"n": 1}, [{"n": 2}, {"n": 2}], {"n": 2}, set()),
    ("none", {"n": 1}, [{"n": 2}, {}], {"n": 1}, {("n",)}),
    ("none", {"log": []}, [{"log": ["x"]}, {"log": ["x", "y"]}], {"log": ["x", "x", "y"]}, set()),
    ("none", {}, [{"part": {"a": 1}}, {"part": {"b": 1}}], {"part": {"a": 1, "b": 1}}, set()),
    ("sums", {"n": 1}, [{"n": 2}, {"n": 2}], {"n": 3}, set()),
    ("sums", {}, [{"n": 2}, {"n": 2}], {"n": 4}, set()),
    ("sums", {"n": 1}, [{"n": 2}, {}], {"n": 1}, {("n",)}),
    ("sums", {"n": None}, [{"n": 2}, {"n": None}], {"n": 2}, set()),
    ("sums", {"n": None}, [{"n": 2}, {"n": 2}], {"n": None}, {("n",)}),
    ("sums", {"n": None}, [{}, {"n": None}], {}, set()),
    ("sums", {"n": None}, [{}, {}], {}, set()),
    ("lasts", {"status": 1}, [{"status": 1.0}, {"status": 1}], {"status": 1.0}, set()),
    ("lasts", {"status": "a"}, [{"status": "b"}, {}], {}, set()),
    ("strict", {"n": 1, "part": {"a": 0}}, [{"n": 2, "part": {"a": 1}}, {"n": 2, "part": {"a": 0, "b": 1}}],
     {"n": 1, "part": {"a": 1, "b": 1}}, {("n",)}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "base", "documents", "context", "contested"), MERGED)
def test_documents_merge_as_the_pages_say(
    rules: str,
    base: dict[str, Any],
    documents: list[dict[str, Any]],
    context: dict[str, Any],
    contested: set[tuple[str, ...]],
) -> None:
    assert merged(base, documents, rules) == (context, contested)


def test_a_run_stops_at_its_first_conflict_until_that_is_decided_about() -> None:
    first = Group("none", {"a": Left("copy", {"n": 1}), "b": Left("patch", {"n": None})})
    groups = [first, Group("none", {"c": Left("patch", {"m": 1})})]
    stopped = outcome({"n": 0}, groups)
    assert (stopped.stopped_at, stopped.contexts, stopped.open) == (0, ({"n": 0},), frozenset({("n",)}))
    first.decided[("n",)] = ("shard", "b")
    assert outcome({"n": 0}, groups).contexts == ({"n": 0}, {}, {"m": 1})
    first.decided[("n",)] = ("value", None)
    assert outcome({"n": 0}, groups).contexts[-1] == {"n": None, "m": 1}


def test_patches_are_those_of_the_rfc() -> None:
    assert patched({"a": "b", "c": {"d": 1, "e": 2}}, {"a": None, "c": {"e": None, "f": {"g": None}}}) == {
        "c": {"d": 1, "f": {}}
    }


def test_a_decision_for_a_shard_that_is_left_out_decides_nothing() -> None:
    said = {name: Left("copy", {"n": n}) for n, name in enumerate("abc")}
    group = Group("none", said, {("n",): ("shard", "c")})
    assert group.merged({}) == ({"n": 2}, set())
    group.absent = frozenset({"c"})
    assert group.merged({}) == ({}, {("n",)})
