"""What the generators promise: groups as dense as asked for, contexts as their source says, edits of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from shardflow.execution.rules.sources import load_named_rules, shipped_rule_sets
from shardflow.merge import merge
from shardflow.model.changes import changes
from shardflow.model.numbers import MAX_DIGITS
from shardflow.model.values import ABSENT, Json, flaw
from shardflow.testing import Like, Schema, contexts, groups, shards
from shardflow.testing.generators import journals, patches
from shardflow.testing.generators.aim import aimed_shape
from shardflow.testing.generators.edits import nearby
from shardflow.testing.generators.shapes import ANY, Leaf, shape_at
from shardflow.testing.generators.values import weighted
from shardflow.testing.laboratory.coverage import Coverage
from shardflow.testing.laboratory.search import Effort, look_at
from shardflow.testing.laws import ENGINE, LAWS
from tests.merge.small import rule_set

CONTEXT: dict[str, Json] = {"n": 5, "found": [{"id": "a", "level": 1}, {"id": "b", "level": 2}], "deep": {"er": "x"}}


def met(group):
    return [decision for decision in merge(group.base, group.deltas).decisions if len(decision.contributions) > 1]


@given(groups(overlap=0))
def test_shards_without_overlap_never_meet(group):
    assert not met(group)


@given(groups())
def test_groups_are_json_objects_and_their_changes_are_changes(group):
    assert all(flaw(document) is None for document in (group.base, *group.documents))
    assert all(isinstance(document, dict) for document in (group.base, *group.documents))


FLAT: dict[str, Json] = dict.fromkeys("abcdefgh", 0)
"""Members beside each other only, so that who edits one place changes one path."""


@pytest.mark.parametrize("overlap", [0, 0.25, 0.5, 0.75, 1])
def test_an_edit_meets_an_earlier_one_as_often_as_asked(overlap):
    found = []

    def look(group):
        first, second = (set(delta.edit.members) if delta.edit else set() for delta in group.deltas)
        found.extend([bool(first & second)] if first and second else [])

    look_at(groups(Like(FLAT), overlap=overlap, least=2, most=2, edits=1), look, Effort(400, 1))
    # The simplest, which is to meet, Hypothesis draws more often than chance would; and constants from loaded modules.
    assert abs(sum(found) / len(found) - overlap) <= (0.2 if 0 < overlap < 1 else 0)


@pytest.mark.parametrize("overlap", [-0.1, 1.1])
def test_an_overlap_that_is_no_share_is_refused(overlap):
    with pytest.raises(ValueError, match="a share from 0 to 1"):
        find(groups(overlap=overlap), lambda group: True)


def test_more_shards_than_the_most_are_refused():
    with pytest.raises(ValueError, match="least must be from 0 to most, which is 4, not 9"):
        find(groups(least=9), lambda group: True)


@given(contexts(Like(CONTEXT)))
def test_contexts_like_an_example_have_its_members_and_kinds(context):
    assert set(context) <= set(CONTEXT)
    assert all(type(value) is type(CONTEXT[name]) for name, value in context.items())
    assert all("id" in item for item in context.get("found", []))
    assert len({item["id"] for item in context.get("found", [])}) == len(context.get("found", []))


SCHEMA: dict[str, Json] = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": {"type": "integer", "minimum": 3, "exclusiveMaximum": 6},
        "half": {"type": "number", "minimum": 0.5, "maximum": 2},
        "kind": {"enum": ["x", 1, None]},
        "list": {"type": "array", "items": {"$ref": "#/$defs/item"}, "minItems": 1, "maxItems": 2},
        "either": {"anyOf": [{"type": "boolean"}, {"const": "none"}]},
        "code": {"type": "string", "pattern": "^[ab]{2}$"},
        "both": {"allOf": [{"properties": {"a": {"type": "null"}}}, {"properties": {"b": {"type": "boolean"}}}]},
    },
    "$defs": {"item": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}},
}


@given(contexts(Schema(SCHEMA)))
def test_contexts_of_a_json_schema_are_valid(context):
    assert context["n"] in (3, 4, 5)
    assert 0.5 <= context.get("half", 1) <= 2
    assert context.get("kind", "x") in ("x", 1, None)
    assert 1 <= len(context.get("list", [0])) <= 2
    assert all(len(item.get("name", "")) <= 3 for item in context.get("list", []))
    assert context.get("either", True) in (True, False, "none")
    assert context.get("code", "ab") in ("aa", "ab", "ba", "bb")
    assert set(context.get("both", {})) <= {"a", "b"}


def of(part: Json, **more: Json) -> dict[str, Json]:
    """Describe objects with the member `q`."""
    return {"type": "object", "properties": {"q": part}, "required": ["q"], **more}


NODE: dict[str, Json] = {"$ref": "#/$defs/node"}
LINKED: dict[str, Json] = {**NODE, "$defs": {"node": of({"anyOf": [NODE, {"type": "null"}]})}}
NESTED: dict[str, Json] = {**of(NODE), "$defs": {"node": {"items": NODE}}}
MEANT: dict[str, Json] = {**NODE, "required": ["q"], "$defs": {"node": {"properties": {"q": {"const": 1}}}}}
EITHER: dict[str, Json] = of(True, anyOf=[{"required": ["a"]}, {"required": ["b"]}])
ALL: dict[str, Json] = {"allOf": [of({"minimum": 1}), of({"maximum": 3}), {"required": ["z"]}]}


def ends(context: dict[str, Json]) -> bool:
    link: Json = context
    while isinstance(link, dict) and "q" in link:
        link = link["q"]
    return link is None


@pytest.mark.parametrize(
    ("schema", "is_valid"),
    [
        (of({"type": "number", "minimum": 0.1, "maximum": 0.9}), lambda c: 0.1 <= c["q"] <= 0.9),
        (of({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}), lambda c: 0 < c["q"] < 1),
        (of({"minimum": 1, "exclusiveMinimum": 5, "type": "integer"}), lambda c: c["q"] > 5),
        (of({"type": "number", "multipleOf": 0.5, "maximum": 2}), lambda c: c["q"] <= 2 and c["q"] % 0.5 == 0),
        (of({"type": "integer", "multipleOf": 1.5, "minimum": 1}), lambda c: c["q"] >= 3 and c["q"] % 3 == 0),
        (of({"exclusiveMinimum": 3}), lambda c: c["q"] > 3),
        (of({"type": "string", "pattern": "^a+$", "maxLength": 3}), lambda c: c["q"] in ("a", "aa", "aaa")),
        (of({"pattern": r"^[$]\$$"}), lambda c: c["q"] == "$$"),
        (of({"enum": [1, 2.5, "x", None], "type": ["integer", "null"]}), lambda c: c["q"] in (1, None)),
        ({"type": "object", "required": ["unsaid"]}, lambda c: "unsaid" in c),
        ({"properties": {"a": False, "b": True}}, lambda c: set(c) <= {"b"}),
        (EITHER, lambda c: "q" in c and bool({"a", "b"} & set(c))),
        (ALL, lambda c: 1 <= c["q"] <= 3 and "z" in c),
        (MEANT, lambda c: c["q"] == 1),
        (NESTED, lambda c: isinstance(c["q"], list)),
        (LINKED, ends),
    ],
)
def test_what_a_schema_describes_is_drawn(schema, is_valid):
    @settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(contexts(Schema(schema)))
    def drawn(context):
        assert is_valid(context), context

    drawn()


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"if": True}, r"the keyword 'if' at \$ is not known here"),
        ({"properties": {"a": {"type": "text"}}}, r"'text' at \$.properties.a is no type"),
        ({"properties": {"a": {"$ref": "#/nowhere"}}}, r"'#/nowhere' at \$.properties.a leads nowhere"),
        ({"properties": {"a": 5}}, r"expected a JSON Schema at \$.properties.a"),
        ({"type": "array"}, r"a context is an object, and the schema is one of type 'array' at \$.type"),
        ({"$ref": "#"}, r"the reference '#' at \$ leads back to itself without end"),
        ({"allOf": [{"$ref": "#"}]}, r"the reference '#' at .* leads back to itself without end"),
        (of({"minimum": 5, "maximum": 4}), r"no number fits the schema at \$.properties.q"),
        (of({"minimum": "5"}), r"'minimum' at \$.properties.q must be a number"),
        (of({"minLength": 3, "maxLength": 2}), r"nothing lies between 'minLength' and 'maxLength' at \$.properties.q"),
        (of({"pattern": "("}), r"the pattern '\(' at \$.properties.q cannot be read"),
        (
            of({"allOf": [{"minimum": 1}, {"minimum": 2}]}),
            r"two values of the keyword 'minimum' meet at \$.prop",
        ),
    ],
)
def test_a_schema_that_is_not_understood_is_refused_with_its_place(schema, complaint):
    with pytest.raises(ValueError, match=complaint):
        find(contexts(Schema(schema)), lambda context: True)


@pytest.mark.parametrize("name", [name for name in shipped_rule_sets() if name not in ("default", "strict")])
def test_contexts_aimed_at_a_rule_set_give_every_rule_something_to_decide(name):
    rules = load_named_rules(name).rules
    coverage = Coverage(rules)
    look_at(groups(rules, least=2), lambda group: coverage.watch(group.base, group.deltas), Effort(300, 1))
    assert all(coverage.branches[place] for place in range(len(rules.rules)))


@pytest.mark.parametrize("plain", [str.casefold, str.strip])
def test_texts_that_careless_code_takes_for_one_another_meet(plain):
    found = []

    def look(group):
        texts = {text for document in group.documents if isinstance(text := document.get("t"), str)}
        found.append(len({plain(text) for text in texts}) < len(texts))

    rules = rule_set({"path": "$.t", "strategy": "last", "type": "text"})
    look_at(groups(rules, least=2), look, Effort(500, 1))
    assert any(found)


KINDS = {
    "a member is removed": lambda before, after: after is ABSENT,
    "a member is new": lambda before, after: before is ABSENT,
    "a type changes": lambda before, after: isinstance(before, str) and isinstance(after, int),
    "1 becomes true": lambda before, after: before == after == 1 and isinstance(after, bool),
    "0.0 becomes -0.0": lambda before, after: repr((before, after)) == "(0.0, -0.0)",
    "a counter moves": lambda before, after: (before, after) == (2, 4),
    "a list grows": lambda before, after: isinstance(before, list) and before and after[:-1] == before,
    "a list shrinks": lambda before, after: isinstance(before, list) and after == before[:-1],
    "a list is reordered": lambda before, after: before == [1, 2] and after == [2, 1],
    "an item changes": lambda before, after: before == [{"id": 1}] and len(after) == 1 and len(after[0]) > 1,
}
BASE: dict[str, Json] = {"a": "x", "b": 1, "c": 0.0, "n": 2, "l": [1, 2], "k": [{"id": 1}]}


@pytest.mark.parametrize("kind", KINDS)
def test_shards_have_edits_of_every_kind(kind):
    def shows(document):
        from shardflow.model.diff import diff

        return any(_holds(KINDS[kind], change) for change in changes(diff(BASE, document), BASE))

    try:
        find(shards(BASE), shows, settings=settings(max_examples=5000, database=None))
    except NoSuchExample:
        pytest.fail(f"never: {kind}")


def _holds(shows, change):
    try:
        return shows(change.before, change.after)
    except (TypeError, KeyError):
        return False


@pytest.mark.parametrize("verb", ["set", "remove", "append", "add"])
def test_journals_have_operations_of_every_kind(verb):
    drawn = groups(least=1, most=1).flatmap(lambda group: journals(group.base, group.documents[0]))
    find(drawn, lambda lines: any(verb in line for line in lines), settings=settings(max_examples=2000))


@pytest.mark.parametrize("wanted", [None, {"a": None}])
def test_patches_remove_and_are_none_where_null_would(wanted):
    document: dict[str, Json] = {"a": None} if wanted is None else {}
    assert find(patches({"a": 1}, document), lambda patch: True) == wanted


def test_a_law_asked_about_a_group_of_nobody_holds():
    from shardflow.merge.rules import NO_RULES
    from shardflow.testing import Group

    for law in LAWS.values():
        law(ENGINE, Group({}, ()), NO_RULES)


def test_contexts_have_something_to_decide_for_a_rule_however_deep_its_path_is():
    lists = [{"path": path, "strategy": {"keyed": "id"}} for path in ("$.a", "$.a[*].b", "$.a[*].b[*].c")]
    rules = rule_set(*lists, {"path": "$.a[*].b[*].c[*].n", "strategy": "sum"}, {"path": "$..t", "strategy": "set"})
    aimed = aimed_shape(rules)
    assert aimed is not None
    assert shape_at(aimed, ("a", 0, "b", 0, "c", 0, "n")) is not ANY


def test_what_a_rule_set_aims_at_is_worked_out_once_for_all_examples(monkeypatch):
    asked = []

    def shape_of(source):
        asked.append(source)
        return Leaf(st.fixed_dictionaries({"n": st.integers()}))

    monkeypatch.setitem(groups.__globals__, "context_shape", shape_of)
    rules = rule_set({"path": "$.n", "strategy": "sum"})
    for drawn in (groups(rules), shards({}, rules)):
        assert len(drawn_by(drawn)) > 1
    assert asked == [rules, rules]


def drawn_by(strategy: st.SearchStrategy[Any], examples: int = 20) -> list[Any]:
    found: list[Any] = []
    look_at(strategy, found.append, Effort(examples, 1))
    return found


def test_what_is_named_twice_is_drawn_twice_as_often():
    rare, frequent = st.integers(0, 9), st.integers(10, 19)
    drawn = drawn_by(weighted(rare, frequent, frequent), 3000)
    assert 1.5 < sum(one > 9 for one in drawn) / sum(one <= 9 for one in drawn) < 2.5


def test_any_other_member_follows_the_rule_of_any_other_though_a_pattern_names_one_as_it_is_called():
    rules = rule_set({"path": "$.a", "strategy": "any"}, {"path": "$.*", "strategy": {"rank": ["low", "high"]}})
    shape = aimed_shape(rules)
    assert shape is not None
    assert set(drawn_by(shape_at(shape, ("b",)).values)) == {"low", "high"}
    assert set(drawn_by(shape_at(shape, ("a",)).values)) == {False, True}


def test_no_edit_makes_the_longest_number_longer():
    longest = 10**MAX_DIGITS - 1
    for one, step in ((longest, 1), (-longest, -1)):
        assert (nearby(one, step), nearby(one, -step)) == (one, one - step)
