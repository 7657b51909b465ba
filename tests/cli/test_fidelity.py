"""Fidelity, case by case: what Python's json and orjson make of a document, and what shardflow makes of it.

The tables of the documentation say the same in words; where a library changes its mind, the row here fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson
import pytest

from shardflow.errors import InvalidJson
from shardflow.merge.engine import MergeResult, merge
from shardflow.model.changes import Delta, changes
from shardflow.model.diff import diff, patch_edit
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, MAX_DEPTH, Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from tests.cli.shell import shardflow

REFUSED: Final = None
SAME: Final = "the very text again"
DEEP = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

ROUND_TRIPS: list[tuple[str, bytes, str | None, str | None, str | None]] = [
    # name, text, and what reading and writing it gives: Python's json, orjson, shardflow
    ("1, 1.0 and true", b"[1,1.0,true]", SAME, SAME, SAME),
    ("an integer of 65 bits", b"[18446744073709551616]", SAME, "[1.8446744073709552e19]", SAME),
    ("an integer of 5,000 digits", b"[" + b"7" * 5000 + b"]", REFUSED, REFUSED, SAME),
    ("a decimal no float holds", b"[0.1000000000000000055]", "[0.1]", "[0.1]", SAME),
    ("a decimal below all floats", b"[1E-400]", "[0.0]", "[0.0]", SAME),
    ("a decimal of 10,000,000 places", b"[1E-10000000]", "[0.0]", "[0.0]", REFUSED),
    ("a negative zero", b"[-0.0]", SAME, SAME, SAME),
    ("a negative integer zero", b"[-0]", "[0]", "[0]", "[0]"),
    ("another spelling of a number", b"[1E2]", "[100.0]", "[100.0]", "[100.0]"),
    ("a decimal that overflows", b"[1e400]", "[Infinity]", REFUSED, REFUSED),
    ("not a number", b"[NaN]", SAME, REFUSED, REFUSED),
    ("infinity", b"[-Infinity]", SAME, REFUSED, REFUSED),
    ("a duplicate key", b'{"a":1,"a":2}', '{"a":2}', '{"a":2}', REFUSED),
    ("a duplicate key in other letters", b'{"a":1,"\\u0061":1}', '{"a":1}', '{"a":1}', REFUSED),
    ("a lone surrogate", b'["\\ud800"]', REFUSED, REFUSED, REFUSED),
    ("a byte order mark", b"\xef\xbb\xbf[]", "[]", REFUSED, REFUSED),
    ("UTF-16", "[1]".encode("utf-16"), "[1]", REFUSED, REFUSED),
    ("invalid UTF-8", b'["\xff"]', REFUSED, REFUSED, REFUSED),
    ("the deepest nesting", DEEP, SAME, SAME, SAME),
    ("one level more", b"[" + DEEP + b"]", SAME, SAME, REFUSED),
    ("300 levels", b"[" * 300 + b"]" * 300, SAME, REFUSED, REFUSED),
    ("100,000 levels, never closed", b"[" * 100_000, REFUSED, REFUSED, REFUSED),
    ("a key without letters", b'{"":1,"/":2,"~":3,"~0":4,"$":5}', SAME, SAME, SAME),
    ("a key beyond the BMP", '{"\U0001f600":1}'.encode(), SAME, SAME, SAME),
    ("two keys that look the same", '{"\u00e9":1,"e\u0301":2}'.encode(), SAME, SAME, SAME),
    ("the character U+0000", b'["\\u0000"]', SAME, SAME, SAME),
    ("null, {} and []", b'{"a":null,"b":{},"c":[]}', SAME, SAME, SAME),
    ("the order of keys", b'{"z":1,"a":2,"m":3}', SAME, SAME, SAME),
]


def with_json(data: bytes) -> bytes:
    return json.dumps(json.loads(data), ensure_ascii=False).encode()


def with_orjson(data: bytes) -> bytes:
    return orjson.dumps(orjson.loads(data))


def with_shardflow(data: bytes) -> bytes:
    return canonical_bytes(parse_json(data, "x.json"))


def outcome(trip: Callable[[bytes], bytes], data: bytes) -> str | None:
    """Say what a text is after reading and writing it, white space aside; None where either is refused."""
    try:
        there_and_back = b"".join(trip(data).split())
    except (ValueError, RecursionError, orjson.JSONEncodeError, InvalidJson):
        return REFUSED
    return SAME if there_and_back == data else there_and_back.decode().replace("e+", "e")


@pytest.mark.parametrize(
    ("name", "data", "python", "orjson_", "ours"), ROUND_TRIPS, ids=[name for name, *_ in ROUND_TRIPS]
)
def test_a_document_is_read_and_written_as_the_table_says(
    name: str, data: bytes, python: str | None, orjson_: str | None, ours: str | None
) -> None:
    assert outcome(with_json, data) == python
    assert outcome(with_orjson, data) == orjson_
    assert outcome(with_shardflow, data) == ours


PLACES = [
    ("a key twice", b'{"a": {\n "b": 1, "b": 2}}', "x.json:2: column 10: duplicate key 'b' (first on line 2) at $.a.b"),
    ("not a number", b'{"a": [0,\n NaN]}', "x.json:2: column 2: 'NaN' is not a finite number at $.a[1]"),
    ("a decimal that overflows", b'{"a": 1e400}', "x.json:1: column 7: a number too large for a decimal"),
    ("a lone surrogate", b'{"a":\n"\\ud800"}', "x.json:2: column 1: a lone surrogate in a text at $.a"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "x.json:1: column 1: a byte order mark before the document"),
    ("invalid UTF-8", b'{"a":\n "\xff"}', "x.json:2: column 3: byte 0xff is not valid UTF-8 at $.a"),
    ("too deep", b"\n" + b"[" + DEEP + b"]", "x.json:2: column 201: nested deeper than 200 levels at $[0][0]"),
    ("torn", b'{"a":\n [1, 2', "x.json:2: column 7: expected ',' or ']', found the end of the text at $.a"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), PLACES, ids=[name for name, *_ in PLACES])
def test_what_is_refused_is_refused_with_file_line_column_and_path(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / "x.json").write_bytes(data)
    (tmp_path / "context-a.json").write_text("{}")
    for line in (["merge", "x.json", "context-a.json"], ["diff", "x.json", "x.json"]):
        ended = shardflow(*line, cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert said in ended.stderr


LOOKALIKES: list[tuple[Json, Json]] = [
    (1, 1.0),
    (1, True),
    (0, False),
    (0.0, -0.0),
    (1.0, True),
    ([1], [True]),
    ({"k": [{"k": 1}]}, {"k": [{"k": 1.0}]}),
]


def merged(base: Json, *shards: Json) -> MergeResult:
    return merge(base, [Delta(f"s{rank}", rank, diff(base, shard)) for rank, shard in enumerate(shards)])


@pytest.mark.parametrize(("one", "other"), LOOKALIKES, ids=repr)
def test_values_that_python_takes_for_equal_are_changes_and_conflicts(one: Json, other: Json) -> None:
    assert one == other
    result = merged({"a": one}, {"a": other})
    assert same(result.context, {"a": other})
    assert len(result.decisions) == 1
    assert merged({"a": None}, {"a": one}, {"a": other}).conflicts


def test_null_an_empty_object_an_empty_list_and_nothing_are_four_values() -> None:
    documents: list[Json] = [{"a": None}, {"a": {}}, {"a": []}, {}]
    for one in documents:
        for other in documents:
            found = list(changes(diff(one, other), one))
            assert len(found) == (one is not other)
    [removed] = merged({"a": None}, {}).decisions
    assert removed.contributions[0].after is ABSENT


@pytest.mark.parametrize("name", ["", "/", "~", "a/b", "$", "'", "a.b", "\U0001f600", "e\u0301", "\0"])
def test_any_key_is_merged_and_shown_with_a_path_of_its_own(name: str) -> None:
    base: Json = {name: {"n": 1, name: 1}, f"{name}a": 1}
    one: Json = {name: {"n": 2, name: 1}, f"{name}a": 1}
    other: Json = {name: {"n": 1, name: 2}, f"{name}a": 1}
    result = merged(base, one, other)
    assert same(result.context, {name: {"n": 2, name: 2}, f"{name}a": 1})
    assert result.conflicts == ()
    texts = [path_text(decision.path) for decision in result.decisions]
    assert len(set(texts)) == 2
    assert all(text.isprintable() for text in texts)


def test_what_nobody_changed_keeps_its_order_of_keys_and_new_keys_follow_by_rank() -> None:
    base: dict[str, Json] = {"z": 1, "a": {"y": 1, "b": 1}, "m": 1}
    result = merged(base, {"m": 1, "new-0": 0, "a": {"b": 1, "y": 2}, "z": 1}, {**base, "aa": 0})
    assert canonical_bytes(result.context) == canonical_bytes(
        {"z": 1, "a": {"y": 2, "b": 1}, "m": 1, "new-0": 0, "aa": 0}
    )


def test_integers_and_decimals_of_any_length_go_through_a_merge_exactly(tmp_path: Path) -> None:
    big, fine = "9" * 5000, "0.1000000000000000055"
    (tmp_path / "base.json").write_text("{}")
    (tmp_path / "context-a.json").write_text(f'{{"big": {big}}}')
    (tmp_path / "context-b.json").write_text(f'{{"fine": {fine}}}')
    told = shardflow("merge", "base.json", "context-a.json", "context-b.json", cwd=tmp_path)
    assert told.stdout == f'{{\n  "big": {big},\n  "fine": {fine}\n}}\n'


HUGE: Final = "9" * 5000
HUGE_WORKFLOW: Final = f"""\
name: huge
context: before.json
phases:
  - id: look
    behavior: parallel
    when: {{path: $.n, equals: {HUGE}}}
    subagents:
      - {{id: item, run: cat "$SHARDFLOW_ITEM", foreach: {{path: $.items, key: id}}}}
      - {{id: change, run: cp after.json "$SHARDFLOW_SHARD"}}
"""


def test_integers_longer_than_python_writes_by_itself_go_through_every_command(tmp_path: Path) -> None:
    items = f'"items": [{{"id": {HUGE}}}]'
    (tmp_path / "before.json").write_text(f'{{{items}, "n": {HUGE}}}')
    (tmp_path / "after.json").write_text(f'{{{items}, "n": -{HUGE}}}')
    (tmp_path / "workflow.yaml").write_text(HUGE_WORKFLOW)
    assert HUGE[:100] in shardflow("run", "workflow.yaml", "--dry-run", cwd=tmp_path).stdout
    assert shardflow("run", "workflow.yaml", "--run-dir", "run", cwd=tmp_path).returncode == 0
    for command in (["merge", "run"], ["blame", "run"], ["case", "save", "run", "huge", "--redact-numbers"]):
        assert shardflow(*command, cwd=tmp_path).returncode == 0
    told = shardflow("diff", "before.json", "after.json", "--format", "deepdiff", cwd=tmp_path)
    assert HUGE[:100] in told.stdout


NESTED_WORKFLOW = """
name: nested
context: {n: 0, calm: 0}
rules:
  rules: [{path: $.calm, strategy: {arbiter: "echo '{\\"take\\": {\\"shard\\": \\"one\\"}}'"}}]
phases:
  - id: look
    behavior: parallel
    subagents:
      - {id: one, run: cp one.json "$SHARDFLOW_SHARD"}
      - {id: two, run: cp two.json "$SHARDFLOW_SHARD"}
"""


def test_the_deepest_documents_go_through_every_command(tmp_path: Path) -> None:
    inner = "[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1)
    (tmp_path / "one.json").write_text(f'{{"n": {inner}, "calm": {inner}}}')
    (tmp_path / "two.json").write_text('{"n": 2, "calm": 2}')
    (tmp_path / "workflow.yaml").write_text(NESTED_WORKFLOW)
    assert shardflow("run", "workflow.yaml", "--run-dir", "run", "--json", cwd=tmp_path).returncode == 3
    assert shardflow("merge", "run", "--json", cwd=tmp_path).returncode == 3
    assert shardflow("merge", "run", "--resolve", f"$.n={inner}", "--json", cwd=tmp_path).returncode == 0
    for command in (["merge", "run"], ["merge", "run", "--without", "two"], ["blame", "run"], ["resume", "run"]):
        told = shardflow(*command, "--json", cwd=tmp_path)
        assert (told.returncode, told.stderr.count("nested deeper")) == (0, 0)
    assert shardflow("merge", "one.json", "two.json", "--json", cwd=tmp_path).returncode == 0
    assert shardflow("diff", "one.json", "two.json", "--json", cwd=tmp_path).returncode == 1


RFC_7396: list[tuple[Json, Json, Json]] = [
    # appendix A, whole
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("base", "patch", "wanted"), RFC_7396, ids=repr)
def test_a_merge_patch_is_applied_as_rfc_7396_says(base: Json, patch: Json, wanted: Json) -> None:
    result = merge(base, [Delta("p", 0, patch_edit(base, patch))])
    assert same(result.context, wanted)
