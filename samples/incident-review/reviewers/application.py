"""Reviewer of the application log: errors and warnings by what they say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from incident import found, happened, in_window, lines, raise_status, review

SYMPTOMS = {
    "pool exhausted": ("pool-exhausted", "critical"),
    "payment failed": ("errors", "high"),
    "slow payment": ("latency", "medium"),
}
"""How a message begins, the symptom it stands for and how grave that is."""

_LINE = re.compile(r"(?P<time>\S+) (?P<level>INFO|WARN|ERROR) (?P<service>\S+) (?P<text>.*)")


@dataclass(frozen=True)
class Entry:
    """An entry of the log with the lines that belong to it."""

    time: str
    level: str
    service: str
    text: str
    trace: tuple[str, ...] = ()


def look(context: dict[str, Any]) -> None:
    """Note what went wrong, by service and symptom."""
    entries = [entry for entry in _entries(lines(context, "app.log")) if in_window(context, entry.time)]
    context["counters"]["errors_logged"] += sum(entry.level == "ERROR" for entry in entries)
    alike = defaultdict(list)
    for entry in entries:
        if entry.level != "INFO":
            alike[entry.service, *_symptom(entry.text)].append(entry)
        elif " ready" in entry.text:
            happened(context, entry.time, "application", f"{entry.service} {entry.text}")
    for (service, symptom, severity), its in alike.items():
        found(context, service, symptom, severity, "app.log", [entry.time for entry in its], _note(its))
    raise_status(context, "degraded" if alike else "ok")
    _root_cause(context, entries)


def _entries(log: list[str]) -> Iterator[Entry]:
    """Give the entries; an indented line belongs to the entry before it."""
    entry = None
    for line in log:
        parts = _LINE.fullmatch(line)
        if parts is not None:
            if entry is not None:
                yield entry
            entry = Entry(**parts.groupdict())
        elif entry is not None:
            entry = replace(entry, trace=(*entry.trace, line.strip()))
    if entry is not None:
        yield entry


def _symptom(text: str) -> tuple[str, str]:
    known = (kind for start, kind in SYMPTOMS.items() if text.startswith(start))
    return next(known, ("unexpected", "low"))


def _note(entries: list[Entry]) -> str:
    first = entries[0]
    shown = re.sub(r" order=\d+", "", first.text)
    return " ".join([shown, *first.trace[:1]])


def _root_cause(context: dict[str, Any], entries: list[Entry]) -> None:
    """The first error is taken for the cause of those after it."""
    errors = [entry for entry in entries if entry.level == "ERROR"]
    if errors:
        first = errors[0]
        alike = sum(_symptom(entry.text) == _symptom(first.text) for entry in errors)
        context["root_cause"] = {
            "service": first.service,
            "cause": _note([first]),
            "evidence": f"the first error, and {alike} of {len(errors)} are like it",
        }


if __name__ == "__main__":
    review(look)
