"""Three versions of a file become one: whatever sides of its conflicts are kept, it is JSON, and the right one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidJson
from shardflow.execution.git.conflict_text import base_side
from shardflow.execution.git.versions import MergedFile, Versions, merge_versions
from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.resolving.resolutions import Resolution, TakeShard
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import NO_RULES, RuleSet
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.documents import Document
from shardflow.model.paths import path_text
from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.testing import generators
from tests.execution.git.hunks import BASE, OURS, THEIRS, always, hunks, keeping

Documents = tuple[Json, Json, Json]


@st.composite
def triples(draw: st.DrawFn) -> Documents:
    """Draw a base with two edited copies, or three documents of any kind."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.tuples(*[generators.json_values()] * 3))
    base = draw(generators.contexts())
    return base, draw(generators.shards(base)), draw(generators.shards(base))


def merged(base: Json, ours: Json, theirs: Json, rules: RuleSet = NO_RULES) -> MergedFile:
    return merge_versions(Versions("x.json", *map(canonical_bytes, (base, ours, theirs))), rules)


def engine(base: Json, ours: Json, theirs: Json, rules: RuleSet, taken: str | None = None) -> MergeResult:
    deltas = [Delta("ours", 0, diff(base, ours)), Delta("theirs", 1, diff(base, theirs))]
    result = merge(base, deltas, rules)
    if taken is None:
        return result
    taken_all = {path_text(conflict.path): Resolution(TakeShard(taken), "") for conflict in result.conflicts}
    return merge(base, deltas, rules, taken_all)


@given(triples(), generators.rule_sets())
def test_the_file_holds_what_the_engine_says_whichever_side_of_its_conflicts_is_kept(
    documents: Documents, rules: RuleSet
) -> None:
    file = merged(*documents, rules)
    told = engine(*documents, rules)
    assert [path_text(c.path) for c in file.conflicts] == [path_text(c.path) for c in told.conflicts]
    assert (hunks(file.data) > 0) == bool(told.conflicts)
    sides = {OURS: engine(*documents, rules, "ours"), BASE: told, THEIRS: engine(*documents, rules, "theirs")}
    for side, result in sides.items():
        assert same(parse_json(keeping(file.data, always(side)), "x"), result.context)
    assert base_side(file.data) == keeping(file.data, always(BASE))  # when git hands it back as a base


@given(triples(), generators.rule_sets(), st.data())
def test_any_choice_of_sides_hunk_by_hunk_is_strict_json(
    documents: Documents, rules: RuleSet, data: st.DataObject
) -> None:
    file = merged(*documents, rules)
    parse_json(keeping(file.data, lambda _: data.draw(st.sampled_from([OURS, BASE, THEIRS]))), "x")


def test_what_is_the_same_as_one_side_is_left_as_that_side_wrote_it() -> None:
    base, ours, theirs = (json.dumps({"n": n}).encode() + b" " * n for n in range(3))
    assert merge_versions(Versions("x.json", base, ours, base), NO_RULES).data == ours
    assert merge_versions(Versions("x.json", base, base, theirs), NO_RULES).data == theirs
    assert merge_versions(Versions("x.json", base, ours, b'{"n": 1}'), NO_RULES).data == ours


BASE_DOCUMENT: dict[str, Json] = {"name": "a", "version": 1, "tags": ["x"], "last": {"k": 1}}

SHOWN: list[tuple[str, Json, Json, str]] = [
    (
        "a value",
        {**BASE_DOCUMENT, "version": 2},
        {**BASE_DOCUMENT, "version": 3, "tags": ["x", "y"]},
        """{
  "name": "a",
<<<<<<< ours
  "version": 2,
||||||| base
  "version": 1,
=======
  "version": 3,
>>>>>>> theirs
  "tags": [
    "x",
    "y"
  ],
  "last": {
    "k": 1
  }
}
""",
    ),
    (
        "a member one side removed, in the middle",
        {key: value for key, value in BASE_DOCUMENT.items() if key != "version"},
        {**BASE_DOCUMENT, "version": 3},
        """{
  "name": "a",
<<<<<<< ours
||||||| base
  "version": 1,
=======
  "version": 3,
>>>>>>> theirs
  "tags": [
    "x"
  ],
  "last": {
    "k": 1
  }
}
""",
    ),
    (
        "new members: the comma before them belongs to the choice",
        {**BASE_DOCUMENT, "new": 1},
        {**BASE_DOCUMENT, "new": 2},
        """{
  "name": "a",
  "version": 1,
  "tags": [
    "x"
  ],
<<<<<<< ours
  "last": {
    "k": 1
  },
  "new": 1
||||||| base
  "last": {
    "k": 1
  }
=======
  "last": {
    "k": 1
  },
  "new": 2
>>>>>>> theirs
}
""",
    ),
    (
        "two conflicts, one of them inside an object and last",
        {**BASE_DOCUMENT, "version": 2, "last": {"k": 2}},
        {**BASE_DOCUMENT, "version": 3, "last": {"k": 3}},
        """{
  "name": "a",
<<<<<<< ours
  "version": 2,
||||||| base
  "version": 1,
=======
  "version": 3,
>>>>>>> theirs
  "tags": [
    "x"
  ],
  "last": {
<<<<<<< ours
    "k": 2
||||||| base
    "k": 1
=======
    "k": 3
>>>>>>> theirs
  }
}
""",
    ),
    (
        "a list that no rule goes into is one choice",
        {**BASE_DOCUMENT, "tags": ["z"]},
        {**BASE_DOCUMENT, "tags": ["y"]},
        """{
  "name": "a",
  "version": 1,
<<<<<<< ours
  "tags": [
    "z"
  ],
||||||| base
  "tags": [
    "x"
  ],
=======
  "tags": [
    "y"
  ],
>>>>>>> theirs
  "last": {
    "k": 1
  }
}
""",
    ),
    (
        "the whole document",
        {**BASE_DOCUMENT, "version": 2},
        [1],
        """<<<<<<< ours
{
  "name": "a",
  "version": 2,
  "tags": [
    "x"
  ],
  "last": {
    "k": 1
  }
}
||||||| base
{
  "name": "a",
  "version": 1,
  "tags": [
    "x"
  ],
  "last": {
    "k": 1
  }
}
=======
[
  1
]
>>>>>>> theirs
""",
    ),
]


@pytest.mark.parametrize(("name", "ours", "theirs", "text"), SHOWN, ids=[name for name, *_ in SHOWN])
def test_conflicts_stand_in_the_markers_of_git_member_by_member(name: str, ours: Json, theirs: Json, text: str) -> None:
    assert merged(BASE_DOCUMENT, ours, theirs).data.decode() == text


def test_in_a_keyed_list_only_the_member_in_conflict_is_marked() -> None:
    keyed: Json = {"rules": [{"path": "$.items", "strategy": {"keyed": "id"}}]}
    rules = read_rules(Document("rules.yaml", keyed), lambda name, source: Document("", None))
    items: list[Json] = [{"id": 1, "n": 1}, {"id": 2, "n": 1}, {"id": 3, "n": 1}]
    ours: Json = {"items": [items[0], {"id": 2, "n": 2}, items[2]]}
    theirs: Json = {"items": [{"id": 1, "n": 5}, {"id": 2, "n": 3}, items[2]]}
    file = merged({"items": items}, ours, theirs, rules)
    assert [path_text(conflict.path) for conflict in file.conflicts] == ["$.items[?@.id==2].n"]
    assert (
        file.data.decode()
        == """{
  "items": [
    {
      "id": 1,
      "n": 5
    },
    {
      "id": 2,
<<<<<<< ours
      "n": 2
||||||| base
      "n": 1
=======
      "n": 3
>>>>>>> theirs
    },
    {
      "id": 3,
      "n": 1
    }
  ]
}
"""
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{\n    "a": 1,\n    "b": [\n        1\n    ]\n}\n', b'{\n    "a": 2,\n    "b": [\n        2\n    ]\n}\n'),
        (b'{\n\t"a": 1,\n\t"b": [\n\t\t1\n\t]\n}', b'{\n\t"a": 2,\n\t"b": [\n\t\t2\n\t]\n}'),
        (b'{"a": 1, "b": [1]}\n', b'{"a": 2, "b": [2]}\n'),
        (b'{"a":1,"b":[1]}', b'{"a":2,"b":[2]}'),
        (
            b'{\r\n  "a": 1,\r\n  "b": [\r\n    1\r\n  ]\r\n}\r\n',
            b'{\r\n  "a": 2,\r\n  "b": [\r\n    2\r\n  ]\r\n}\r\n',
        ),
    ],
    ids=["four spaces", "tabs, no final newline", "one line", "compact", "line ends of Windows"],
)
def test_the_result_keeps_the_layout_of_ours(before: bytes, after: bytes) -> None:
    ours, theirs = before.replace(b"1", b"2", 1), before.replace(b"1", b"2").replace(b"2", b"1", 1)
    assert merge_versions(Versions("x.json", before, ours, theirs), NO_RULES).data == after


def test_conflicts_need_lines_and_take_the_layout_of_ours_otherwise() -> None:
    tabs = merge_versions(Versions("x.json", b'{\n\t"a": 1\n}', b'{\n\t"a": 2\n}', b'{\n\t"a": 3\n}'), NO_RULES)
    assert b'<<<<<<< ours\n\t"a": 2\n||||||| base\n' in tabs.data
    assert tabs.data.endswith(b">>>>>>> theirs\n}\n")
    line = merge_versions(Versions("x.json", b'{"a":1}', b'{"a":2}', b'{"a":3}'), NO_RULES)
    assert b'<<<<<<< ours\n  "a": 2\n||||||| base\n' in line.data


@pytest.mark.parametrize("nothing", [b"", b"\n"])
def test_a_file_both_sides_added_is_merged_member_by_member_or_chosen_whole(nothing: bytes) -> None:
    def added(ours: bytes, theirs: bytes) -> MergedFile:
        return merge_versions(Versions("x.json", nothing, ours, theirs), NO_RULES)

    assert json.loads(added(b'{"a": 1, "b": 1}', b'{"b": 1, "c": 2}').data) == {"a": 1, "b": 1, "c": 2}
    assert added(b"[1]", b"[ 1 ]").data == b"[1]"
    both = added(b"[1]", b'"x"')
    assert len(both.conflicts) == 1
    assert both.data == b'<<<<<<< ours\n[\n  1\n]\n||||||| base\n=======\n"x"\n>>>>>>> theirs\n'


@pytest.mark.parametrize("root", [[1, 2], "text", 1, None, True])
def test_a_document_need_not_be_an_object(root: Json) -> None:
    assert merged(root, root, {"now": "an object"}).data == canonical_bytes({"now": "an object"})
    assert len(merged(root, {"a": 1}, {"a": 2}).conflicts) == 1
    assert merged(root, ["same"], ["same"]).conflicts == ()


def test_the_problems_of_all_versions_are_told_at_once_each_with_its_side() -> None:
    with pytest.raises(InvalidJson) as refused:
        merge_versions(Versions("conf/x.json", b'{"a": NaN}', b'{"a": 1,\n "a": 1}', b""), NO_RULES)
    assert [(p.source, p.line) for p in refused.value.problems] == [
        ("conf/x.json (base)", 1),
        ("conf/x.json (ours)", 2),
        ("conf/x.json (theirs)", 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\n",
        b"<<<<<<< ours\n1\n||||||| base\n2\n",
        b"=======\n1\n",
        b"||||||| base\n1\n",
        b'{\n"a": "<<<<<<< ours"}\n',
        b"",
    ],
)
def test_markers_of_other_tools_and_torn_ones_are_left_alone(text: bytes) -> None:
    assert base_side(text) == text


def test_thousands_of_conflicts_of_members_and_items_are_written_one_by_one() -> None:
    count = 5_000  # all conflicts looked through for each member or item would take minutes
    keyed: Json = {"rules": [{"path": "$.items", "strategy": {"keyed": "id"}}]}
    rules = read_rules(Document("rules.yaml", keyed), lambda name, source: Document("", None))

    def side(value: Json) -> Json:
        return {"m": {f"k{n}": value for n in range(count)}, "items": [{"id": n, "v": value} for n in range(count)]}

    file = merged(side(0), side(1), side(2), rules)
    assert hunks(file.data) == len(file.conflicts) == 2 * count
