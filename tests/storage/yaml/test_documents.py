"""YAML: plain values with their lines, or InvalidYaml with every problem; nothing else can happen."""

import re
from decimal import Decimal

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from shardflow.errors import InvalidYaml
from shardflow.model.documents import Document
from shardflow.model.paths import Path, path_text
from shardflow.model.values import MAX_DEPTH, Json, flaw, frozen
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.yaml.decoding import MAX_PROBLEMS
from shardflow.storage.yaml.documents import parse_partly, parse_yaml
from tests.storage.values import values

pieces = st.sampled_from([*"[]{},:-?&*!|>'\"%@`#~<=.\\ \t\n\r\x85\u2028\x00é1"]) | st.sampled_from(
    ["a: ", "\n  ", "\n- ", "- ", "&a ", "*a", "!!str ", "!!python/name:os.system ", "---\n", "...\n", "<<: ",
     "%YAML 1.1\n", ".inf", "0x1F", '"\\ud800"', '"\\U00110000"', "? ", "|2\n", ">-\n", "\ufeff", "1e999"]
)  # fmt: skip

NOT_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON allows raw in a text and YAML does not."""


def _outcome(data: bytes) -> Document | InvalidYaml:
    try:
        return parse_yaml(data, "w.yaml")
    except InvalidYaml as refusal:
        return refusal


def _said(text: str | bytes) -> list[str]:
    refusal = _outcome(text.encode() if isinstance(text, str) else text)
    assert isinstance(refusal, InvalidYaml)
    return [str(problem) for problem in refusal.problems]


def _value(text: str) -> Json:
    return parse_yaml(text.encode(), "w.yaml").value


@given(st.binary(max_size=40) | st.lists(pieces, max_size=15).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_give_a_json_value_or_problems_with_lines(data: bytes) -> None:
    match _outcome(data):
        case InvalidYaml() as refusal:
            assert refusal.problems
            assert all(problem.line is not None and problem.line > 0 for problem in refusal.problems)
            assert all(f"{problem.message}{problem.hint}".isprintable() for problem in refusal.problems)
        case Document() as document:
            assert flaw(document.value) is None
            assert set(_paths(document.value, ())) >= set(document.lines)


@given(st.lists(pieces, max_size=15).map(lambda parts: "".join(parts).encode()))
def test_what_is_read_beside_slips_is_a_json_value_and_the_slips_are_what_reading_it_strictly_says(data: bytes) -> None:
    try:
        document = parse_partly(data, "w.yaml")
    except InvalidYaml:
        return
    assert flaw(document.value) is None
    if document.slips:
        assert _said(data) == [str(slip) for slip in document.slips]


def test_of_a_key_that_stands_twice_the_first_is_read_with_its_lines() -> None:
    document = parse_partly(b"a: {x: 1}\nb: 2\na:\n  x: 3\n  y: 4\n", "w.yaml")
    assert document.value == {"a": {"x": 1}, "b": 2}
    assert document.lines == {(): 1, ("a",): 1, ("a", "x"): 1, ("b",): 2}


def _paths(value: Json, path: Path) -> list[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in members for inner in _paths(item, (*path, key)))]


@given(values)
def test_a_value_quoted_as_json_is_read_as_the_same_value(value: Json) -> None:
    text = canonical_bytes(value).decode()
    assume(not NOT_RAW.search(text))
    assert frozen(_value(text)) == frozen(value)


@given(values)
def test_a_value_written_by_another_writer_is_read_as_the_same_value_and_every_path_has_its_line(value: Json) -> None:
    plain = _without_decimals(value)
    document = parse_yaml(yaml.safe_dump(plain, default_style='"').encode(), "w.yaml")
    assert set(document.lines) == set(_paths(document.value, ()))


def _without_decimals(value: Json) -> Json:
    match value:
        case dict():
            return {key: _without_decimals(item) for key, item in value.items()}
        case list():
            return [_without_decimals(item) for item in value]
        case str():
            return value
        case _:
            return "scalar"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, {c: d}]\n", {"a": 1, "b": ["x", {"c": "d"}]}),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
        ("a:\nb: ~\n", {"a": None, "b": None}),
        ("on: yes\noff: no\ny: n\n", {"on": "yes", "off": "no", "y": "n"}),
        ('"1": \'2\'\n"<<": 3\n', {"1": "2", "<<": 3}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("&k key: 1\nother: *k\n", {"key": 1, "other": "key"}),
        ("a: !!str 12\nb: !!map {}\nc: !!seq []\n", {"a": "12", "b": {}, "c": []}),
        ("\ufeff%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ('a: "\\u2028\\x1b"\n', {"a": "\u2028\x1b"}),
        ('{"json": ["is", "yaml", 1.50]}', {"json": ["is", "yaml", 1.5]}),
        ("--- null", None),
    ],
)
def test_accepted(text: str, value: Json) -> None:
    assert frozen(_value(text)) == frozen(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"), ("yes", "yes"), ("Off", "Off"),
        ("null", None), ("NULL", None), ("nUll", "nUll"), ("0", 0), ("-12", -12), ("+7", 7), ("010", 10),
        ("0o17", 15), ("0x1F", 31), ("-0x1F", "-0x1F"), ("0b11", "0b11"), ("1_000", "1_000"), ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"), ("1.50", 1.5), (".5", 0.5), ("1.", 1.0), ("-1e3", -1000.0), ("1e3x", "1e3x"),
        ("-0", 0), ("-0.0", -0.0), ("0.1000000000000000055", Decimal("0.1000000000000000055")),
        ("123456789012345678901234567890", 123456789012345678901234567890), ("=", "="), (".", "."), ("+", "+"),
        ("\u0661", "\u0661"), ("1\u0661", "1\u0661"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: Json) -> None:
    assert frozen(_value(f"[{text}]")) == frozen([value])


def test_every_mapping_entry_has_the_line_of_its_key_and_every_item_its_own() -> None:
    text = "# head\na:\n  - x\n  -\n    b: {c: 1,\n      d: 2}\n? e\n: |\n  long\n  text\nf: &f [1,\n 2]\n"
    document: Document = parse_yaml(text.encode(), "w.yaml")
    assert {path_text(path): line for path, line in document.lines.items()} == {
        "$": 2, "$.a": 2, "$.a[0]": 3, "$.a[1]": 5, "$.a[1].b": 5, "$.a[1].b.c": 5, "$.a[1].b.d": 6,
        "$.e": 7, "$.f": 11, "$.f[0]": 11, "$.f[1]": 12,
    }  # fmt: skip


REFUSED: list[tuple[str | bytes, list[str]]] = [
    ("", ["w.yaml:1: the file is empty"]),
    ("# only a comment\n", ["w.yaml:1: the file is empty"]),
    ("---\n", ["w.yaml:1: the document is empty"]),
    ("a: 1\n---\nb: 2\n", ["w.yaml:2: a second document starts here; keep one document in a file"]),
    ("a: {x: 1}\na: {x: 2}\n", ["w.yaml:2: duplicate key 'a' (first on line 1) at $.a; keep one of them"]),
    ("<<: {a: 1}\n", ["w.yaml:1: merge keys ('<<') are not supported; write the keys out where they belong"]),
    ("a:\n\t- x\n", ["w.yaml:2: column 1: found character that cannot start any token; indent with spaces, not tabs"]),
    ("a b: c: d\n", [
        "w.yaml:1: column 7: mapping values are not allowed in this context; quote a text that has ': ' in it"
    ]),
    ("a: [1,\nb: }", ["w.yaml:2: column 4: did not find expected node content"]),
    ("a: b\n c: d\n- e\n", [
        "w.yaml:2: column 3: mapping values are not allowed in this context; quote a text that has ': ' in it"
    ]),
    ("\ra: b: c", [
        "w.yaml:2: column 5: mapping values are not allowed in this context; quote a text that has ': ' in it"
    ]),
    ("a: \x1b[2J\n", ['w.yaml:1: a raw character U+001B; in double quotes write "\\u001b"']),
    ("a: 1\nb: x\u2028y\n", ['w.yaml:2: a raw character U+2028; in double quotes write "\\u2028"']),
    (b"a: 1\nb: \xff\n", ["w.yaml:2: byte 0xff is not valid UTF-8; save the file as UTF-8"]),
    ("a: !!python/name:os.system x\n", [
        "w.yaml:1: tag 'tag:yaml.org,2002:python/name:os.system' is not allowed at $.a; write plain values without tags"
    ]),
    ("a: *b\n", ["w.yaml:1: unknown alias 'b' at $.a"]),
    ("a: &a [1, *a]\n", ["w.yaml:1: alias 'a' stands inside its own anchor at $.a[1]"]),
    ("a: {{ name }}\n", [
        "w.yaml:1: a key must be a text, not a list or an object at $.a; quote a text that begins with { or ["
    ]),
    ("a: &a [1]\n*a : 2\n", ["w.yaml:2: a key must be a text, and '*a' is read as a list; quote it"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=lambda part: repr(part[:16]))
def test_what_is_refused_and_what_is_said(text: str | bytes, said: list[str]) -> None:
    assert _said(text) == said


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = "1: x\ntrue: y\n<<: {}\n'<<': 2\nc: .inf\nd: 1e999\ne: !x {f: !!int 3}\ng: *h\ng: 1\n"
    assert _said(text) == [
        "w.yaml:1: a key must be a text, and '1' is read as an integer; quote it",
        "w.yaml:2: a key must be a text, and 'true' is read as a boolean; quote it",
        "w.yaml:3: merge keys ('<<') are not supported; write the keys out where they belong",
        "w.yaml:5: '.inf': not a finite number at $.c; quote it if it is meant as text",
        "w.yaml:6: '1e999': a number too large for a decimal (beyond 1.8e308) at $.d; quote it if it is meant as text",
        "w.yaml:7: tag '!x' is not allowed at $.e; write plain values without tags",
        "w.yaml:7: tag 'tag:yaml.org,2002:int' is not allowed at $.e.f; write plain values without tags",
        "w.yaml:8: unknown alias 'h' at $.g",
        "w.yaml:9: duplicate key 'g' (first on line 8) at $.g; keep one of them",
    ]
    assert len(_said("- .nan\n" * 10_000)) == MAX_PROBLEMS
    assert len(_said("- \x00\n" * 10_000)) == MAX_PROBLEMS


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert _said("\n".join(lines)) == ["w.yaml:5: aliases that stand for more than 100,000 values at $.a4[7]"]


@pytest.mark.parametrize(("opening", "closing", "at"), [("[", "]", "[0]"), ("{a: ", "}", ".a")])
def test_nesting_is_read_up_to_the_limit_and_refused_beyond(opening: str, closing: str, at: str) -> None:
    assert flaw(_value(opening * MAX_DEPTH + "x" + closing * MAX_DEPTH)) is None
    [said] = _said(opening * (MAX_DEPTH + 1))
    assert said.startswith(f"w.yaml:1: nested deeper than 200 levels at ${at * 20}")
    [said] = _said(opening * 50_000)
    assert said.startswith("w.yaml:1: nested deeper than 200 levels")


@pytest.mark.parametrize("text", ["? " * 5000, "{? " * 5000, "1: {" * 5000, "? - " * 5000, "&a [? &a " * 5000])
def test_keys_cannot_nest_without_limit_either(text: str) -> None:
    assert len(_said(text)) <= MAX_PROBLEMS


def test_aliases_cannot_nest_deeper_than_the_limit_either() -> None:
    inner = "[" * 100 + "]" * 100
    deepest = f"- &a {inner}\n- " + "[" * 99 + "*a" + "]" * 99
    assert flaw(_value(deepest)) is None
    too_deep = f"- &a {inner}\n- " + "[" * 100 + "*a" + "]" * 100
    [said] = _said(too_deep)
    assert said.startswith("w.yaml:2: nested deeper than 200 levels at $[1][0]")
