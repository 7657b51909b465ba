"""What is said about a refused JSON text: every problem, its line, column and path, and what to do."""

import pytest

from shardflow.storage.json.diagnosis import MAX_PROBLEMS
from shardflow.storage.json.strict import parse_json
from tests.storage.values import problems

SAID = [
    (b"", ["x.json:1: column 1: the document is empty; an empty object is {}"]),
    (b'{"a":\n [1, 2,]}', ["x.json:2: column 7: a comma before ']' at $.a; remove the comma"]),
    (b"[1\n 2]", ["x.json:2: column 2: expected ',' or ']', found '2'"]),
    (b'{"a"=1}', ["x.json:1: column 5: expected ':' after a key, found '=1' at $.a"]),
    (b"{'a': 1}", ['x.json:1: column 2: expected a key in double quotes, found "\'a\'"']),
    (b"{\n", ["x.json:2: column 1: expected a key in double quotes, found the end of the text"]),
    (b"{} x", ["x.json:1: column 4: 'x' after the end of the document"]),
    (b"[True]", ["x.json:1: column 2: expected a value, found 'True' at $[0]; write true"]),
    (b"[.5]", ["x.json:1: column 2: expected a value, found '.5' at $[0]; JSON numbers look like 0, -12, 0.5 or 1e-3"]),
    (b'["ab', ["x.json:1: column 2: a text without its closing quote at $[0]; was the file cut short?"]),
    (b'"a\nb"', ["x.json:1: column 3: a raw control character U+000A in a text; write \\n"]),
    (b'"a\x01b"', ["x.json:1: column 3: a raw control character U+0001 in a text; write \\u0001"]),
    (b'"a\\qb"', ["x.json:1: column 3: a backslash that starts no JSON escape; write \\\\ for a backslash"]),
    ('["é",\n "é\udcff"]'.encode("utf-8", "surrogateescape"),
     ["x.json:2: column 4: byte 0xff is not valid UTF-8 at $[1]; save the file as UTF-8"]),
    (b'{"a":\n{"b": \xff}}', ["x.json:2: column 7: byte 0xff is not valid UTF-8 at $.a.b; save the file as UTF-8"]),
    (b'{"a": {"b\xff": 1}}', ["x.json:1: column 10: byte 0xff is not valid UTF-8 at $.a; save the file as UTF-8"]),
    (b'{"a": 1 2, "b": "\xff"}', ["x.json:1: column 18: byte 0xff is not valid UTF-8; save the file as UTF-8"]),
    (b'{"a": {"b": 1 2, "c": "\xff"}}', ["x.json:1: column 24: byte 0xff is not valid UTF-8; save the file as UTF-8"]),
    (b"\n x", ["x.json:2: column 2: expected a value, found 'x'"]),
    (b"[" * 201, [f"x.json:1: column 201: nested deeper than 200 levels at ${'[0]' * 21}[0…]{'[0]' * 44}"]),
    (b"[\x1b]", ["x.json:1: column 2: expected a value, found '\\x1b' at $[0]"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), SAID, ids=lambda data: repr(data[:12]))
def test_what_broke_and_where(data: bytes, said: list[str]) -> None:
    assert problems(parse_json, data) == said


def test_everything_that_leaves_the_structure_readable_is_told_at_once_in_the_order_of_the_file() -> None:
    data = b'\xef\xbb\xbf{"a": NaN,\n "b": [1e400, "\\ud800"],\n "a": 1,\n "b": {"c": 1, "c": 2},\n "d": -Infinity'
    assert problems(parse_json, data) == [
        "x.json:1: column 1: a byte order mark before the document; save the file as UTF-8 without BOM",
        "x.json:1: column 8: 'NaN' is not a finite number at $.a; JSON has no such value; use null",
        "x.json:2: column 8: a number too large for a decimal (beyond 1.8e308) at $.b[0]",
        "x.json:2: column 15: a lone surrogate in a text at $.b[1]; write characters as UTF-8 or as \\u pairs",
        "x.json:3: column 2: duplicate key 'a' (first on line 1) at $.a; keep one of them",
        "x.json:4: column 2: duplicate key 'b' (first on line 2) at $.b; keep one of them",
        "x.json:4: column 16: duplicate key 'c' (first on line 4) at $.b.c; keep one of them",
        "x.json:5: column 7: '-Infinity' is not a finite number at $.d; JSON has no such value; use null",
        "x.json:5: column 16: expected ',' or '}', found the end of the text",
    ]


def test_a_text_full_of_problems_is_given_up_after_a_number_of_them() -> None:
    data = b"[" + b"NaN," * 10_000 + b"1]"
    assert len(problems(parse_json, data)) == MAX_PROBLEMS


def test_long_and_hostile_pieces_are_shown_short_and_harmless() -> None:
    [said] = problems(parse_json, ("[\x9b\u202e" + "x" * 1000).encode())
    assert said == "x.json:1: column 2: expected a value, found '\\x9b\\u202e" + "x" * 38 + "…' at $[0]"
