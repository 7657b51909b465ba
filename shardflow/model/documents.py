"""Documents read from a file, and the problems found in them: what, where and what next.

A document is a plain value plus the line each part of it stands on, so that pure code can report
`rules.yaml:14: unknown strategy 'unoin' at $.rules[2].strategy; did you mean 'set'?` without knowing files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from shardflow.model.paths import ROOT, Path, path_text
from shardflow.model.records import record
from shardflow.model.values import Json

_PATH_WIDTH: Final = 200
"""Characters of a path that a problem shows: nested too deep, or named by hostile keys, it has any number."""

_TOO_MANY: Final = 1000
"""From so many names on, none is looked for that is near."""
_CLOSE_ENOUGH: Final = 0.65
"""The similarity (difflib ratio) from which a known name is offered for a misspelt one."""


@record
class Problem:
    """One thing wrong with some input, in words a person can act on; `line` and `column` count from 1."""

    source: str
    line: int | None
    message: str
    path: Path | None = None
    hint: str = ""
    column: int | None = None

    def __str__(self) -> str:
        """Show as `source:line: column 7: message at $.path; hint`, leaving out what is unknown and the middle of a
        long path.
        """
        where = f"{self.source}:{self.line}" if self.line is not None else self.source
        at = f" at {_shortened(path_text(self.path))}" if self.path is not None else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}: {self.placed_message}{at}{hint}"

    @property
    def placed_message(self) -> str:
        """The message behind its column: for texts that tell no more of the place than this."""
        return self.message if self.column is None else f"column {self.column}: {self.message}"


def _shortened(path: str) -> str:
    """Cut a long path inside: where it begins and, above all, where it ends stays."""
    head = _PATH_WIDTH // 3
    return path if len(path) <= _PATH_WIDTH else f"{path[:head]}…{path[head + 1 - _PATH_WIDTH :]}"


class IdleFields(Enum):
    """What to do with a field that says nothing: nobody asked for it, or it is null and may be absent."""

    REFUSE = auto()
    """It is a problem: most are misspelt, or wait for a value."""
    PASS_OVER = auto()
    """It says something to somebody else, or nothing at all."""


@record
class Document:
    """A value with its origin. `lines` maps a path to its 1-based line; a path without one takes its parent's.

    `source` is the file as problems name it, for somebody to open; `name`, if it has one, is what the file is called
    wherever a name must not depend on who reads it from which folder. `idle_fields` holds in all of it. `slips` are
    problems of the text itself: who reads a document that has some looks for more, and refuses it. `at` is where the
    value stands in its file: the paths of problems are counted from there, all others from the value.
    """

    source: str
    value: Json
    lines: Mapping[Path, int] = MappingProxyType({})
    name: str = ""
    idle_fields: IdleFields = IdleFields.REFUSE
    slips: tuple[Problem, ...] = ()
    at: Path = ROOT

    def line(self, path: Path) -> int | None:
        """Give the line a path stands on, or the nearest known line above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """Make the problem found at a path of this document."""
        place = (*self.at, *path)
        return Problem(self.source, self.line(path), message, place if place != ROOT else None, hint)

    def with_slips(self, problems: Iterable[Problem]) -> list[Problem]:
        """Put the problems found in this document and its slips in the order of the file.

        What was found where something slipped, and not below, goes: it may be a problem of the stand-in.
        """
        slipped = {slip.path for slip in self.slips}
        found = [problem for problem in problems if not self.slips or problem.path not in slipped]
        return sorted([*self.slips, *found], key=lambda problem: problem.line or 0)


NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
"""No names that others give to what is known here."""


def did_you_mean(name: str, known: Iterable[str], elsewhere: Mapping[str, str] = NO_NAMES) -> str:
    """Offer the nearest known name, or list them when none is near; of very many the first.

    `elsewhere` has names that others give to what is known here.
    """
    names = sorted(known)
    if (near := nearest(name, names, elsewhere)) is not None:
        return f"did you mean '{near}'?"
    return f"known are {listed(names) if len(names) > _TOO_MANY else ', '.join(names)}"


def nearest(name: str, known: Sequence[str], elsewhere: Mapping[str, str] = NO_NAMES) -> str | None:
    """Find the known name that was most likely meant, None where none is near or there are very many."""
    import difflib  # only ever needed to word an error

    if len(known) > _TOO_MANY:  # comparing takes milliseconds a hundred, and there may be an error for each
        return None
    near = difflib.get_close_matches(name, [*known, *elsewhere], n=1, cutoff=_CLOSE_ENOUGH)
    return elsewhere.get(near[0], near[0]) if near else None


def listed(names: Sequence[str], most: int = 8) -> str:
    """Write names as people do: `a, b and c`, a long list cut and counted."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
