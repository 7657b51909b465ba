"""The small texts and numbers of a workflow: names, ids, paths, commands, timeouts. Each reads one place."""

from __future__ import annotations

import re
from math import inf
from typing import Final

from shardflow.model.fields import Place, quoted
from shardflow.model.values import is_number

LONGEST_TIMEOUT: Final = 24 * 24 * 3600
"""Seconds: 24 days. A system call that waits counts milliseconds in 32 bits, which end within the 25th."""

MOST_PARALLEL: Final = 10_000
"""Subagents at the same time: more processes than that no machine starts."""

LONGEST_ID: Final = 64
"""Characters of an id, which is also the name of a folder and part of the name of a file."""

LONGEST_TYPE: Final = 250
"""Characters of a type. The shell engine named a file after each, which no system lets be much longer."""

_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]+")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_RULE: Final = "an id is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit"
_TIMEOUT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


def read_label(place: Place) -> str:
    """Read a name for people: one line of 1 to 100 printable characters."""
    text = place.text()
    if isinstance(place.value, str) and not (text.strip() and len(text) <= 100 and text.isprintable()):
        place.expect("one line of 1 to 100 printable characters")
    return text


def read_id(place: Place) -> str:
    """Read an id, which is also the name of a folder in the run directory; stand-in: an empty text."""
    text = place.text()
    if not isinstance(place.value, str):
        return ""
    if fault := id_fault(text):
        place.refuse(f"{quoted(text)} is no id", fault)
        return ""
    return text


def id_fault(text: str) -> str:
    """Say why a text is no id, or nothing if it is one."""
    if not _ID.fullmatch(text):
        return _ID_RULE
    if ".." in text:
        return "an id never contains '..'"
    if text.lower().endswith(".json"):
        return "an id never ends in '.json': its folder stands beside the merge's own files"
    return ""


def read_type(place: Place) -> str:
    """Read a type, a name to look up: one line of printable characters; stand-in: an empty text."""
    text = place.text()
    if not isinstance(place.value, str) or (text.strip() and len(text) <= LONGEST_TYPE and text.isprintable()):
        return text
    place.expect(f"one line of 1 to {LONGEST_TYPE} printable characters")
    return ""


def id_of(name: str, otherwise: str) -> str:
    """Make an id of a name: itself where it is one, else its letters and digits (`plugin:agent` is `plugin-agent`).

    `otherwise` is the id where the name has neither. Two names may give one id.
    """
    if not id_fault(name):
        return name
    return _FOREIGN.sub("-", name).strip("-_")[:LONGEST_ID] or otherwise


def numbered_id(name: str, number: int) -> str:
    """Give an id another one of the same length at most: `scan` with 2 is `scan-2`."""
    suffix = f"-{number}"
    return f"{name[: LONGEST_ID - len(suffix)]}{suffix}"


def read_handed_over(place: Place) -> str:
    """Read a text that the operating system is handed: any, but for what no program can be given."""
    text = place.text()
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        place.refuse("the text holds a NUL or half a surrogate pair, which no program can be given")
    return text


def read_filled(place: Place) -> str:
    """Read a text that the operating system is handed and that is not blank: a path, a program."""
    text = read_handed_over(place)
    if isinstance(place.value, str) and not text.strip():
        place.expect("a text that is not blank")
    return text


def refuse_template(place: Place, text: str) -> None:
    """Refuse a template in a command: it would reach the program as it is, or let a value become code."""
    start = text.find("{{")
    end = text.find("}}", start)
    if 0 <= start < end:
        start -= text[:start].endswith("$")
        place.refuse(
            f"the template {quoted(text[start : end + 2])} is not filled in",
            'read the value from the environment (env: {NAME: value}, then "$NAME") or from the file '
            '"$CONTEXT_FILE"; braces meant as they stand go into an env value too',
        )


def read_timeout(place: Place) -> float | None:
    """Read a timeout in seconds: a number, or a text such as `30s`, `1.5m`, `1h`. Stand-in: None."""
    seconds = _seconds(place)
    if seconds is None:
        place.expect("a number of seconds or a text such as '30s', '5m' or '1h'")
    elif not 0 < seconds <= LONGEST_TIMEOUT:
        place.expect("more than 0 seconds and at most 24 days (576h)")
        return None
    return seconds


def read_duration(place: Place) -> float:
    """Read a time that may be none at all, in seconds; stand-in: 0."""
    seconds = _seconds(place)
    if seconds is None or not 0 <= seconds <= LONGEST_TIMEOUT:
        place.expect("from 0 seconds to 24 days (such as 30, '30s', '5m', '1h')")
        return 0.0
    return seconds


def _seconds(place: Place) -> float | None:
    match place.value:
        case str(text) if found := _TIMEOUT.fullmatch(text):
            return float(found[1]) * _SECONDS[found[2]]
        case value if is_number(value):
            # Compared before it is converted: an integer of any size has no float.
            return float(value) if -LONGEST_TIMEOUT <= value <= LONGEST_TIMEOUT else inf
        case _:
            return None


def read_max_parallel(place: Place) -> int:
    """Read how many subagents run at the same time; stand-in: 1."""
    return place.integer(1, MOST_PARALLEL)
