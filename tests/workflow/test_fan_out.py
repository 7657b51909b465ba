"""Fan-out: one subagent for each item, with an id that follows from its key and leads nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import Json
from shardflow.workflow.fan_out import NoItems, one_for_each
from shardflow.workflow.model import FanOut, Subagent
from shardflow.workflow.program import ShellCommand
from shardflow.workflow.reading.workflow import read_workflow
from shardflow.workflow.texts import id_fault
from tests.workflow.documents import document, problems_of


def fanned(items: Any, key: str | None = None, most: int = 100, taken: tuple[str, ...] = ()) -> Any:
    subagent = Subagent("scan", ShellCommand("x"), foreach=FanOut(("files",), key, most))
    return one_for_each(subagent, {"files": items}, taken)


def ids(items: Json, **options: Any) -> list[str]:
    return [one.id for one in fanned(items, **options)]


@given(st.lists(st.text(max_size=80), unique=True, max_size=8))
def test_whatever_the_keys_are_ids_are_ids_and_differ_and_items_keep_their_order(keys: list[str]) -> None:
    made = fanned(keys)
    if isinstance(made, NoItems):
        assert any("\0" in key for key in keys)
        return
    assert [one.item.value for one in made] == keys
    assert not [one.id for one in made if id_fault(one.id) or not one.id.startswith("scan-")]
    assert len({one.id.lower() for one in made}) == len(keys)


@given(st.lists(st.text("aA/.é", max_size=4), unique_by=str.lower, min_size=1, max_size=6), st.randoms())
def test_an_item_keeps_its_id_wherever_it_stands(keys: list[str], random: Any) -> None:
    before = dict(zip(keys, ids([*keys]), strict=True))
    random.shuffle(keys)
    kept = keys[: random.randint(0, len(keys))]
    assert dict(zip(kept, ids([*kept]), strict=True)) == {key: before[key] for key in kept}


def test_a_plain_key_is_seen_in_the_id_and_any_other_is_told_apart_by_a_digest() -> None:
    plain, *others = ids(["a.py", "../../etc/passwd", "x y", "package.json", "/", "é" * 80, "a..b"])
    assert plain == "scan-a.py"
    assert [other.rpartition("-")[0] for other in others] == [
        "scan-etc-passwd",
        "scan-x-y",
        "scan-package.json",
        "scan",
        "scan",
        "scan-a.b",
    ]


def test_an_id_of_a_long_key_is_as_long_as_an_id_may_be() -> None:
    short, long = ids(["x" * 59, "x" * 60])
    assert short == "scan-" + "x" * 59
    assert (len(long), long[:54]) == (64, "scan-" + "x" * 48 + "-")


def test_as_many_items_as_may_be_are_fanned_out_over() -> None:
    assert ids(["a", "b"], most=2) == ["scan-a", "scan-b"]


def test_a_subagent_without_a_fan_out_is_one() -> None:
    alone = Subagent("scan", ShellCommand("x"))
    assert one_for_each(alone, {}) == (alone,)


def test_what_cannot_be_fanned_out_over_says_where_that_is_written() -> None:
    text = "name: w\nphases:\n- id: p\n  behavior: parallel\n  subagents:\n  - {id: scan, run: x, foreach: {path: $.f}}"
    (scan,) = read_workflow(document(text)).phases[0].subagents
    assert one_for_each(scan, {}) == NoItems("w.yaml:6: scan: foreach needs a list at $.f, and finds nothing")


def test_keys_that_only_case_tells_apart_and_ids_that_others_have_get_a_digest_too() -> None:
    assert all(len(name) == len("scan-a-") + 10 for name in ids(["a", "A"]))
    assert ids(["a", "b"], taken=("scan-A",))[1] == "scan-b"
    assert ids(["a", "b"], taken=("scan-A",))[0] != "scan-a"


def test_items_may_be_named_by_a_member_or_by_themselves() -> None:
    items: Json = [{"name": "b", "n": 1}, {"name": 7}]
    assert ids(items, key="name") == ["scan-b", "scan-7"]
    assert ids([1, "x", 2.5]) == ["scan-1", "scan-x", "scan-2.5"]
    assert [one.item.key for one in fanned(items, key="name")] == ["b", "7"]
    assert ids([]) == []


LACKING = [f"$.files[{index}] has no text or number 'n'" for index in range(5)]


@pytest.mark.parametrize(
    ("items", "options", "why"),
    [
        ({"a": 1}, {}, "scan: foreach needs a list at $.files, and finds an object"),
        ([{"name": "a"}], {}, "scan: $.files[0] is no text or number; say key:"),
        ([{"name": "a"}, 5], {"key": "name"}, "scan: $.files[1] has no text or number 'name'"),
        ([{"name": None}], {"key": "name"}, "scan: $.files[0] has no text or number 'name'"),
        ([True], {}, "scan: $.files[0] is no text or number; say key:"),
        (["a", "b", "a"], {}, "scan: $.files[0] and [2] have the same key 'a'"),
        (["1", 1], {}, "scan: $.files[0] and [1] have the same key '1'"),
        (["a", "b"], {"most": 1}, "scan: $.files has 2 items, more than max: 1"),
        (
            ["a", True, "a", None, None, "a"],
            {},
            "scan: $.files[1] is no text or number; say key:; $.files[3] is no text or number; say key:; "
            "$.files[4] is no text or number; say key:; $.files[0] and [2] have the same key 'a'; "
            "$.files[0] and [5] have the same key 'a'",
        ),
        ([{}] * 7, {"key": "n"}, f"scan: {'; '.join(LACKING)}; and 2 more"),
        ([{}] * 6, {"key": "n"}, f"scan: {'; '.join(LACKING)}; and 1 more"),
        ([{}] * 5, {"key": "n"}, f"scan: {'; '.join(LACKING)}"),
        (["a\0"], {}, "scan: the key of $.files[0] holds a NUL, which no program can be given"),
    ],
)
def test_what_cannot_be_fanned_out_over_says_why(items: Json, options: Any, why: str) -> None:
    assert fanned(items, **options) == NoItems(why)


def test_ids_that_are_one_though_their_keys_differ_are_told_with_their_items() -> None:
    (made,) = ids(["a b"])
    twin = made.removeprefix("scan-")
    told = f"scan: $.files[0] and [2] would have the same id {made}; change the key of one"
    assert fanned(["a b", "c", twin]) == NoItems(told)
    told = f"scan: $.files[1] would have the id {made}, which another subagent has; change its key"
    assert fanned(["c", "a b"], taken=(made,)) == NoItems(told)


def test_a_list_that_is_not_there_is_told() -> None:
    subagent = Subagent("scan", ShellCommand("x"), foreach=FanOut(("files",), None, 5))
    assert one_for_each(subagent, {}) == NoItems("scan: foreach needs a list at $.files, and finds nothing")


def test_who_writes_a_path_alone_is_told_how_a_fan_out_and_a_condition_are_written() -> None:
    one = "{id: a, run: x, foreach: $.files, when: $.go}"
    found = problems_of(f"name: w\nphases:\n- {{id: p, behavior: parallel, subagents: [{one}]}}\n")
    assert [problem.partition("; ")[2].partition(" (")[0] for problem in found] == [
        "say path: with is:",
        "such as {path: $.files, key: name, max: 100}",
    ]


def test_every_mistake_in_a_fan_out_is_told_with_its_line() -> None:
    found = problems_of(
        """name: w
phases:
  - id: p
    behavior: parallel
    subagents:
      - {id: a, run: x, foreach: {key: name}}
      - {id: b, run: x, foreach: {path: '$.files[*]'}}
      - {id: c, run: x, foreach: {path: $.files, max: 0, as: file}}
      - {id: d, run: x, foreach: {path: $.files, max: 100000}}
      - {id: e, run: x, foreach: {path: $.files, max: 100001}}
      - {id: f, run: x, foreach: {path: $.files, max: true}}
      - {id: g, run: x, foreach: {path: $.files, max: 1}}
      - {id: h, run: x, foreach: {path: $.files, max: 2.5}}
  - {id: q, behavior: main-only, run: x, foreach: {path: $.files}}
"""
    )
    assert [(line.split(":")[1], line.split(": ", 1)[1].split(";")[0].split(" at $")[0]) for line in found] == [
        ("6", "field 'path' is missing"),
        ("7", "'$.files[*]' is no path of one value"),
        ("8", "expected an integer from 1 to 100000, found the integer 0"),
        ("8", "unknown field 'as'"),
        ("10", "expected an integer from 1 to 100000, found the integer 100001"),
        ("11", "expected an integer from 1 to 100000, found the boolean true"),
        ("13", "expected an integer from 1 to 100000, found the decimal 2.5"),
        ("14", "unknown field 'foreach'"),
    ]
