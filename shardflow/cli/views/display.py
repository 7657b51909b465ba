"""Words for people: hostile text made printable, long values cut short and said so, plurals, seconds, places.

Law: nothing that comes from a context, a log, a file name or a message reaches the terminal before `printable`
has been over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from shardflow.model.decisions import Outcome
from shardflow.model.paths import Path, path_text
from shardflow.model.values import Json, Value, kind
from shardflow.storage.excerpts import printable
from shardflow.storage.json.exact_numbers import number_text

VALUE_WIDTH: Final = 200
"""Characters of a value shown in a report; in a table `CELL_WIDTH`."""
CELL_WIDTH: Final = 48


def printable_lines(text: str) -> str:
    """Make a text of several lines printable, keeping its line ends."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, width: int) -> str:
    """Make a text printable in at most `width` characters; a cut one ends in an ellipsis."""
    shown = printable(text[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def value_text(value: Value, width: int = VALUE_WIDTH) -> str:
    """Show a value as JSON in about `width` characters; a cut one says how much there is. `(absent)` for ABSENT."""
    pieces: list[str] = []
    length = 0
    for piece in _pieces(value):
        pieces.append(piece)
        length += len(piece)
        if length > width:
            return "".join(pieces)[: width - 1] + f"… (shortened; {_extent(value)})"
    return "".join(pieces)


def _extent(value: Value) -> str:
    if isinstance(value, dict):
        return f"an object of {count(len(value), 'member')}"
    if isinstance(value, list):
        return f"a list of {count(len(value), 'item')}"
    if isinstance(value, str):
        return f"a text of {count(len(value), 'character')}"
    return f"a long {kind(value)}"


def _pieces(value: Value) -> Iterator[str]:
    """Give the JSON text bit by bit, so that a huge value costs no more than what is shown of it."""
    match value:
        case dict():
            yield from _joined("{", ((f"{_quoted(name)}: ", item) for name, item in value.items()), "}")
        case list():
            yield from _joined("[", (("", item) for item in value), "]")
        case str():
            yield _quoted(value)
        case _:
            yield _scalar(value)


def _joined(start: str, items: Iterator[tuple[str, Json]], end: str) -> Iterator[str]:
    yield start
    for index, (prefix, item) in enumerate(items):
        yield f", {prefix}" if index else prefix
        yield from _pieces(item)
    yield end


def _quoted(text: str) -> str:
    from json import dumps  # most runs show no value

    whole = len(text) <= 2 * VALUE_WIDTH
    return printable(dumps(text if whole else text[: 2 * VALUE_WIDTH], ensure_ascii=False))


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number_text(value)
        case float():
            return repr(value)
        case _:
            return "(absent)"


def path_label(path: Path, width: int = VALUE_WIDTH) -> str:
    """Show where a value stands."""
    return shortened(path_text(path), width)


def place(path: str) -> str:
    """Show a file or folder, relative to the current folder where it is inside it."""
    return printable(_from_here(path))


def shell_word(path: str) -> str:
    """Show a file or folder as one word of a shell command."""
    from shlex import quote

    return printable(quote(_from_here(path)))


def _from_here(path: str) -> str:
    try:
        here = os.path.join(os.getcwd(), "")
    except FileNotFoundError:  # the current folder was removed
        return path
    return path.removeprefix(here) or os.curdir


def count(number: int, one: str, many: str = "") -> str:
    """Count things: `1 subagent`, `1,000 subagents`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counts_text(counts: Mapping[Outcome, int]) -> str:
    """Tell the changes by outcome: `12 changes (10 applied, 2 agreed)`."""
    parts = [f"{number:,} {outcome.value}" for outcome, number in counts.items() if number]
    total = count(sum(counts.values()), "change")
    return f"{total} ({', '.join(parts)})" if parts else total


def seconds(amount: float) -> str:
    """Show a time: `0.4 s`, `1 min 05 s`, `2 h 03 min`."""
    if amount < 59.95:
        return f"{amount:.1f} s"
    whole = round(amount)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
