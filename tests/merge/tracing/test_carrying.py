"""Who is blamed for what, over several merges in a row."""

import json
import sys
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge import merge
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import NO_RULES
from shardflow.merge.tracing.carrying import carry, carry_outside
from shardflow.merge.tracing.origins import INITIAL, Initial, Made, Trace, is_removal, rows, told
from shardflow.merge.tracing.recorded import read_settled
from shardflow.merge.tracing.telling import RecordedMerge
from shardflow.model.changes import Delta
from shardflow.model.decisions import Outcome, Settled
from shardflow.model.diff import diff
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, same
from shardflow.testing import generators
from tests.merge.small import merged, rule_set
from tests.merge.tracing.blaming import adding, at, blamed, traced, who, without

KEYED = {"path": "$.l", "strategy": {"keyed": "id"}}


def test_what_nobody_changed_stood_there_from_the_start_and_is_one_part():
    assert blamed({"a": {"b": 1}, "l": [1]}, ([], [lambda base: base])) == {"$": "initial"}


def test_lone_agreed_and_combined_changes_name_their_shards():
    rules = [{"path": "$.n", "strategy": "sum"}]
    first, second = at(a=1, both=1, n=lambda n: n + 1), at(both=1, n=lambda n: n + 2)
    wanted = {"$.n": "g1 a b", "$.keep": "initial", "$.a": "g1 a", "$.both": "g1 a b"}
    assert blamed({"n": 0, "keep": 0}, (rules, [first, second])) == wanted


def test_the_last_group_that_changed_a_value_is_blamed_even_if_it_put_an_older_one_back():
    assert blamed({"n": 0}, ([], [at(n=1)]), ([], [at(n=0)])) == {"$.n": "g2 a"}


def test_members_of_a_new_object_are_blamed_on_who_put_each():
    first, second = at(o={"x": 1, "s": 1}), at(o={"y": 2, "s": 1})
    assert blamed({}, ([], [first, second])) == {"$.o.x": "g1 a", "$.o.s": "g1 a b", "$.o.y": "g1 b"}


def test_a_whole_object_put_by_one_shard_keeps_the_origin_of_what_stayed_in_it():
    rules = [{"path": "$.o", "strategy": "last"}]
    shards = [at(o={"x": 2, "y": 1}), at(o={"x": 3, "y": 1, "z": 1})]
    assert blamed({"o": {"x": 1, "y": 1}}, (rules, shards)) == {"$.o.x": "g1 b", "$.o.y": "initial", "$.o.z": "g1 b"}


def test_appended_items_are_blamed_on_who_appended_them_equal_ones_too():
    groups: Any = ([], [at(l=adding(1, 9)), at(l=adding(9))])
    assert blamed({"l": [0]}, groups) == {"$.l[0]": "initial", "$.l[1]": "g1 a", "$.l[2]": "g1 a", "$.l[3]": "g1 b"}


def test_members_of_a_set_are_blamed_on_all_who_added_them():
    rules = [{"path": "$.l", "strategy": "set"}]
    groups = (rules, [at(l=adding(1, 2)), at(l=adding(2, 3))])
    wanted = {"$.l[0]": "initial", "$.l[1]": "g1 a", "$.l[2]": "g1 a b", "$.l[3]": "g1 b"}
    assert blamed({"l": [0]}, groups) == wanted


def test_items_keep_their_origin_when_later_groups_shift_them():
    prepend = [{"path": "$.l", "strategy": "prepend"}]
    second = (prepend, [at(l=lambda old: ["new", *old])])
    third: Any = ([], [at(l=lambda old: [*old[2:], old[0]])])
    assert blamed({"l": [0]}, ([], [at(l=adding(1))]), second) == {
        "$.l[0]": "g2 a",
        "$.l[1]": "initial",
        "$.l[2]": "g1 a",
    }
    assert blamed({"l": [0]}, ([], [at(l=adding(1))]), second, third) == {"$.l[0]": "g1 a", "$.l[1]": "g2 a"}


def test_keyed_items_are_found_by_key_wherever_they_stand():
    base = {"l": [{"id": 1, "n": 1, "m": 1}]}
    first = ([KEYED], [at(l=adding({"id": 2, "n": 2}))])
    edit = at(l=lambda old: [{"id": 1, "n": 5, "m": 1}, *old[1:]])
    second = ([KEYED], [edit, at(l=adding({"id": 3}))])
    drop = ([KEYED], [at(l=lambda old: [item for item in old if item["id"] != 2])])
    wanted = {"$.l[0].id": "initial", "$.l[0].n": "g2 a", "$.l[0].m": "initial", "$.l[1]": "g1 a", "$.l[2]": "g2 b"}
    assert blamed(base, first, second) == wanted
    del wanted["$.l[2]"]
    assert blamed(base, first, second, drop) == wanted | {"$.l[1]": "g2 b"}


def test_an_edited_item_of_a_plain_list_keeps_the_origin_of_its_untouched_members():
    edit: Any = ([], [at(l=lambda old: [old[0], {"x": 2, "y": 1}, old[2]])])
    base = {"l": ["a", {"x": 1, "y": 1}, "b"]}
    assert blamed(base, edit) == {"$.l[0]": "initial", "$.l[1].x": "g1 a", "$.l[1].y": "initial", "$.l[2]": "initial"}


def test_lists_by_position_are_blamed_item_by_item():
    rules = [{"path": "$.l", "strategy": "index"}]
    shards = [at(l=[5, 0, 0]), at(l=[0, 0, 6])]
    assert blamed({"l": [0, 0, 0]}, (rules, shards)) == {"$.l[0]": "g1 a", "$.l[1]": "initial", "$.l[2]": "g1 b"}


def test_a_change_between_groups_is_nobodys():
    before, trace = traced({"n": 0, "m": 0}, ([], [at(n=1, m=1)]))
    outside = carry_outside(trace, "g2", before, before | {"n": 7})
    assert [who(row.origin) for row in rows(before | {"n": 7}, outside, ())] == ["outside g2", "g1 a"]


def test_superseded_changes_are_told_at_their_place_over_all_groups():
    first = ([{"path": "$.n", "strategy": "first"}], [at(n=1), at(n=2)])
    ignored = ([{"path": "$.n", "strategy": "ignore"}], [at(n=9)])
    context, trace = traced({"n": 0}, first, ignored)
    assert {path_text(row.path): who(row.origin) for row in rows(context, trace, ())} == {"$.n": "g1 a"}
    assert [(said.group, said.shard, said.after, said.by) for said in told(trace.member("n"))] == [
        ("g1", "b", 2, ("a",)),
        ("g2", "a", 9, ()),
    ]


def test_what_was_removed_is_told_where_it_stood_until_something_stands_there_again():
    _, trace = traced({"n": 0, "o": {"x": 1}}, ([], [without("n")]))
    assert [(said.shard, is_removal(said)) for said in trace.gone["n"]] == [("a", True)]
    _, trace = traced({"n": 0}, ([], [without("n")]), ([], [at(n=1)]))
    assert not trace.gone
    assert who(trace.member("n").origin) == "g2 a"


def taken(*items):
    return lambda before: [item for item in before if item not in items]


def test_an_item_taken_out_of_a_list_is_told_with_who_took_it_out():
    as_set = [{"path": "$.l", "strategy": "set"}]
    both = (as_set, [at(l=taken("x")), at(l=taken("x", "y"))])
    one_more = at(l=lambda before: [*taken("z")(before), "w"])
    context, trace = traced({"l": ["x", "y", "z", "v"], "n": 1}, both, ([], [one_more]))
    assert context["l"] == ["v", "w"]
    removals = [(said.group, path_text(said.path), said.before, said.shard) for said in told(trace.member("l"))]
    assert removals == [
        ("g1", "$.l[0]", "x", "a"),
        ("g1", "$.l[0]", "x", "b"),
        ("g1", "$.l[1]", "y", "b"),
        ("g2", "$.l[0]", "z", "a"),
    ]
    assert all(map(is_removal, told(trace.member("l"))))
    assert {path_text(row.path): who(row.origin) for row in rows(context, trace, ())} == {
        "$.l[0]": "initial",
        "$.l[1]": "g2 a",
        "$.n": "initial",
    }


def test_what_vanishes_inside_an_object_that_a_decision_replaced_whole_is_told_with_who_left_it_without():
    base = {"o": {"x": 1, "y": 2, "deep": {"p": [1, 2], "q": 3}, "l": [{"m": 1, "n": 2}]}}
    one = at(o={"x": 5, "y": 2, "deep": {}, "l": []})
    two = at(o={"x": 6, "deep": {"p": [1]}, "l": [{"m": 1}]})
    _, trace = traced(base, ([{"path": "$.o", "strategy": "last"}], [one, two]))
    removals = [(path_text(said.path), said.before, said.shard) for said in told(trace) if is_removal(said)]
    assert removals == [
        ("$.o.y", 2, "b"),
        ("$.o.deep.q", 3, "b"),
        ("$.o.deep.p[1]", 2, "b"),
        ("$.o.l[0].n", 2, "b"),
    ]
    assert [said.shard for said in trace.member("o").gone["y"]] == ["b"]
    again = at(o=lambda o: {**o, "y": 3})
    _, trace = traced(base, ([{"path": "$.o", "strategy": "last"}], [one, two]), ([], [again]))
    assert "y" not in trace.member("o").gone


def test_an_object_replaced_whole_by_several_tells_of_each_who_left_a_member_out():
    rules = [{"path": "$.o", "strategy": "atomic"}]
    same_change = at(o={"x": 1})
    _, trace = traced({"o": {"x": 1, "y": 2}}, (rules, [same_change, same_change]))
    assert [(path_text(said.path), said.shard) for said in told(trace)] == [("$.o.y", "a"), ("$.o.y", "b")]


def test_who_only_moves_or_edits_items_takes_none_out():
    moved = at(l=lambda before: before[::-1])
    edited = at(l=lambda before: [{**before[0], "n": 2}, *before[1:]])
    _, trace = traced({"l": [{"n": 1}, {"n": 0}, 5, 5]}, ([], [moved]), ([], [moved]), ([], [edited]))
    assert not list(told(trace))


def test_members_of_a_keyed_list_that_is_reordered_as_well_are_told_once():
    first = [{"path": "$.l", "strategy": {"keyed": {"fields": "id", "order": "first"}}}]
    edited = at(l=lambda before: [{**before[2], "n": 1}, before[0]])
    _, trace = traced({"l": [{"id": 1}, {"id": 2}, {"id": 3}]}, (first, [edited]))
    assert [path_text(said.path) for said in told(trace)] == ["$.l[?@.id==2]"]


def test_of_equal_items_one_is_taken_out():
    _, trace = traced({"l": [1, 1, 2]}, ([], [at(l=[1, 2])]))
    assert [path_text(said.path) for said in told(trace)] == ["$.l[1]"]


def test_a_ledger_reads_back_as_the_decisions_it_tells_of():
    rules = [{"path": "$.n", "strategy": "first"}, KEYED]
    result = merged({"n": 0}, at(n=1, l=[{"id": "a'b"}])({}), at(n=2)({}), rules=rule_set(*rules))
    again = read_settled(json.loads(json.dumps(ledger_json(result))))
    assert again == tuple(decision for decision in result.decisions if isinstance(decision, Settled))


def carried(trace, base, documents, rules):
    """Merge documents and carry a trace over it; conflicts keep the base value and are no decision."""
    deltas = [Delta(f"s{rank}", rank, diff(base, document)) for rank, document in enumerate(documents)]
    result = merge(base, deltas, rules)
    decisions = tuple(decision for decision in result.decisions if isinstance(decision, Settled))
    changed = {delta.shard for delta in deltas if delta.edit is not None}
    return result.context, carry(trace, RecordedMerge("g", "p", base, result.context, decisions)), changed


def assert_covers(context, parts):
    """The parts make up the context, each place of it once."""
    rebuilt = ABSENT
    for part in parts:
        rebuilt = put_part(rebuilt, part.path, part.value)
    assert same(rebuilt, context)
    assert len({part.path for part in parts}) == len(parts)


@given(generators.groups(), generators.rule_sets(), st.data())
def test_parts_make_up_the_context_and_blame_only_those_who_changed_something(group, rules, data):
    context, trace, changed = carried(Trace(INITIAL), group.base, group.documents, rules)
    parts = rows(context, trace, ())
    assert_covers(context, parts)
    assert {type(part.origin) for part in parts} <= {Initial, Made}
    assert {shard for part in parts if isinstance(part.origin, Made) for shard in part.origin.shards} <= changed
    for path, value in members(group.base):
        stands = at_path(context, path)
        if stands is not ABSENT and not isinstance(stands, dict | list) and same(stands, value):
            assert [part.origin for part in parts if path[: len(part.path)] == part.path] == [INITIAL]
    later = [data.draw(generators.shards(context)) for _ in range(2)]
    after, trace, _ = carried(trace, context, later, rules)
    assert_covers(after, rows(after, trace, ()))


@given(generators.groups())
def test_whoever_is_blamed_for_a_member_left_it_there_unless_it_was_combined(group):
    context, trace, _ = carried(Trace(INITIAL), group.base, group.documents, NO_RULES)
    for part in rows(context, trace, ()):
        if isinstance(part.origin, Made) and part.origin.outcome is not Outcome.COMBINED:
            for shard, (path, value) in product(part.origin.shards, members(part.value, part.path)):
                if all(isinstance(segment, str) for segment in path) and not isinstance(value, dict):
                    assert same(at_path(group.documents[int(shard[1:])], path), value)


def put_part(document, path, value):
    if not path:
        return value
    document = ([] if isinstance(path[0], int) else {}) if document is ABSENT else document
    if isinstance(document, list):
        document += [ABSENT] * (path[0] + 1 - len(document))
        document[path[0]] = put_part(document[path[0]], path[1:], value)
        return document
    return document | {path[0]: put_part(document.get(path[0], ABSENT), path[1:], value)}


def members(value, path=()):
    """List every value of a document that is reached through objects alone."""
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from members(member, (*path, name))


def at_path(value, path):
    for name in path:
        value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def test_the_cost_of_a_keyed_list_grows_with_its_items_not_with_items_times_decisions():
    def steps(items):
        rows_before: list[Any] = [{"id": n, "s": 0} for n in range(items)]
        edited = [row | {"s": n} for n, row in enumerate(rows_before)]
        rules = rule_set({"path": "$.rows", "strategy": {"keyed": "id"}})
        result = merged({"rows": rows_before}, {"rows": edited}, rules=rules)
        one = RecordedMerge("g", "p", {"rows": rows_before}, result.context, read_settled(ledger_json(result)))
        count = 0

        def called(_frame, event, _argument):
            nonlocal count
            count += event == "call"

        sys.setprofile(called)
        try:
            carry(Trace(INITIAL), one)
        finally:
            sys.setprofile(None)
        return count

    assert steps(400) < 6 * steps(100)
