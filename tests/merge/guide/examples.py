"""The examples of pages, read and run: what a page shows is true or a test says so.

    {rank: [low, high]}
        base   "low"
        a      "high"
        gives  "high"

One line that says what decides, then the base value, what each shard left in rank order, and what comes out: JSON
values, `(absent)` where nothing stands, or `conflict`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shardflow.model.records import record
from shardflow.model.values import ABSENT, Value
from shardflow.storage.json.strict import parse_json

CONFLICT: Final = "conflict"
"""What comes out where nothing is settled."""

_ABSENT: Final = "(absent)"


@record
class Example:
    """What decides, as written; the base value, what each shard left, and what comes out, None for a conflict."""

    decides: str
    base: Value
    left: tuple[tuple[str, Value], ...]
    gives: Value | None
    conflict: bool


def read_examples(text: str) -> Iterator[Example]:
    """Read the section Example of a page. Raises ValueError or InvalidJson for what is not in its form."""
    decides = ""
    lines: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if line.startswith(" "):
            name, _, value = line.strip().partition(" ")
            lines.append((name, value.strip()))
        elif lines:
            yield _example(decides, lines)
            decides, lines = line, []
        else:
            decides = line
    yield _example(decides, lines)


def _example(decides: str, lines: list[tuple[str, str]]) -> Example:
    if len(lines) < 3 or lines[0][0] != "base" or lines[-1][0] != "gives":
        raise ValueError(f"the example of {decides!r} needs a base, shards, and what it gives")
    (_, base), *left, (_, gives) = lines
    shards = tuple((name, _value(value)) for name, value in left)
    conflict = gives == CONFLICT
    return Example(decides, _value(base), shards, None if conflict else _value(gives), conflict)


def _value(text: str) -> Value:
    return ABSENT if text == _ABSENT else parse_json(text.encode(), "example")
