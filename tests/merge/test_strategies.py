"""Every strategy on small values: what it gives, and what it refuses."""

from decimal import Decimal
from itertools import product

import pytest

from shardflow.merge.strategies.registry import ARBITER, CUSTOM, STRATEGIES
from shardflow.model.numbers import MAX_DIGITS
from shardflow.model.values import same
from shardflow.testing.generators import arguments_of
from tests.merge.small import GONE, at_n, ledger, merged, nested, rule_set

SETTLED = [
    ("conflict", 1, [2], 2),
    ("conflict", 1, [2, 2], 2),
    ("conflict", 1, [1, 2], 2),
    ("conflict", 1, [GONE], GONE),
    ("conflict", GONE, [1, 1], 1),
    ("atomic", [0], [[0, 1], [0]], [0, 1]),
    ("first", 1, [1, 2, 3], 2),
    ("first", 1, [GONE, 2], GONE),
    ("last", 1, [2, 3, 1], 3),
    ("last", 1, [2, GONE], GONE),
    ({"prefer": "b"}, 1, [2, 3], 3),
    ({"prefer": ["c", "b"]}, 1, [2, 3], 3),
    ({"prefer": ["c"]}, 1, [2, 2], 2),
    ("base", 1, [2, 3], 1),
    ("base", 1, [2], 2),
    ("ignore", 1, [2], 1),
    ("ignore", GONE, [2], GONE),
    ({"quorum": 2}, None, ["a", "b", "a"], "a"),
    ("majority", None, ["a", "b", "a"], "a"),
    ("keep_all", 1, [2], 2),
    ("keep_all", 1, [2, 3, 2], [{"value": 2, "shards": ["a", "c"]}, {"value": 3, "shards": ["b"]}]),
    ("keep_all", 1, [2, GONE], [{"value": 2, "shards": ["a"]}, {"shards": ["b"]}]),
    ("keep_all", 0, [1, 1.0, True], [{"value": v, "shards": [s]} for v, s in ((1, "a"), (1.0, "b"), (True, "c"))]),
    ("min", 9, [4, 7], 4),
    ("min", 1, [3, 2], 2),
    ("min", "b", ["c", "a"], "a"),
    ("max", 1, [4, 7], 7),
    ("max", 9, [3, 2], 3),
    ("max", 0, [1, 1.0], 1),
    ("max", 0, [1.0, 1], 1.0),
    ("max", 0, [2**70, 2.0**70 * 2], 2.0**70 * 2),
    ("max", 0, [0.1, Decimal("0.1000000000000000001")], Decimal("0.1000000000000000001")),  # the float is a bit more
    ("max", 0, [99999999999999999999999, 1e23], 1e23),  # the float is a bit less
    ("min", 0, [1e23, 10**23], 1e23),
    ({"min_by": "c"}, None, [{"c": Decimal("0.1000000000000000001")}, {"c": 0.1}], {"c": 0.1}),
    ({"max_by": "c"}, None, [{"c": 0.4}, {"c": 0.9}], {"c": 0.9}),
    ({"max_by": ""}, None, [{"": 2}, {"": 1}], {"": 2}),
    ({"min_by": "c"}, None, [{"c": 0.4}, {"c": 0.9}], {"c": 0.4}),
    ({"min_by": "c"}, {"c": 1}, [GONE], GONE),
    ({"max_by": "c"}, {"c": 1}, [GONE, GONE], GONE),
    ("sum", 5, [6, 6], 7),
    ("sum", 5, [6, 8], 9),
    ("sum", GONE, [2, 3], 5),
    ("sum", 5, [3], 3),
    ("sum", None, [3], 3),
    ("sum", None, [GONE, GONE], GONE),
    ("set", None, [[1], [1]], [1]),
    ("sum", 0, [2**64, 2**64], 2**65),
    ("sum", 0.0, [0.1, 0.2], 0.3),
    ("sum", 0.0, [1, 2], 3.0),
    ("sum", 0, [1.0, 2.0], 3.0),
    ("sum", 0, [0.1] * 10, 1.0),
    ("sum", 1, [1.5, 2], 2.5),
    ("sum", 0, [Decimal("1E-30"), 1], Decimal("1.000000000000000000000000000001")),
    ("mean", 0, [1, 2], 1.5),
    ("mean", 0, [4, 4], 4),
    ("any", None, [True, False], True),
    ("any", None, [False, False], False),
    ("all", None, [True, False], False),
    ({"rank": ["low", "medium", "high"]}, "low", ["high", "medium"], "high"),
    ({"rank": ["low", "medium", "high"]}, "high", ["low", "medium"], "medium"),
    ({"rank": [1, 1.0, True]}, None, [1, True, 1.0], True),
    ({"rank": {"pairs": [["a", "b"], ["b", "c"], ["a", "x"]]}}, None, ["a", "c"], "c"),
    ("append", ["a"], [["a", "b"], ["a", "c", "d"]], ["a", "b", "c", "d"]),
    ("append", [], [[1], [1]], [1, 1]),
    ("append", GONE, [[1], [2]], [1, 2]),
    ("in_turn", ["a"], [["a", "b"], ["a", "b"]], ["a", "b", "b"]),
    ("in_turn", GONE, [[1], [2]], [1, 2]),
    ("in_turn", ["a"], [["b"]], ["b"]),
    ("in_turn", ["a"], [["a", "b"], ["c"]], ["c"]),
    ("in_turn", ["a"], [["a", "b"], GONE], GONE),
    ("in_turn", ["a"], [["a", "b"], {}], {}),
    ("in_turn", 1, [2, [3]], [3]),
    ("prepend", ["a"], [["b", "a"], ["c", "a"]], ["b", "c", "a"]),
    ("set", ["a", "b"], [["b", "c"], ["a", "b", "d"]], ["b", "c", "d"]),
    ("set", [1], [[1, True], [1, 1.0]], [1, True, 1.0]),
    ("set", [0.0], [[0.0, -0.0]], [0.0, -0.0]),
    ("multiset", ["a"], [["a", "a"], ["a", "b"]], ["a", "a", "b"]),
    ("multiset", ["a", "b"], [["b"], ["b"]], ["b"]),
    ("diff3", "a\nb\nc\n", ["A\nb\nc\n", "a\nb\nC\n"], "A\nb\nC\n"),
    ("diff3", "a\nb", ["a\nb\u2028x", "z\na\nb"], "z\na\nb\u2028x"),
    ("diff3", [1, 2, 3, 4], [[9, 2, 3, 4], [1, 2, 4], [1, 2, 3, 4, True]], [9, 2, 4, True]),
    ("diff3", GONE, ["x", "x"], "x"),
    ("index", [0, 0], [[1, 0], [0, 2]], [1, 2]),
    ("index", [0], [[1, 2]], [1, 2]),
    ("deep", {"a": 1, "b": 1}, [{"a": 2, "b": 1}, {"a": 1, "b": 3}], {"a": 2, "b": 3}),
    ("deep", GONE, [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
    ("deep", 1, [{"a": 1}], {"a": 1}),
    ({"keyed": "id"}, [{"id": 1}], [[{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 3}]], [{"id": 1}, {"id": 2}, {"id": 3}]),
    ({"keyed": "id"}, [{"id": 1}, {"id": 2}], [[{"id": 2}], [{"id": 1}, {"id": 2}, {"id": 3}]], [{"id": 2}, {"id": 3}]),
    ({"keyed": "id"}, GONE, [[{"id": 1, "x": 1}], [{"id": 1, "y": 2}]], [{"id": 1, "x": 1, "y": 2}]),
    ({"keyed": "id"}, [], [[{"id": 1}], [{"id": 1.0}], [{"id": True}]], [{"id": 1}, {"id": 1.0}, {"id": True}]),
]


@pytest.mark.parametrize(("strategy", "base", "shards", "wanted"), SETTLED)
def test_a_strategy_gives_its_documented_value(strategy, base, shards, wanted):
    found = at_n(strategy, base, *shards)
    assert found is wanted or same(found, wanted), found


REFUSED = [
    ("conflict", 1, [2, 3], "a and b changed it to different values"),
    ("conflict", 1, [GONE, 3, 4], "deleted by a but changed by b and c"),
    ("atomic", {"x": 1, "y": 1}, [{"x": 2, "y": 1}, {"x": 1, "y": 2}], "a and b changed it to different values"),
    ({"prefer": ["z"]}, 1, [2, 3], "a and b changed it to different values"),
    ("immutable", 1, [2], "a changed what no shard may change"),
    ({"quorum": 2}, None, [1, 1.0], "no value has the 2 votes needed"),
    ({"quorum": 1}, None, [1, 2], "2 values have the 1 vote needed"),
    ("majority", None, [1, 2], "none of 2 values has a majority of 2 votes"),
    ("min", 1, [2, "x"], "b left a text where a number is needed"),
    ("max", 1, [True], "a left a boolean where a number or text is needed"),
    ("max", None, [[], {}], "a left a list where a number or text is needed"),
    ({"max_by": "c"}, None, [{"c": 1}, {}], "b left an object without the field 'c'"),
    ({"max_by": "c"}, None, [{"c": None}, {"c": 1}], "a left null in the field 'c', where a number or text is needed"),
    ({"max_by": "c"}, None, [{"c": 1}, [1]], "b left a list where an object is needed"),
    ({"min_by": "c"}, {"c": 0}, [{"c": 1}, GONE, {"c": 2}], "deleted by b but changed by a and c"),
    ({"max_by": "c"}, None, [{"c": 1}, {"c": "x"}], "the field 'c' is a number in some shards and a text in others"),
    ("sum", 1, [2, GONE], "deleted by b but changed by a"),
    ("sum", 1, [2, None], "b left null where a number is needed"),
    ("sum", "x", [1, 2], "the base value is a text where a number is needed, and a and b changed it"),
    ("sum", None, [1, 1], "the base value is null where a number is needed, and a and b changed it"),
    ("append", None, [[1], [1]], "the base value is null where a list is needed, and a and b changed it"),
    ("prepend", None, [[1], [1]], "the base value is null where a list is needed, and a and b changed it"),
    ("multiset", {}, [[1], [1]], "the base value is an object where a list is needed, and a and b changed it"),
    (
        "set",
        1,
        [[1], [2]],
        "the base value is an integer where a list is needed, and a and b changed it to different values",
    ),
    ("sum", 0.0, [1.7e308, 1.7e308], "the sum is larger than any JSON number here"),
    ("sum", 0, [Decimal("1E-1500"), 10**600], "the exact sum needs more than 2000 digits"),
    ("mean", 0, [10**400, 10**401], "the mean is larger than any decimal here"),
    ("any", None, [1], "a left an integer where true or false is needed"),
    ({"rank": ["low", "high"]}, "low", ["urgent"], "a left a value that is not in the declared order"),
    (
        {"rank": {"pairs": [["a", "b"], ["a", "c"]]}},
        "a",
        ["b", "c"],
        "the declared order does not say which of these values leads",
    ),
    ("append", [1], [[1, 2], [3]], "b did more to the list than append"),
    ("append", [1], [[2]], "a did more to the list than append"),
    ("append", [1], [[1.0, 2]], "a did more to the list than append"),
    ("in_turn", [1], [[2], [1, 3]], "b appended to the list, to which a did more than append"),
    ("in_turn", [1], [GONE, [1, 2], [1, 3]], "c appended to the list, to which a did more than append"),
    ("prepend", [1], [[1, 2]], "a did more to the list than prepend"),
    ("set", [1], [[1], 5], "b left an integer where a list is needed"),
    ("diff3", "a\nb\n", ["x\nb\n", "y\nb\n"], "a and b changed line 1 of the base differently"),
    ("diff3", "a\r\nb\r\n", ["a\nb\n", "a\r\nB\r\n"], "a and b changed lines 1 to 2 of the base differently"),
    ("diff3", [1, 2], [[True, 2], [1.0, 2]], "a and b changed item 0 of the base differently"),
    ("diff3", [1, 2, 3], [[0, 2, 3], [1, 2, 4], [9, 2, 3]], "a and c changed item 0 of the base differently"),
    ("diff3", [1, 2, 3], [[0, 2, 3], [1, 2, 4], [9, 2, 9]], "a and c changed item 0 of the base differently"),
    ("diff3", [1], [[0, 1], [2, 1]], "a and b added different items before item 0 of the base"),
    ("diff3", "a\n", ["a\nb\n", "a\nc\n"], "a and b added different lines at the end"),
    ("diff3", "", ["b\n", "c\n"], "a and b added different lines at the end"),
    ("diff3", GONE, [[1], [1, 2]], "a and b changed it to different values"),
    ("diff3", [1], [{}], "a left an object where a text or list is needed"),
    ("diff3", "a", [5, 5], "a left an integer where a text or list is needed"),
    ("diff3", "a", ["b", 5], "b left an integer where a text is needed"),
    ("index", [0], [[1, 2], [3]], "lists of 1 and 2 items cannot be merged by position"),
    ("index", [0], [[1, 2], [3, 4]], "lists of 1 and 2 items cannot be merged by position"),
    ("index", GONE, [[1], [2]], "no list stood here before, so those of a and b cannot be merged by position"),
    ({"keyed": "id"}, [], [[{"id": 1}, {"id": 1}]], "items 0 and 1 of a have the same key id=1"),
    ({"keyed": "id"}, [], [[{"id": 1}, {}]], "item 1 of a lacks the key field 'id'"),
    (
        {"keyed": "id"},
        [{"id": 1}],
        [[{"id": 1}, {}], [{"id": 1}, {"id": 2}], [{"id": 3}, {"id": 3}]],
        "item 1 of a lacks the key field 'id'; items 0 and 1 of c have the same key id=3",
    ),
    (
        {"keyed": "id"},
        [{}],
        [[{}, {"id": n}] for n in range(6)],
        "item 0 of the base lacks the key field 'id'; item 0 of a lacks the key field 'id'; "
        "item 0 of b lacks the key field 'id'; item 0 of c lacks the key field 'id'; "
        "item 0 of d lacks the key field 'id'; and 2 more lists like that",
    ),
    ({"keyed": "id"}, [], [[5]], "item 0 of a is an integer, not an object with id"),
    ({"keyed": "id"}, [], [[{"id": []}]], "item 0 of a has a list in its key field 'id'"),
    ({"keyed": ["f", "g"]}, [{"f": 1}], [[]], "item 0 of the base lacks the key field 'g'"),
    (
        {"keyed": ["f", "g"]},
        [],
        [[{"f": 1, "g": 2}, {"f": {}}, {"f": 1, "g": 2}, {"f": 2, "g": 1}, 5, {"f": 1, "g": 2}]],
        "item 1 of a has an object in its key field 'f'; item 1 of a lacks the key field 'g'; "
        "items 0 and 2 of a have the same key f=1, g=2; item 4 of a is an integer, not an object with f and g; "
        "items 0 and 5 of a have the same key f=1, g=2",
    ),
    (
        {"keyed": "id"},
        [],
        [[1, 2, 3, 4, 5, 6, 7], [{}]],
        "item 0 of a is an integer, not an object with id; item 1 of a is an integer, not an object with id; "
        "item 2 of a is an integer, not an object with id; item 3 of a is an integer, not an object with id; "
        "item 4 of a is an integer, not an object with id; and 2 more items of a; item 0 of b lacks the key field 'id'",
    ),
]


@pytest.mark.parametrize(("strategy", "base", "shards", "reason"), REFUSED)
def test_a_strategy_refuses_what_it_would_have_to_guess(strategy, base, shards, reason):
    assert at_n(strategy, base, *shards) == reason


def test_values_that_would_nest_too_deep_in_a_list_of_all_stay_in_conflict():
    assert at_n("keep_all", 0, nested(197, 1), nested(197, 2))[1]["shards"] == ["b"]
    told = "a and b changed it to different values, and a list of them would be nested deeper than 200 levels"
    assert at_n("keep_all", 0, nested(198, 1), nested(198, 2)) == told


def test_integers_whose_sum_no_document_may_hold_stay_in_conflict():
    longest = 10**MAX_DIGITS - 1
    assert at_n("sum", 1, longest - 1, 2) == longest
    assert at_n("sum", 1, longest, 2) == "the sum has more than 100,000 digits"


OPTIONS = [
    ("max", 1, [GONE, 3, 4], {"on_delete": "keep"}, 4),
    ("max", 1, [GONE, 3], {"on_delete": "delete"}, GONE),
    ("last", 1, [3, GONE], {"on_delete": "conflict"}, "deleted by b but changed by a"),
    *(
        ("last", 1, [5, GONE], {"on_delete": choice, "type": "text"}, "a left an integer where the rule expects text")
        for choice in ("keep", "delete", "conflict")
    ),
    *(("last", 1, [3, 4], {"on_delete": choice}, 4) for choice in ("keep", "delete", "conflict")),
    *(("last", 1, [GONE, GONE], {"on_delete": choice}, GONE) for choice in ("keep", "delete", "conflict")),
    *(("last", 1, [GONE], {"on_delete": choice}, GONE) for choice in ("keep", "delete", "conflict")),
    ("deep", {"x": 1}, [GONE, {"x": 2}], {"on_delete": "keep"}, {"x": 2}),
    ("conflict", 1, [2, 2], {"same_change": "conflict"}, "a and b made the same change, which this rule forbids"),
    ("conflict", 1, [2], {"same_change": "conflict"}, 2),
    ("sum", 1, [2, 2], {"same_change": "conflict"}, "a and b made the same change, which this rule forbids"),
    ("deep", GONE, [{"x": 1}, {"y": 1}], {"add_add": "conflict"}, "a and b added different objects"),
    ("deep", GONE, [{"x": 1}, {"x": 1}], {"add_add": "conflict"}, {"x": 1}),
    ("last", 1, [2, "x"], {"type": "integer"}, "b left a text where the rule expects integer"),
    ("last", 1, [True], {"type": "number"}, "a left a boolean where the rule expects number"),
    ("last", 1, [1.5], {"type": "number"}, 1.5),
    ("last", 1, [GONE], {"type": "number"}, GONE),
    ("last", 1, [1.5], {"type": "integer"}, "a left a decimal where the rule expects integer"),
    ("last", 1, [5], {"type": "text"}, "a left an integer where the rule expects text"),
    ("last", 1, [[5]], {"type": "list"}, [5]),
    ("deep", {"x": 1, "y": 1}, [{"x": 1}, {"x": 2, "y": 1}], {"type": "object"}, {"x": 2}),
]


@pytest.mark.parametrize(("strategy", "base", "shards", "options", "wanted"), OPTIONS)
def test_options_act_around_any_strategy(strategy, base, shards, options, wanted):
    found = at_n(strategy, base, *shards, **options)
    assert found is wanted or same(found, wanted), found


def test_equal_new_objects_are_no_conflict_of_add_add_though_a_rule_speaks_of_a_member():
    rules = rule_set({"path": "$.n", "strategy": "deep", "add_add": "conflict"}, {"path": "$.n.x", "strategy": "sum"})
    assert merged({}, {"n": {"x": 1}}, {"n": {"x": 1}}, rules=rules).context == {"n": {"x": 2}}
    [conflict] = merged({}, {"n": {"x": 1}}, {"n": {"x": 2}}, rules=rules).conflicts
    assert conflict.reason == "a and b added different objects"


def test_a_rule_inside_a_new_object_is_heard_even_when_one_shard_adds_it():
    rules = rule_set({"path": "$.new.secret", "strategy": "ignore"})
    result = merged({}, {"new": {"secret": 1, "open": 2}}, rules=rules)
    assert result.context == {"new": {"open": 2}}
    assert ledger(result) == ["$.new: a applied", "$.new.secret: a superseded", "$.new.open: a applied"]


def test_a_counter_inside_equal_new_objects_counts_both():
    rules = rule_set({"path": "$.counts.*", "strategy": "sum"})
    assert merged({}, {"counts": {"x": 1}}, {"counts": {"x": 1}}, rules=rules).context == {"counts": {"x": 2}}


def test_every_strategy_that_settles_stands_in_the_table():
    tried = {strategy if isinstance(strategy, str) else next(iter(strategy)) for strategy, *_ in SETTLED}
    assert {*STRATEGIES} - {CUSTOM, ARBITER, "immutable"} == tried


@pytest.mark.parametrize("name", sorted({*STRATEGIES} - {CUSTOM}))
def test_the_whole_document_stays_an_object_under_any_strategy(name):
    strategies = [name if argument is None else {name: argument} for argument in arguments_of(name)]
    documents = [{"a": 2}, {"a": 3}, {}, {"n": 1}, {"n": 2, "a": 5}]
    for strategy, left, right in product(strategies, documents, documents):
        result = merged({"a": 1}, left, right, rules=rule_set({"path": "$", "strategy": strategy}))
        assert isinstance(result.context, dict)
