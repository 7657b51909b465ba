"""Cases: written down and read back they are the same; what came out otherwise is told, and nothing else is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidCase
from shardflow.merge.cases import (
    Case,
    CaseShard,
    Comparison,
    Expected,
    ExpectedConflict,
    Form,
    case_json,
    compare,
    outcome_of,
    read_case,
    replay,
)
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeBase, TakeShard, TakeValue
from shardflow.merge.rules import NO_RULES, RuleSet, rules_json
from shardflow.model.changes import Change, Into, Put, same_edit
from shardflow.model.documents import Document
from shardflow.model.values import ABSENT, Json
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.storage.yaml.writing import yaml_bytes
from shardflow.testing.generators import Group, groups, journals, rule_sets
from tests.merge.small import rule_set


def read(text: str) -> Case:
    return read_case(parse_yaml(text.encode(), "x.case.yaml"))


def case_of(group: Group, form: Form = Form.DOCUMENT, **fields: Any) -> Case:
    shards = tuple(CaseShard(f"s{rank}", document, form) for rank, document in enumerate(group.documents))
    return Case(group.base, shards, **fields)


def written(case: Case) -> bytes:
    return canonical_bytes(case_json(case))


@given(groups(), rule_sets(), st.sampled_from([Form.DOCUMENT, Form.PATCH]))
def test_a_case_written_down_reads_back_as_the_same_case(group: Group, rules: RuleSet, form: Form) -> None:
    source = Document("rules.yaml", rules_json(rules))
    case = case_of(group, form, rules=source, description="d", law="grouping")
    case = Case(case.base, case.shards, case.rules, (), outcome_of(replay(case, rules)), case.law, case.description)
    again = read_case(parse_yaml(yaml_bytes(case_json(case)), "again.case.yaml"))
    assert written(again) == written(case)
    assert again.expected is not None
    assert compare(again.expected, replay(again, rules)).is_same


@given(groups(most=2), st.data())
def test_a_journal_in_a_case_changes_what_the_document_does_that_it_makes(group: Group, data: st.DataObject) -> None:
    lines = [data.draw(journals(group.base, document)) for document in group.documents]
    shards = tuple(CaseShard(f"s{rank}", [*said], Form.JOURNAL) for rank, said in enumerate(lines))
    again = read_case(parse_yaml(yaml_bytes(case_json(Case(group.base, shards))), "again.case.yaml"))
    assert again.shards == shards
    for delta, wanted in zip(again.deltas, case_of(group).deltas, strict=True):
        assert same_edit(delta.edit, wanted.edit)


def test_every_form_of_a_case_is_read() -> None:
    case = read(
        """\
description: all there is
law: permutation
rules: {rules: [{path: $.n, strategy: sum}]}
base: {n: 5, "": 1.0, s: 1}
shards:
  - {id: b, document: {n: 6, "": 1, s: 2}}
  - {id: a, patch: {n: 7, "": null, s: 3}}
  - {id: c, journal: [{add: $.n, value: 1}, {set: $.s, value: 4}]}
resolutions:
  - {path: "$['s']", take: {shard: a}, reason: why not}
  - {path: "$['']", take: base}
expect:
  context: {n: 8}
  conflicts: [{path: "$['']", shards: [b, a]}]
"""
    )
    assert (case.description, case.law) == ("all there is", "permutation")
    assert case.shards == (
        CaseShard("b", {"n": 6, "": 1, "s": 2}),
        CaseShard("a", {"n": 7, "": None, "s": 3}, Form.PATCH),
        CaseShard("c", [{"add": "$.n", "value": 1}, {"set": "$.s", "value": 4}], Form.JOURNAL),
    )
    assert [delta.rank for delta in case.deltas] == [0, 1, 2]
    assert case.deltas[2].edit == Into({"n": Put(6), "s": Put(4)})
    assert case.resolutions == (
        Written("$.s", TakeShard("a"), "why not", "x.case.yaml:10"),
        Written("$['']", TakeBase(), "", "x.case.yaml:11"),
    )
    assert case.expected == Expected({"n": 8}, (ExpectedConflict(("",), ("b", "a")),))
    assert isinstance(case.rules, Document)
    assert case.rules.line(("rules", 0)) == 3


def test_a_rule_file_or_shipped_set_is_named_by_a_text_and_what_is_left_out_is_nothing() -> None:
    assert read("{rules: findings, base: {}, shards: {}}") == Case({}, (), "findings")
    assert read("{base: {}, shards: {}, expect: {}}").expected == Expected(ABSENT, ())


def test_every_problem_is_told_with_its_line() -> None:
    with pytest.raises(InvalidCase) as refused:
        read(
            """\
rules: 5
bse: {}
shards:
  - {id: a, document: 1}
  - {id: a, patch: {}, document: {}}
  - {id: "", patch: {}}
  - {document: {}}
resolutions:
  - {path: c-1f3a9b20, take: base}
  - {path: $.n, take: neither}
expect:
  context: []
  conflicts:
    - {path: n, shards: [a, z]}
    - {shards: x}
"""
        )
    assert str(refused.value).split("\n") == [
        "x.case.yaml:1: expected the name of a rule set, the path of a rule file, or an object as in one, "
        "found the integer 5 at $.rules",
        "x.case.yaml:2: unknown field 'bse' at $.bse; did you mean 'base'?",
        "x.case.yaml:4: expected an object, found the integer 1 at $.shards[0].document",
        "x.case.yaml:5: the shard 'a' is told twice at $.shards[1].id; give every shard an id of its own",
        "x.case.yaml:5: a shard is told by one of document, patch, journal, not by several at $.shards[1].patch",
        "x.case.yaml:6: a shard needs an id at $.shards[2].id; give it a name that is not empty",
        "x.case.yaml:7: field 'id' is missing at $.shards[3]; expected a text",
        "x.case.yaml:9: 'c-1f3a9b20' is no path: a path starts with '$', the whole document at $.resolutions[0]; "
        "name the conflict by its path",
        "x.case.yaml:10: expected base, {shard: ID} or {value: JSON}, found the text 'neither' "
        "at $.resolutions[1].take",
        "x.case.yaml:12: expected an object, found an empty list at $.expect.context",
        "x.case.yaml:14: 'n' is no path: a path starts with '$', the whole document at $.expect.conflicts[0].path",
        "x.case.yaml:14: no shard 'z' at $.expect.conflicts[0].shards[1]; known are a",
        "x.case.yaml:15: field 'path' is missing at $.expect.conflicts[1]; expected a text",
        "x.case.yaml:15: expected a list, found the text 'x' at $.expect.conflicts[1].shards",
    ]


def test_operations_that_are_none_or_do_not_fit_the_base_are_told_with_their_lines() -> None:
    with pytest.raises(InvalidCase) as refused:
        read(
            """\
base: {s: x}
shards:
  - id: a
    journal:
      - {set: $.n, value: 1}
      - {sett: $.n, value: 1}
      - {remove: $.m}
      - {add: $.s, value: 1}
"""
        )
    assert str(refused.value).split("\n") == [
        "x.case.yaml:6: unknown operation 'sett' at $.shards[0].journal[1]; did you mean 'set'?",
        "x.case.yaml:7: $.m: nothing stands there that could be removed at $.shards[0].journal[2]; is the path right?",
        "x.case.yaml:8: $.s: add needs a number, and a text stands there at $.shards[0].journal[3]",
    ]


def test_a_resolution_of_a_case_settles_its_conflict() -> None:
    shards = (CaseShard("a", {"n": 1}), CaseShard("b", {"n": 2}))
    case = Case({"n": 0}, shards, resolutions=(Written("$.n", TakeValue(3), "", "me"),))
    assert replay(case, NO_RULES).context == {"n": 3}
    assert read_case(Document("x", case_json(case))).resolutions == case.resolutions


COMPARED: list[tuple[Expected, Json, Comparison]] = [
    (Expected(), {"n": 9}, Comparison((), (), ())),
    (Expected({"m": 1, "n": 9}), {"n": 9, "m": 1}, Comparison((), (), ())),
    (Expected({"n": 9.0}), {"n": 9}, Comparison((Change(("n",), 9.0, 9),), (), ())),
    (Expected({"n": Decimal("9.1")}), {}, Comparison((Change(("n",), Decimal("9.1"), ABSENT),), (), ())),
    (
        Expected({}, (ExpectedConflict(("n",), ("a", "b")),)),
        {},
        Comparison((), (ExpectedConflict(("n",), ("a", "b")),), ()),
    ),
]


@pytest.mark.parametrize(("expected", "context", "found"), COMPARED)
def test_what_differs_is_told_strictly(expected: Expected, context: dict[str, Json], found: Comparison) -> None:
    result = replay(Case({}, (CaseShard("a", context), CaseShard("b", context))), NO_RULES)
    assert compare(expected, result) == found


def test_a_conflict_between_others_is_both_missing_and_not_expected() -> None:
    shards = tuple(CaseShard(name, {"n": name}) for name in ("a", "b", "c"))
    result = replay(Case({"n": 0}, shards), rule_set())
    came, wanted = (ExpectedConflict(("n",), names) for names in (("a", "b", "c"), ("b", "a")))
    assert compare(Expected(ABSENT, (wanted,)), result) == Comparison((), (wanted,), (came,))
    assert compare(Expected(ABSENT, (ExpectedConflict(("n",), ("c", "a", "b")),)), result).is_same
