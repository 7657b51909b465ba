"""The layout of JSON files: found, given to canonical bytes, and never more than white space."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.json.style import CANONICAL, Style, restyled, style_of
from tests.storage.values import values

styles = st.builds(
    Style,
    st.sampled_from([None, "", " ", "  ", "   ", "    ", "\t", "\t\t"]),
    st.sampled_from(["", " "]),
    st.sampled_from(["", " "]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


@given(values, styles)
def test_a_style_changes_no_value_and_is_found_again_in_what_it_laid_out(value: Json, style: Style) -> None:
    canonical = canonical_bytes(value)
    data = restyled(canonical, style)
    assert same(parse_json(data, "x"), value)
    assert restyled(canonical, style_of(data)) == data


@given(values, st.sampled_from([None, 0, 1, 2, 4, 8, "\t"]), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_what_python_wrote_in_a_layout_is_written_again_byte_for_byte(
    value: Json, indent: int | str | None, separators: tuple[str, str]
) -> None:
    def refuse(number: object) -> float:
        raise TypeError(number)

    if indent is not None:
        separators = (",", ": ")
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, default=refuse)
    except (TypeError, ValueError):
        return  # a decimal, or an integer too long for this writer
    value = parse_json(text.encode(), "x")
    if "e" not in text and "E" not in text:  # the exponents of floats are spelt in several ways
        assert restyled(canonical_bytes(value), style_of(text.encode())).decode() == text


@pytest.mark.parametrize(
    ("data", "style"),
    [
        (b'{\n  "a": 1\n}\n', CANONICAL),
        (b"", CANONICAL),
        (b"{}\n", CANONICAL),
        (b"1\n", CANONICAL),
        (b'"a: b, c"\n', CANONICAL),
        (b'{"a": [\n1,\n2]}\n', CANONICAL),
        (b"\n\n[\n\t1]\n", Style(indent="\t")),
        (b"[1]", Style(indent=None, final_newline=False)),
        (b'["a, b","c: d"]\n', Style(indent=None, after_comma="")),
        (b'{"a":"x: y","b": 1}\n', Style(indent=None, after_comma="")),
        (b'{"\\"a\\": ":1}\n', Style(indent=None, after_colon="")),
    ],
)
def test_the_style_of_a_file_is_what_its_first_lines_show(data: bytes, style: Style) -> None:
    assert style_of(data) == style


LAID_OUT = [
    (Style(indent="\t"), b'{\n\t"a": [\n\t\t1\n\t]\n}\n'),
    (Style(newline="\r\n"), b'{\r\n  "a": [\r\n    1\r\n  ]\r\n}\r\n'),
    (Style(final_newline=False), b'{\n  "a": [\n    1\n  ]\n}'),
    (Style(indent=None), b'{"a": [1]}\n'),
    (Style(indent=None, after_colon="", newline="\r\n"), b'{"a":[1]}\r\n'),
]


@pytest.mark.parametrize(("style", "data"), LAID_OUT)
def test_a_style_has_its_own_indent_gaps_and_line_ends_and_a_final_one_or_none(style: Style, data: bytes) -> None:
    assert restyled(canonical_bytes({"a": [1]}), style) == data
    assert style_of(data) == style


LINES = [
    (Style(indent=None, final_newline=False), Style()),
    (Style(indent="\t", newline="\r\n", final_newline=False), Style(indent="\t", newline="\r\n")),
    (Style(indent=""), Style(indent="")),
]


@pytest.mark.parametrize(("style", "in_lines"), LINES)
def test_a_style_for_a_text_of_lines_keeps_its_indent_if_it_has_one(style: Style, in_lines: Style) -> None:
    assert style.in_lines() == in_lines


@pytest.mark.parametrize("text", [": b", '": b', 'a": "b', "a: ", ' ": ', "\\", '\\": '])
def test_no_space_inside_of_a_text_is_taken_for_one_behind_a_key(text: str) -> None:
    value: Json = {"a": text, text: [text, {text: text}], "z": 0}
    compact = json.dumps(value, separators=(",", ":")).encode()
    assert restyled(canonical_bytes(value), style_of(compact)) == compact
