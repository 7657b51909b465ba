"""Where files of a run belong: paths that a workflow writes down, as paths inside of the output folder.

Law: what comes out has neither `..` nor a leading slash nor anything no file can be called, whatever went in, and is no
file of the engine. So a text that a model chose (an adaptive script returns configurations) names no file elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from shardflow.model.records import replaced
from shardflow.workflow.model import Subagent

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_OUTPUT_DIR: Final = "output_dir"
_KNOWN: Final = (_OUTPUT_DIR, "feature_name", "workflow_name")
_LONGEST_NAME: Final = 255
_OF_THE_ENGINE: Final = ("context.json", "context.json.lock", "metadata.json")
"""What stands in the output folder already, or will: an output there would be lost, or the context."""
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
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise NoPlace(f"it holds a name of more than {_LONGEST_NAME} bytes, which no file can have")
    place = "/".join(parts)
    refuse_of_the_engine(place)
    return place


def refuse_of_the_engine(place: str) -> None:
    """Refuse a place inside of the output folder that is a file of the engine. Raises NoPlace."""
    if place.lower() in _OF_THE_ENGINE:
        raise NoPlace(f"the engine itself writes {place.lower()} there")


def output_fault(path: str) -> str:
    """Say why a path can never name a file inside of the output folder, whatever the run is for; or nothing."""
    try:
        output_place(path, "feature", "workflow")
    except NoPlace as fault:
        return str(fault)
    return ""


def named_after_types(subagents: Sequence[Subagent]) -> Iterator[Subagent]:
    """Name the outputs of those that say nothing of theirs: `TYPE.md`, as the shell engine did.

    Of several of one type this is the first one's; where it is taken, or no file can be called so, it is the id's.
    """
    taken = {f"{one.id}.md".lower() for one in subagents if not one.type}
    for subagent in subagents:
        name = f"{subagent.type}.md"
        if not subagent.type or subagent.foreach or "output_path" in subagent.config:
            yield subagent
        elif name.lower() in taken or output_fault(name):
            taken.add(f"{subagent.id}.md".lower())
            yield subagent
        else:
            taken.add(name.lower())
            yield subagent if name == f"{subagent.id}.md" else replaced(subagent, output=name)


def _expanded(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] == _OUTPUT_DIR:
            raise NoPlace("{{output_dir}} can only stand at its beginning")
        if found[1] not in values:
            raise NoPlace(f"{found[0]} is not known; known are {', '.join(_KNOWN)}")
        return values[found[1]]

    return _PLACEHOLDER.sub(value, text)
