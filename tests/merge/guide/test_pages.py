"""Pages: uniform, their examples true, their laws exactly those that hold."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.execution.inspection.rule_books import rule_book
from shardflow.execution.rules.sources import load_named_rules, shipped_rule_sets
from shardflow.merge.engine import merge
from shardflow.merge.guide.declared_laws import declared_laws, laws_with_exceptions
from shardflow.merge.guide.pages import SECTIONS, page_of, parse_page
from shardflow.merge.rule_file import read_rules
from shardflow.merge.strategies.custom import Target
from shardflow.merge.strategies.registry import ARBITER, REFUSING, STRATEGIES
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.documents import Document
from shardflow.model.values import ABSENT, Json, same
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.testing.laws import declarable as laws
from shardflow.testing.laws.outcomes import CONTESTED
from tests.merge.guide.examples import read_examples
from tests.merge.small import nothing_to_extend

PAGES = {name: page_of(entry.page) for name, entry in STRATEGIES.items()}


PAGES |= {name: rule_book(name).page for name in shipped_rule_sets()}


def longest(base, candidates):
    return max((c.value for c in candidates), key=len)


def asking(strategy):
    def library(target, source):
        return longest, Target(target.function)

    rule = {"path": "$.n", "strategy": strategy}
    return laws.asking(read_rules(Document("rules.yaml", {"rules": [rule]}), nothing_to_extend, library))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_all_sections_in_order_and_says_something_in_each(name):
    page = PAGES[name]
    assert tuple(page.sections) == SECTIONS
    assert all(page.sections.values())
    assert page.summary.endswith(".")
    assert "\n" not in page.summary


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_are_true(name):
    for example in read_examples(PAGES[name].sections["Example"]):
        decides: Any = parse_yaml(example.decides.encode(), "page").value
        assert decides == name or list(decides) == [name]
        outcome = outcome_of(decides, example)
        if example.conflict:
            assert outcome is CONTESTED
        else:
            assert outcome is not CONTESTED
            assert same(outcome, example.gives), outcome


def outcome_of(decides, example):
    by_strategy = isinstance(decides, dict) or decides in STRATEGIES
    ask = asking(decides) if by_strategy else asking_of_documents(decides)
    return ask(example.base, example.left)


def asking_of_documents(rule_set):
    def ask(base, left):
        deltas = [Delta(shard, rank, diff(base, value)) for rank, (shard, value) in enumerate(left)]
        result = merge(base, deltas, rules)
        return CONTESTED if result.conflicts else result.context

    rules = load_named_rules(rule_set).rules
    return ask


@pytest.mark.parametrize("name", shipped_rule_sets())
def test_the_page_of_a_rule_set_begins_with_its_description(name):
    book = rule_book(name)
    assert book.page.summary == book.description


@pytest.mark.parametrize("text", ["first\n    base 1\n    a 2", "first\n    a 1\n    a 2\n    gives 1", "first", ""])
def test_an_example_without_base_shards_and_outcome_is_refused(text):
    with pytest.raises(ValueError, match="needs a base, shards, and what it gives"):
        list(read_examples(text))


WORDS = ["low", "medium", "high"]
LISTS = [[], ["x"], ["x", "y"], ["y", "x"], ["x", "x"], ["z"]]
SUFFIXED = [["x"], ["x", "y"], ["x", "x"], ["x", "y", "z"]]
OBJECTS = [{"a": 1}, {"a": 2}, {"a": 1, "b": 1}, {"b": 2}, {}]
KEYED = [[], [{"id": 1}], [{"id": 1, "v": 2}], [{"id": 2}, {"id": 1}], [{"id": 2, "v": 1}]]
COSTS = [{"cost": 3, "a": 1}, {"cost": 1}, {"cost": 2.5}]
SCALARS = [1, 1.0, "x"]
DOMAINS: dict[str, tuple[list[Any], list[Any], Callable[[Any], Any] | None]] = {
    "all": ([None, True], [True, False], bool),
    "any": ([None, True], [True, False], bool),
    "append": ([["x"]], [*SUFFIXED, ["y"]], None),
    "in_turn": ([["x"]], [*SUFFIXED, ["y"]], None),
    "prepend": ([["x"]], [["x"], ["y", "x"], ["x", "x"], ["z", "y", "x"], ["y"]], None),
    "set": (LISTS[:3], LISTS, None),
    "multiset": (LISTS[:3], LISTS, None),
    "diff3": ([[1, 2, 3, 4]], [[9, 2, 3, 4], [1, 2, 3, 5], [1, 3, 4], [1, 2, 2, 3, 4], [1, 2]], None),
    "index": ([[0, 0]], [[1, 0], [0, 2], [1, 2], [3, 3, 3]], None),
    "deep": ([{"a": 1}], [*OBJECTS, 5], None),
    "keyed": ([[], [{"id": 1}], [{"id": 1}, {"id": 2}]], KEYED, None),
    "max": ([1, 2.5], [1, 2.5, 4, -3], lambda value: value),
    "min": ([1, 2.5], [1, 2.5, 4, -3], lambda value: value),
    "max_by": ([None], COSTS, lambda value: value["cost"]),
    "min_by": ([None], COSTS, lambda value: value["cost"]),
    "mean": ([0], [1, 2, 4, 0.5], None),
    "sum": ([0, 5], [6, 0.1, 0.2, -3], None),
    "rank": (WORDS, WORDS, WORDS.index),
}
ARGUMENTS = {"keyed": "id", "max_by": "cost", "min_by": "cost", "prefer": ["b"], "quorum": 2, "rank": WORDS}
ARGUMENTS |= {"arbiter": ["decide"], "custom": "examples:longest"}
GONE = {"first", "last", "prefer", "base", "ignore", "conflict", "atomic", "immutable"}


def shards_of(name, values, most):
    values = [*values, ABSENT] if name in GONE else values
    for count in range(1, most + 1):
        for left in product(values, repeat=count):
            yield list(zip("abc", left, strict=False))


FOUND: dict[str, Json] = {"file": "x.py", "line": 3}
DOCUMENTS: dict[str, tuple[Json, list[Json]]] = {
    "default": ({"l": []}, [{"l": [1], "o": {"a": 1}}, {"l": [2]}, {"l": [], "o": {"b": 1}}, {"l": [], "n": 1}]),
    "strict": ({"n": 1}, [{"n": 2}, {"n": 1, "a": {}}, {"n": 1, "b": 1}, {}]),
    "findings": (
        {"findings": []},
        [
            {"findings": [{**FOUND, "severity": "low", "message": "one", "sources": ["a"]}]},
            {"findings": [{**FOUND, "severity": "high", "message": "two", "sources": ["b"]}]},
            {"findings": [{"file": "y.py", "line": 3}]},
        ],
    ),
    "counters-and-metrics": (
        {"counters": {"n": 1}, "samples": {"s": []}, "labels": {"l": []}},
        [
            {"counters": {"n": 2}, "samples": {"s": [1]}, "labels": {"l": ["x"]}},
            {"counters": {"n": 0}, "samples": {"s": [2]}, "labels": {"l": ["y", "x"]}},
            {"counters": {"n": 1}, "samples": {"s": []}, "labels": {"l": []}, "peaks": {"p": 1}},
        ],
    ),
    "workflow-context": (
        {"deliverables": [], "l": ["x"]},
        [
            {"deliverables": ["a"], "l": ["x", "y"], "status": 1},
            {"deliverables": [], "l": ["z"], "status": 2},
        ],
    ),
}


@pytest.mark.parametrize("name", shipped_rule_sets())
def test_the_page_of_a_rule_set_declares_exactly_the_laws_that_hold(name):
    base, documents = DOCUMENTS[name]
    ask = asking_of_documents(name)
    cases = [(base, list(zip("abc", left, strict=False))) for n in (1, 2, 3) for left in product(documents, repeat=n)]
    held = {law: not any(check(ask, *case) for case in cases) for law, check in laws.CHECKS.items()}
    if held["commutative"]:
        held["commutative up to order"] = False
    assert declared_laws(PAGES[name]) == {law for law in held if held[law]}


@pytest.mark.parametrize("name", sorted(set(STRATEGIES) - {"custom"}))
def test_a_page_declares_exactly_the_laws_that_hold(name):
    bases, values, height = DOMAINS.get(name, ([None, 1], SCALARS, None))
    ask = asking({name: ARGUMENTS[name]} if name in ARGUMENTS else name)
    cases = [(base, left) for base in bases for left in shards_of(name, values, 3)]
    settled = any(ask(*case) is not CONTESTED for case in cases if disagree(*case))
    assert settled is (name not in {*REFUSING, ARBITER}), "say in DOMAINS what it works on"
    two = [(base, left) for base, left in cases if len(left) < 3]
    held = {
        "commutative": not any(laws.commutative(ask, *case) for case in (two if name == "diff3" else cases)),
        "commutative up to order": not any(laws.commutative_up_to_order(ask, *case) for case in cases),
        "associative": not any(laws.associative(ask, *case) for case in cases),
        "idempotent": not any(laws.idempotent(ask, *case) for case in two),
        "monotone": height is not None
        and not any(laws.monotone(ask, *case, higher, height) for case in two for higher in values),
    }
    if held["commutative"]:
        held["commutative up to order"] = False  # said already
    assert declared_laws(PAGES[name]) == {law for law in held if held[law]}


@pytest.mark.parametrize(("name", "base", "left"), [("sum", 5, [6, 4, ABSENT]), ("set", [0], [[0, 0], [0], ABSENT])])
def test_a_law_that_a_deletion_breaks_is_declared_with_an_exception(name, base, left):
    assert laws.associative(asking(name), base, list(zip("abc", left, strict=True)))
    assert "associative" in laws_with_exceptions(PAGES[name])


def disagree(base, left):
    changes = [value for _, value in left if not same(value, base)]
    return any(not same(one, other) for one, other in combinations(changes, 2))


def test_a_law_that_is_declared_wrongly_is_noticed():
    ask = asking("last")
    assert laws.commutative(ask, 0, [("a", 1), ("b", 2)])
    assert laws.idempotent(asking("sum"), 0, [("a", 1)])
    assert laws.associative(asking("mean"), 0, [("a", 1), ("b", 2), ("c", 4)])
    assert laws.monotone(asking("base"), 0, [("a", 1), ("b", 1)], 2, int)


def shortest(base, candidates):
    """Take the shortest.

    Laws
        commutative, idempotent
    """
    return min((c.value for c in candidates), key=len)


@pytest.mark.parametrize(
    ("left", "broken"), [([("a", "xx"), ("b", "y")], None), ([("a", "x"), ("b", "y")], "commutative")]
)
def test_the_laws_a_function_of_ones_own_declares_can_be_checked(left, broken):
    def library(target, source):
        return shortest, target

    rule: Json = {"path": "$.n", "strategy": {"custom": "ours:shortest"}}
    ask = laws.asking(read_rules(Document("rules.yaml", {"rules": [rule]}), nothing_to_extend, library))
    assert laws.broken_law(ask, declared_laws(page_of(shortest)), "", left) == broken


@pytest.mark.parametrize("heading", ["Laws", "Laws:"])
def test_a_section_begins_with_its_name_which_may_end_in_a_colon(heading):
    page = parse_page(f"Take one.\n\n    {heading}\n        idempotent\n    ")
    assert (page.summary, dict(page.sections)) == ("Take one.", {"Laws": "idempotent"})


def test_a_page_may_begin_with_a_section():
    page = parse_page("Laws\n    idempotent\n")
    assert (page.summary, dict(page.sections)) == ("", {"Laws": "idempotent"})


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("name", ["sum", "max", "min", "mean"])
def test_laws_of_numbers_hold_for_any_numbers(name):
    ask = asking(name)
    declared = declared_laws(PAGES[name])

    @given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=3, unique_by=lambda number: float(number)))
    def hold(base, values):
        left = list(zip("abc", values, strict=False))
        assert laws.broken_law(ask, declared, base, left) is None

    hold()


@pytest.mark.parametrize("name", ["set", "multiset", "append", "prepend"])
def test_laws_of_lists_hold_for_any_lists(name):
    ask = asking(name)
    declared = declared_laws(PAGES[name])
    items = st.lists(st.sampled_from([0, 1, 1.0, True, None, "x"]), max_size=4)

    @given(items, st.lists(items, min_size=1, max_size=3))
    def hold(base, values):
        left = [(shard, [*base, *value]) for shard, value in zip("abc", values, strict=False)]
        assert laws.broken_law(ask, declared, base, left) is None

    hold()
