"""Path patterns: which paths a rule speaks for, in a subset of RFC 9535.

    $                    the whole document
    $.name  $['a name']  a member by its name
    $.*     $[*]         any member or item
    $..name $..*         at any depth below
    $.a..b[*].c          any mixture of these

Indexes, slices and filters are left out: a rule speaks for every item of a list, or for the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from shardflow.model.paths import NAME, ORDER, QUOTED, PathError, Segment, unquoted


@dataclass(frozen=True, slots=True)
class Child:
    """One segment down: the member of this name, or anything when the name is None."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Descendant:
    """One or more segments down, the last of this name, or anything when the name is None."""

    name: str | None


Step: TypeAlias = Child | Descendant


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern, and the text it was read from."""

    steps: tuple[Step, ...]
    text: str = field(compare=False)

    def __str__(self) -> str:
        """Show as it was written."""
        return self.text


class PatternError(PathError):
    """A text that is no pattern; the message says at which character and what was expected."""


_TOKEN: Final = re.compile(
    rf"""(?P<dots>\.\.?)?
        (?: (?P<name>{NAME}) | (?P<any>\*) | \[\s*(?: (?P<item>\*) | (?P<quoted>{QUOTED}) )\s*\] )""",
    re.VERBOSE,
)


def parse_pattern(text: str) -> Pattern:
    """Read a pattern. Raises PatternError."""
    if not text.startswith("$"):
        raise PatternError("a pattern starts with '$', the whole document")
    return Pattern(tuple(_steps(text)), text)


def _steps(text: str) -> Iterator[Step]:
    position = 1
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or not _well_dotted(token):
            raise PatternError(
                f"cannot read {text[position : position + 12]!r} at character {position + 1}; "
                "allowed are .name ['a name'] .* [*] ..name ..*"
            )
        name = _name(token["quoted"]) if token["quoted"] else token["name"]
        yield Descendant(name) if token["dots"] == ".." else Child(name)
        position = token.end()


def _well_dotted(token: re.Match[str]) -> bool:
    """A bare name or `*` needs its dot or dots; a bracket stands alone or behind two dots."""
    bracketed = token["item"] or token["quoted"]
    return token["dots"] in (None, "..") if bracketed else token["dots"] is not None


def _name(quoted: str) -> str:
    try:
        return unquoted(quoted)
    except PathError as error:
        raise PatternError(str(error)) from error


# A set of patterns is a nondeterministic automaton over segments. A position is (which pattern, how many of its
# steps are done). Everything below works on sets of positions, so that many patterns cost as much as one.

Position: TypeAlias = tuple[int, int]


class PatternSet:
    """Many patterns matched at once while walking down a document, one segment at a time."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._steps = tuple(pattern.steps for pattern in patterns)
        self.names = frozenset(s.name for steps in self._steps for s in steps if s.name is not None)
        self.start: frozenset[Position] = frozenset((index, 0) for index in range(len(patterns)))

    def after(self, positions: Iterable[Position], segment: Segment) -> frozenset[Position]:
        """Give the positions reached by one more segment. The order of a list is no place a pattern can name."""
        return frozenset() if segment is ORDER else frozenset(self._moves(positions, segment))

    def _moves(self, positions: Iterable[Position], segment: Segment) -> Iterator[Position]:
        for pattern, done in positions:
            if done == len(self._steps[pattern]):
                continue
            step = self._steps[pattern][done]
            if isinstance(step, Descendant):
                yield pattern, done
            if step.name is None or step.name == segment:
                yield pattern, done + 1

    def first_match(self, positions: Iterable[Position]) -> int | None:
        """Give the first pattern that matches the path walked so far."""
        return min((p for p, done in positions if done == len(self._steps[p])), default=None)

    def governs(self, positions: Iterable[Position]) -> bool:
        """Tell whether some pattern may match a longer path."""
        return any(done < len(self._steps[p]) for p, done in positions)


def covered(pattern: Pattern, others: Sequence[Pattern]) -> bool:
    """Tell whether every path that `pattern` matches is matched by one of `others`.

    Language inclusion by walking `pattern` and the subset automaton of `others` side by side over the names that
    occur and one that does not (an index or keyed member behaves as that one). Exponential only in theory.
    """
    one, many = PatternSet([pattern]), PatternSet(others)
    letters: list[Segment] = [*one.names | many.names, 0]
    pending = [(one.start, many.start)]
    seen = set(pending)
    while pending:
        here, there = pending.pop()
        if one.first_match(here) is not None and many.first_match(there) is None:
            return False
        for letter in letters:
            pair = one.after(here, letter), many.after(there, letter)
            if pair[0] and pair not in seen:
                seen.add(pair)
                pending.append(pair)
    return True
