"""JSON lines: what was appended whole is read, a torn last line is left out, all else that is wrong is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import line_bytes
from shardflow.storage.json.diagnosis import MAX_PROBLEMS
from shardflow.storage.json.lines import read_lines, split_torn, torn_line
from shardflow.testing.generators import json_values


def values(data: bytes) -> list[Json]:
    read, problems = read_lines(data, "j")
    assert problems == []
    return [value for _, value in read]


@given(st.lists(json_values().map(lambda value: {"v": value}), max_size=5), st.data())
def test_wherever_a_writer_is_stopped_all_lines_before_are_read(lines: list[Json], data: st.DataObject) -> None:
    written = [line_bytes(line) for line in lines]
    whole = b"".join(written)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    finished = [line for number, line in enumerate(lines) if len(b"".join(written[: number + 1])) - 1 <= len(cut)]
    assert all(map(same, values(cut), finished))
    assert len(values(cut)) == len(finished)
    assert b"".join(split_torn(cut)) == cut
    assert (torn_line(cut) is None) is (
        cut.endswith(b"\n") or len(cut) in (0, len(b"".join(written[: len(finished)])) - 1)
    )


@pytest.mark.parametrize(
    ("data", "read", "torn"),
    [
        (b"", [], None),
        (b"\n \r\n\t", [], None),
        (b'{"a":1}\r\n\n{"b":2}', [(1, {"a": 1}), (3, {"b": 2})], None),
        (b'{"a":1}\n{"b":', [(1, {"a": 1})], 2),
        (b'{"a":1}\n\x00\x00\x00', [(1, {"a": 1})], 2),
        (b'"\xc3', [], 1),
        ('{"a":"\u2028\x85"}\n'.encode(), [(1, {"a": "\u2028\x85"})], None),
    ],
)
def test_lines_end_at_line_feeds_and_the_last_may_be_torn(data: bytes, read: list[object], torn: int | None) -> None:
    assert read_lines(data, "j") == (read, [])
    assert torn_line(data) == torn


def test_every_line_that_is_no_strict_json_is_told_with_its_number() -> None:
    data = b'{"a":1,"a":2}\n{"a":NaN}\n\n{"b":\n\xff\n1 2\n{"c":1}\n'
    read, problems = read_lines(data, "j")
    assert read == [(7, {"c": 1})]
    assert [problem.line for problem in problems] == [1, 2, 4, 5, 6]
    assert "duplicate key 'a' (first on line 1)" in problems[0].message


def test_a_duplicate_key_is_told_with_the_line_of_the_file() -> None:
    [problem] = read_lines(b'{}\n{}\n{"a":1,"a":2}\n', "j")[1]
    assert (problem.line, "(first on line 3)" in problem.message) == (3, True)


def test_a_file_full_of_problems_is_given_up_after_a_number_of_them() -> None:
    assert len(read_lines(b"x\n" * (MAX_PROBLEMS + 2), "j")[1]) == MAX_PROBLEMS
