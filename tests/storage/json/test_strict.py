"""Strict JSON: accepted with nothing lost, or refused; both readers agree on which."""

import gc
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import MAX_DEPTH, Json, frozen, same
from shardflow.storage.json.diagnosis import diagnose
from shardflow.storage.json.strict import parse_json
from tests.storage.values import outcome, spelled, texts, values

PADDING = b" " * 9000
"""Makes a text large enough for the reader of large texts."""

pieces = st.sampled_from([*'{}[],:"\\-.e+1 é\n\x00\x1f\ufeff']) | st.sampled_from(
    ["\\u", "d83d", "\\ude00", '"a"', "true", "nul", "NaN", "-Infinity", '{"a":1,"a":2}', "1e999", "1.50"]
)
broken = st.lists(pieces, max_size=12).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=12)


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_whatever_another_writer_writes_is_read_as_the_same_value(
    value: Json, ascii_only: bool, indent: int | None
) -> None:
    def encode(number: object) -> float:
        raise TypeError(number)

    try:
        data = json.dumps(value, ensure_ascii=ascii_only, indent=indent, default=encode).encode()
    except (TypeError, ValueError):
        return  # a decimal, or an integer too long for this writer
    assert same(parse_json(data, "x"), value)
    assert same(parse_json(data + PADDING, "x"), value)


@given(spelled() | broken | st.builds(lambda a, b: b"[" + a + b"," + b + b"]", spelled(), spelled() | broken))
def test_the_fast_readers_accept_exactly_what_the_slow_one_accepts_with_the_same_value(data: bytes) -> None:
    expected = outcome(diagnose, data)
    assert outcome(parse_json, data) == expected
    assert outcome(parse_json, data + PADDING) == expected


@given(st.lists(texts, max_size=4), st.integers(MAX_DEPTH - 2, MAX_DEPTH + 2), st.sampled_from(["[]", "{}"]))
def test_the_readers_agree_on_depth_whatever_brackets_and_quotes_stand_in_texts(
    around: list[str], depth: int, brackets: str
) -> None:
    opening = '{"]\\\\":' if brackets == "{}" else "["
    deep = opening * (depth - 1) + "1" + brackets[1] * (depth - 1)
    data = json.dumps(around)[:-1] + (", " if around else "") + deep + "]"
    assert (outcome(parse_json, data.encode()) is not None) == (depth <= MAX_DEPTH)
    assert outcome(parse_json, data.encode()) == outcome(diagnose, data.encode())


@given(st.floats(allow_nan=False, allow_infinity=False), st.binary(max_size=3))
def test_a_torn_text_is_read_the_same_by_both(number: float, end: bytes) -> None:
    data = json.dumps({"key \u00e9": ["\U0001f600", number, -number]}).encode()
    for cut in range(len(data)):
        assert outcome(parse_json, data[:cut] + end) == outcome(diagnose, data[:cut] + end)


ACCEPTED: list[tuple[bytes, Json]] = [
    (b"{}", {}),
    (b" [ ] \r\n\t", []),
    (b'""', ""),
    (b"-0", 0),
    (b"[-0, -0.0, 0.0, 1, 1.0]", [0, -0.0, 0.0, 1, 1.0]),
    (b"18446744073709551616", 2**64),
    (b"-9223372036854775809", -(2**63) - 1),
    (b"1" * 5000, 10**5000 // 9),
    (b"0.1000000000000000055", Decimal("0.1000000000000000055")),
    (b"1e-400", Decimal("1e-400")),
    (b"1E+2", 100.0),
    (b'"\\ud83d\\ude00\\u0000\\/"', "\U0001f600\0/"),
    (b'"\\\\ud800"', "\\ud800"),
    (b'{"": 1, "/": 2, "~": 3, "\\u0041": 4}', {"": 1, "/": 2, "~": 3, "A": 4}),
    ('["é", "e\u0301", "\u2028\x7f"]'.encode(), ["é", "e\u0301", "\u2028\x7f"]),
    (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "x")),
]

REFUSED = [
    b"", b" ", b"{", b"[1,]", b'{"a":1,}', b"[1 2]", b"{1:2}", b'{"a" 1}', b"[01]", b"[+1]", b"[.5]", b"[1.]",
    b"[1e]", b"[0x1]", b"[-]", b"NaN", b"-Infinity", b"1e400", b"[1e400]", b"tru", b"True", b"'a'", b'"a',
    b'"\\x"', b'"\\u12"', b'"\t"', b"[1]//", b"{}{}", b"\xef\xbb\xbf{}", b"\xff\xfe[\x00]\x00", b'"\xff"',
    b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\ude00\\ud83d"', b'"\\\\\\ud800"', b'"\\ud83d\\\\ude00"',
    b'{"a":1,"a":1}', b'{"a":1,"\\u0061":1}', b'[{"x":{"b":[],"b":[]}}]',
    b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * 100_000, b'{"a":' * 50_000,
    b"\x00", b"[1\x0c]", "[1\u00a0]".encode(), "[\u0661]".encode(),
]  # fmt: skip


@pytest.mark.parametrize("padding", [b"", PADDING])
@pytest.mark.parametrize(("data", "value"), ACCEPTED, ids=lambda part: type(part).__name__)
def test_accepted(data: bytes, value: Json, padding: bytes) -> None:
    assert frozen(parse_json(data + padding, "x")) == frozen(value)


@pytest.mark.parametrize("padding", [b"", PADDING])
@pytest.mark.parametrize("data", REFUSED, ids=lambda data: repr(data[:20]))
def test_refused(data: bytes, padding: bytes) -> None:
    assert outcome(parse_json, data + padding) is None
    assert outcome(diagnose, data + padding) is None


@pytest.mark.parametrize("data", [b"{}", b"{"])
def test_the_garbage_collector_runs_afterwards_exactly_if_it_ran_before(data: bytes) -> None:
    outcome(parse_json, data)
    assert gc.isenabled()
    gc.disable()
    try:
        outcome(parse_json, data)
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("text", [r'"\""', r'"\\"', r'"\\\""', r'"\\","["', '"]","[","["', '""', '"a","b","c"'])
def test_how_deep_a_text_goes_is_seen_between_any_texts(text: str) -> None:
    deepest, deeper = (f"[{text},{'[' * depth}{']' * depth},{text}]".encode() for depth in (MAX_DEPTH - 1, MAX_DEPTH))
    assert outcome(parse_json, deepest) is not None
    assert outcome(parse_json, deeper) is None
