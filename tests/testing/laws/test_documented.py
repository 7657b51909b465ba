"""The second definition of strategies: which have one, and that the examples of their pages agree with it."""

from __future__ import annotations

import pytest

from shardflow.merge.guide.pages import page_of
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.model.values import ABSENT, same
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.testing.laws.documented import DEFINITIONS, Unsaid, fits, ruled
from shardflow.testing.laws.outcomes import CONTESTED
from tests.merge.guide.examples import read_examples
from tests.merge.small import rule_set

WITHOUT = {"deep", "index", "keyed", "diff3", "in_turn", "keep_all", "max_by", "min_by", "arbiter", "custom"}
"""Those that split a value or would have to be written a second time in full, and those that others decide."""


def test_every_other_strategy_has_one():
    assert {*STRATEGIES} - {*DEFINITIONS} == WITHOUT


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_examples_of_a_page_agree_with_it(name):
    for example in read_examples(page_of(STRATEGIES[name].page).sections["Example"]):
        decides = parse_yaml(example.decides.encode(), "page").value
        argument = decides[name] if isinstance(decides, dict) else None
        said = [(shard, value) for shard, value in example.left if not same(value, example.base)]
        try:
            wanted = DEFINITIONS[name](argument, example.base, said)
        except Unsaid:
            continue
        assert fits(CONTESTED if example.conflict else example.gives, wanted)


@pytest.mark.parametrize(
    ("options", "left", "gives"),
    [
        ({"on_delete": "keep"}, [("a", ABSENT), ("b", 2)], 2),
        ({"on_delete": "delete"}, [("a", ABSENT), ("b", 2)], ABSENT),
        ({"on_delete": "conflict"}, [("a", ABSENT), ("b", 2)], CONTESTED),
        ({"on_delete": "conflict"}, [("a", ABSENT), ("b", ABSENT)], ABSENT),
        ({"on_delete": "delete", "type": "text"}, [("a", ABSENT), ("b", 2)], CONTESTED),
        ({"same_change": "conflict"}, [("a", 2), ("b", 2)], CONTESTED),
        ({"same_change": "conflict"}, [("a", 2)], 2),
        ({"on_delete": "keep", "same_change": "conflict"}, [("a", ABSENT), ("b", 2)], 2),
        ({"type": "integer"}, [("a", True)], CONTESTED),
        ({"type": "number"}, [("a", 2.5)], 2.5),
        ({"type": "null"}, [("a", None)], None),
    ],
)
def test_options_are_asked_before_the_strategy(options, left, gives):
    [rule] = rule_set({"path": "$.n", "strategy": "last", **options}).rules
    assert fits(ruled(rule, 1, left), gives)
