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
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from shardflow.model.paths import NAME, ORDER, QUOTED, ROOT, Path, PathError, Segment, unquoted
from shardflow.model.records import record

if TYPE_CHECKING:
    from shardflow.model.fields import Place


@record
class Child:
    """One segment down: the member of this name, or anything when the name is None."""

    name: str | None


@record
class Descendant:
    """One or more segments down, the last of this name, or anything when the name is None."""

    name: str | None


Step: TypeAlias = Child | Descendant


@record
class Pattern:
    """A parsed pattern, and the text it was read from."""

    steps: tuple[Step, ...]
    text: str

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


def read_pattern(place: Place) -> Pattern | None:
    """Read a pattern from its place in a document; stand-in: None."""
    from shardflow.model.fields import quoted  # only what reads documents has it loaded

    if not isinstance(place.value, str):
        place.text()
        return None
    try:
        return parse_pattern(place.value)
    except PatternError as error:
        place.refuse(f"{quoted(place.value)} is no path pattern", str(error))
        return None


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
Pair: TypeAlias = tuple[frozenset[Position], frozenset[Position]]


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

    def matching(self, positions: Iterable[Position]) -> frozenset[int]:
        """Give all patterns that match the path walked so far."""
        return frozenset(p for p, done in positions if done == len(self._steps[p]))

    def governs(self, positions: Iterable[Position]) -> bool:
        """Tell whether some pattern may match a longer path."""
        return any(done < len(self._steps[p]) for p, done in positions)


def and_below(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """Widen patterns to what they match and everything below it."""
    return tuple(p for pattern in patterns for p in (pattern, _below(pattern)))


def _below(pattern: Pattern) -> Pattern:
    return Pattern((*pattern.steps, Descendant(None)), f"{pattern.text}..*")


OTHER: Final[Segment] = 0
"""Stands for every segment that no pattern names: an index or a keyed member behaves as a name that does not occur."""


def letters(*sets: PatternSet) -> tuple[Segment, ...]:
    """Give all segments that some of these sets tell apart: `OTHER`, and the names that occur, in order."""
    return (OTHER, *sorted(frozenset[str]().union(*(patterns.names for patterns in sets))))


StateT = TypeVar("StateT", bound=Hashable)


def reachable(
    start: StateT, step: Callable[[StateT, Segment], StateT | None], alphabet: Sequence[Segment]
) -> Iterator[tuple[StateT, Path]]:
    """Walk an automaton breadth first: every state once, with a shortest path to it; no step leads on from None."""
    pending: deque[tuple[StateT, Path]] = deque([(start, ROOT)])
    seen = {start}
    while pending:
        state, path = pending.popleft()
        yield state, path
        for letter in alphabet:
            after = step(state, letter)
            if after is not None and after not in seen:
                seen.add(after)
                pending.append((after, (*path, letter)))


def covered(pattern: Pattern, others: Sequence[Pattern]) -> bool:
    """Tell whether every path that `pattern` matches is matched by one of `others`.

    Language inclusion by walking `pattern` and the subset automaton of `others` side by side. Exponential only in
    theory.
    """
    one, many = PatternSet([pattern]), PatternSet(others)

    def step(state: Pair, letter: Segment) -> Pair | None:
        here = one.after(state[0], letter)
        return (here, many.after(state[1], letter)) if here else None

    walk = reachable((one.start, many.start), step, letters(one, many))
    return not any(one.matching(here) and not many.matching(there) for (here, there), _ in walk)


def common_path(one: PatternSet, other: PatternSet) -> Path | None:
    """Give a shortest path that both sets match, with `OTHER` for any segment that neither names; None for none.

    Exact: the intersection of two regular languages is empty when no state of their product accepts.
    """

    def step(state: Pair, letter: Segment) -> Pair | None:
        after = one.after(state[0], letter), other.after(state[1], letter)
        return after if all(after) else None

    walk = reachable((one.start, other.start), step, letters(one, other))
    return next((path for (a, b), path in walk if one.matching(a) and other.matching(b)), None)
