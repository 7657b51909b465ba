"""The second definition of strategies: which have one, and that the examples of their pages agree with it."""

from __future__ import annotations

import pytest

from shardflow.merge.guide.pages import page_of
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.model.values import same
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.testing.laws.documented import DEFINITIONS, Unsaid, documented, fits
from shardflow.testing.laws.outcomes import CONTESTED
from tests.merge.guide.examples import read_examples

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
            wanted = documented(name, argument, example.base, said)
        except Unsaid:
            continue
        assert fits(CONTESTED if example.conflict else example.gives, wanted)
