"""Which entry runs a type, over all places where entries stand.

Law: an exact name goes over a glob, a glob over `default`, whichever file it stands in; among entries as exact as each
other the file counts (`--agents`, then the workflow, then `shardflow.yaml`), and among globs of one file the first.
So `default` in a file given for once only fills gaps, and `'*'` there takes over all that is not named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from shardflow.model.documents import did_you_mean
from shardflow.model.fields import quoted
from shardflow.model.records import record
from shardflow.workflow.agents.model import DEFAULT, AgentEntry

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][\w./-]*")
"""Names that YAML takes as they stand."""

_GLOB: Final = frozenset("*?[")


@record
class ChosenPrograms:
    """What was found for the types asked about: `programs` by type; `lacking`, in order, have none.

    `known` are the exact names that have an entry, to offer for a misspelt one.
    """

    programs: Mapping[str, AgentEntry]
    lacking: tuple[str, ...]
    known: tuple[str, ...]

    def lacking_text(self) -> str:
        """Say which types lack a program and how to give one; empty if none does."""
        if not self.lacking:
            return ""
        named = ", ".join(map(self.named, self.lacking))
        what = "types have" if len(self.lacking) > 1 else "type has"
        return f"{len(self.lacking)} {what} no program: {named}; {how_to_give(self.lacking[0])}"

    def named(self, name: str) -> str:
        """Name a type that lacks a program, and the one it may be a misspelling of."""
        hint = did_you_mean(name, self.known) if self.known else ""
        return f"{quoted(name)} ({hint})" if hint.startswith("did you mean") else quoted(name)


def how_to_give(name: str) -> str:
    """Say how to give a program to a type."""
    entry = f"{name if _PLAIN.fullmatch(name) else json.dumps(name)}: {{run: ./program}}"
    where = "in the workflow, in shardflow.yaml beside it, or with --agents FILE"
    return f"give one under agents: {where}, such as {entry}, or {DEFAULT}: {{agent: claude}}"


def choose_programs(types: Iterable[str], files: Sequence[Sequence[AgentEntry]]) -> ChosenPrograms:
    """Choose a program for each type; `files` are the places where entries stand, the one that counts most first."""
    entries = [entry for file in files for entry in file]
    found = {name: _entry(name, entries) for name in types}
    programs = {name: entry for name, entry in found.items() if entry is not None}
    lacking = tuple(name for name, entry in found.items() if entry is None)
    known = {entry.pattern: None for entry in entries if not _is_glob(entry.pattern) and entry.pattern != DEFAULT}
    return ChosenPrograms(programs, lacking, tuple(known))


def _entry(name: str, entries: Sequence[AgentEntry]) -> AgentEntry | None:
    exact = (entry for entry in entries if entry.pattern == name)
    globs = (entry for entry in entries if _is_glob(entry.pattern) and fnmatchcase(name, entry.pattern))
    defaults = (entry for entry in entries if entry.pattern == DEFAULT)
    return next(exact, None) or next(globs, None) or next(defaults, None)


def _is_glob(pattern: str) -> bool:
    return not _GLOB.isdisjoint(pattern)
