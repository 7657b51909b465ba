"""An arbiter's rule in the pure merge: a conflict says whom to ask only where the rule really leaves it to somebody."""

from __future__ import annotations

import pytest

from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.rule_file import read_rules
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.documents import Document
from shardflow.model.values import Json

BASE: Json = {"n": 1}
PROGRAM: Json = {"run": ["decide"], "timeout": 5}


def merged(documents: list[Json], options: dict[str, Json]) -> MergeResult:
    rule: Json = {"path": "$.n", "strategy": {"arbiter": PROGRAM}, **options}
    rules = read_rules(Document("r.yaml", {"rules": [rule]}), lambda name, source: Document(source, None))
    return merge(BASE, [Delta(f"s{rank}", rank, diff(BASE, one)) for rank, one in enumerate(documents)], rules)


@pytest.mark.parametrize("documents", [[{"n": 2}, {"n": 3}], [{"n": 2}, {}], [{"n": 2}, {"n": 3}, {"n": 2}]])
def test_what_shards_disagree_about_names_whom_to_ask(documents: list[Json]) -> None:
    [conflict] = merged(documents, {}).conflicts
    assert conflict.arbiter == PROGRAM


@pytest.mark.parametrize("documents", [[{"n": 2}], [{"n": 2}, {"n": 2}], [{"n": 2}, {"n": 1}], [{}]])
def test_nobody_is_asked_where_shards_agree(documents: list[Json]) -> None:
    result = merged(documents, {})
    assert (result.context, result.conflicts) == (documents[0], ())


@pytest.mark.parametrize(
    ("documents", "options"),
    [
        ([{"n": 2}, {}], {"on_delete": "conflict"}),
        ([{"n": 2}, {"n": "3"}], {"type": "integer"}),
        ([{"n": 2}, {"n": 2}], {"same_change": "conflict"}),
    ],
)
def test_nobody_is_asked_what_an_option_of_the_rule_makes_a_conflict(
    documents: list[Json], options: dict[str, Json]
) -> None:
    [conflict] = merged(documents, options).conflicts
    assert conflict.arbiter is None
