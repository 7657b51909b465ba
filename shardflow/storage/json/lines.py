"""JSON lines: one strict JSON value a line, in a file that is only ever appended to.

Law: what was appended whole is read, whatever became of the last append. A last line that lacks its line end and is no
JSON is torn: its writer was stopped in the middle. It is left out, and `torn_line` tells of it; any other line that is
no strict JSON is refused with its number. Blank lines say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shardflow.errors import InvalidJson
from shardflow.model.documents import Problem
from shardflow.model.values import Json
from shardflow.storage.json.diagnosis import MAX_PROBLEMS, diagnose
from shardflow.storage.json.strict import collector_paused, scan_json


def read_lines(data: bytes, source: str) -> tuple[list[tuple[int, Json]], list[Problem]]:
    """Read the values with the numbers of their lines; give what is wrong with the other lines too."""
    whole, _ = split_torn(data)
    values: list[tuple[int, Json]] = []
    problems: list[Problem] = []
    with collector_paused():
        for number, line in _lines(whole):
            try:
                values.append((number, _value(line, source)))
            except InvalidJson:
                problems += _problems(number, line, source)
                if len(problems) >= MAX_PROBLEMS:
                    break
    return values, problems


def torn_line(data: bytes) -> int | None:
    """Give the number of the line that is torn, None if none is. Cost: linear in that line, but for counting."""
    whole, torn = split_torn(data)
    return whole.count(b"\n") + 1 if torn else None


def split_torn(data: bytes) -> tuple[bytes, bytes]:
    """Split what was appended whole from what is torn, which may be nothing."""
    start = data.rfind(b"\n") + 1
    last = data[start:]
    if not last.strip():
        return data, b""
    try:
        _value(last, "")
    except InvalidJson:
        return data[:start], last
    return data, b""


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split at line feeds alone: `splitlines` knows other ends, and none of them ends a line of JSON."""
    return ((number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip())


def _value(line: bytes, source: str) -> Json:
    try:
        return scan_json(line)
    except (ValueError, RecursionError):
        return diagnose(line, source)


def _problems(number: int, line: bytes, source: str) -> Sequence[Problem]:
    """Give what is wrong with a line, told with its place in the whole file."""
    try:
        diagnose(b"\n" * (number - 1) + line, source)
    except InvalidJson as error:
        return error.problems
    raise AssertionError("blank lines before it make no text JSON")
