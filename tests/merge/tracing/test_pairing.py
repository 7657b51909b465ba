"""Which item of a list was which before, seen from who is blamed for it."""

from shardflow.merge.tracing.origins import told
from shardflow.model.paths import path_text
from tests.merge.tracing.blaming import at, blamed, traced


def test_a_keyed_item_that_moved_and_was_edited_keeps_the_origin_of_its_other_members():
    rules = [{"path": "$.l", "strategy": {"keyed": {"fields": "id", "order": "first"}}}]
    moved = at(l=[{"id": 2, "n": 5}, {"id": 1}])
    assert blamed({"l": [{"id": 1}, {"id": 2, "n": 1}]}, (rules, [moved])) == {
        "$.l[0].id": "initial",
        "$.l[0].n": "g1 a",
        "$.l[1]": "initial",
    }


def test_a_keyed_item_whose_key_was_assumed_is_the_one_that_says_it():
    keyed = {"fields": ["name", "port"], "defaults": {"port": 80}, "order": "first"}
    rules = [{"path": "$.l", "strategy": {"keyed": keyed}}]
    shards = [at(l=[{"name": "db", "port": 1, "n": 2}, {"name": "web", "port": 80}])]
    assert blamed({"l": [{"name": "web"}, {"name": "db", "port": 1, "n": 1}]}, (rules, shards)) == {
        "$.l[0].name": "initial",
        "$.l[0].port": "initial",
        "$.l[0].n": "g1 a",
        "$.l[1].name": "initial",
        "$.l[1].port": "g1 a",
    }


def test_by_position_an_item_is_not_one_that_has_its_value_elsewhere():
    rules = [{"path": "$.l", "strategy": "index"}]
    assert blamed({"l": [1, 2]}, (rules, [at(l=[2, 2]), at(l=[1, 1])])) == {"$.l[0]": "g1 a", "$.l[1]": "g1 b"}


def test_a_scalar_item_that_another_replaced_is_told_as_taken_out():
    _, trace = traced({"l": [1, {"x": 1}, [1]]}, ([], [at(l=[2, [1], {"x": 1}])]))
    assert [(path_text(said.path), said.shard) for said in told(trace)] == [
        ("$.l[0]", "a"),
    ]
