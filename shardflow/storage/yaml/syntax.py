"""What the YAML parser gives up at, in words that say where and what next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml
from yaml.error import Mark

from shardflow.model.values import too_deep
from shardflow.storage.excerpts import printable

if TYPE_CHECKING:
    from yaml._yaml import Mark as CMark

_HINTS: Final = {
    "\t": "indent with spaces, not tabs",
    ":": "quote a text that has ': ' in it",
    "@": "quote a text that begins with @",
    "`": "quote a text that begins with `",
    "%": "quote a text that begins with %",
}
"""What to do, by the character at which the parser gave up, where it is the character that it minded."""

_AT_A_CHARACTER: Final = ("found character", "found a tab character", "mapping values")

_LIBYAML_DEPTH: Final = "exceeded maximum nesting depth"
"""What newer releases of libyaml say at about 1,000 levels; they look ahead, so they may say it before we count 201."""


def syntax_error(text: str, error: yaml.MarkedYAMLError) -> tuple[int, int | None, str, str]:
    """Say what the parser found: line, column, message and hint."""
    line, column = place_of(error.problem_mark or error.context_mark)
    begun, _ = place_of(error.context_mark)
    context = f" {error.context} that starts on line {begun}" if error.context and begun < line else ""
    problem = error.problem or "not readable as YAML"
    if problem == _LIBYAML_DEPTH:
        return line, None, too_deep(), ""
    minded = "".join(text.splitlines()[line - 1 : line])[column - 1 : column]
    at = minded if problem.startswith(_AT_A_CHARACTER) else ""
    return line, column, printable(f"{problem}{context}"), _HINTS.get(at, "")


def place_of(mark: Mark | CMark | None) -> tuple[int, int]:
    """Give line and column, counted from 1."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
