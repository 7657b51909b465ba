"""The JSON lines that agent CLIs print, read leniently: other lines stand between them, and the last may be torn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_STATUS: Final = re.compile(
    r"\b(?:status(?: code)?:? |HTTP |API Error: |got status: ?|code\": ?)([45]\d\d)\b", re.IGNORECASE
)

Event = Mapping[str, Any]
_LARGEST: Final = 10**15
"""More of anything is what nobody used: a CLI, or a journal, may say what it likes."""


def events(stdout: bytes) -> list[Event]:
    """Give the objects among the lines, in order. What is no JSON object is passed over."""
    return list(_events(stdout))


def _events(stdout: bytes) -> Iterator[Event]:
    for line in stdout.splitlines():
        if line.lstrip().startswith(b"{"):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            yield event


def of_type(all_events: list[Event], *types: str) -> list[Event]:
    """Give the events of these types."""
    return [event for event in all_events if event.get("type") in types]


def after_last(all_events: list[Event], *types: str) -> list[Event]:
    """Give the events behind the last of these types: what was said when the last tool had been used."""
    places = [place for place, event in enumerate(all_events) if event.get("type") in types]
    return all_events[places[-1] + 1 :] if places else all_events


def part(event: Event, *names: str) -> Any:
    """Give what stands at nested names of an event, None where something on the way is missing or no object."""
    value: Any = event
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def objects(value: object) -> list[Event]:
    """Give the objects of a list, and nothing of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Give a number, such as a cost; None for anything else, NaN too, and for what nobody used."""
    return value if isinstance(value, int | float) and _is_likely(value) else None


def text(value: object) -> str:
    """Give a text, and an empty one for anything else."""
    return value if isinstance(value, str) else ""


def count(*values: object) -> int | None:
    """Add up numbers of tokens, those missing counting nothing; None where all are missing."""
    known = [value for value in values if isinstance(value, int) and _is_likely(value)]
    return sum(known) if known else None


def _is_likely(value: float) -> bool:
    return not isinstance(value, bool) and 0 <= value < _LARGEST


def status_in(message: str) -> int | None:
    """Find an HTTP status in the words of an error, for CLIs that do not give it as a number."""
    found = _STATUS.search(message)
    return int(found[1]) if found else None
