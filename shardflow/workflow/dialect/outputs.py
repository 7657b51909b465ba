"""Where files of a run belong: paths that a workflow writes down, as paths inside of the output folder.

Law: what comes out has neither `..` nor a leading slash nor anything no file can be called, whatever went in. So a text
that a model chose (an adaptive script returns configurations) cannot name a file elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_OUTPUT_DIR: Final = "output_dir"
_KNOWN: Final = (_OUTPUT_DIR, "feature_name", "workflow_name")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NoPlace(ValueError):
    """A path that names no file inside of the output folder; the message says why."""


def feature_fault(name: str) -> str:
    """Say why a text cannot be the name of a feature, or nothing if it can."""
    if _NAME.fullmatch(name) and ".." not in name:
        return ""
    return "a feature's name is 1 to 64 of A-Z a-z 0-9 . _ - without '..', and begins with a letter or digit"


def output_place(path: str, feature: str, workflow: str) -> str:
    """Give the place inside of the output folder that an `output_path` names: `{{output_dir}}/a.md` is `a.md`.

    Raises NoPlace.
    """
    start = _PLACEHOLDER.match(path.strip())
    rest = path.strip()
    if start is not None and start[1] == _OUTPUT_DIR:
        rest = rest[start.end() :]
        if not rest.startswith("/"):
            raise NoPlace("a '/' and the name of a file must follow {{output_dir}}")
        rest = rest.lstrip("/")
    expanded = _expanded(rest, {"feature_name": feature, "workflow_name": workflow})
    if expanded.startswith("/"):
        raise NoPlace("it must not be absolute: outputs stand in the output folder")
    parts = [part for part in expanded.split("/") if part not in ("", ".")]
    if not parts or expanded.endswith("/"):
        raise NoPlace("it names no file")
    if ".." in parts:
        raise NoPlace("'..' would leave the output folder")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in expanded):
        raise NoPlace("it holds a NUL or half a surrogate pair, which no file can be called")
    return "/".join(parts)


def output_fault(path: str) -> str:
    """Say why a path can never name a file inside of the output folder, whatever the run is for; or nothing."""
    try:
        output_place(path, "feature", "workflow")
    except NoPlace as fault:
        return str(fault)
    return ""


def _expanded(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] == _OUTPUT_DIR:
            raise NoPlace("{{output_dir}} can only stand at its beginning")
        if found[1] not in values:
            raise NoPlace(f"{found[0]} is not known; known are {', '.join(_KNOWN)}")
        return values[found[1]]

    return _PLACEHOLDER.sub(value, text)
