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
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
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
_Moves: TypeAlias = tuple[frozenset[Position], Mapping[str, Sequence[Position]]]
"""Where one more segment leads, whatever it is; and where else, by its name."""


@record
class Reached:
    """All positions reached on a path; false if there are none.

    `staying` are those in front of a step down to any depth: whatever comes, they are reached below, too. They are one
    shared set for all paths that lead to no more of them, so many `..` patterns cost each path nothing.
    """

    staying: frozenset[Position]
    moving: frozenset[Position]

    def __bool__(self) -> bool:
        """Tell whether some pattern may match this path or a longer one."""
        return bool(self.staying or self.moving)

    def __iter__(self) -> Iterator[Position]:
        """Give all positions."""
        return chain(self.staying, self.moving)


class PatternSet:
    """Many patterns matched at once while walking down a document, one segment at a time.

    Cost: of a name, the positions it leads to that do not stay; of a set of positions and of all that these do not
    name, once, their number.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._steps = tuple(pattern.steps for pattern in patterns)
        self._moves: dict[frozenset[Position], _Moves] = {}
        self._unnamed: dict[Reached, Reached] = {}
        self.names = frozenset(s.name for steps in self._steps for s in steps if s.name is not None)
        self.start = self._reached(frozenset(), ((index, 0) for index in range(len(patterns))))

    def after(self, here: Reached, segment: Segment) -> Reached:
        """Give the positions reached by one more segment. The order of a list is no place a pattern can name."""
        if segment is ORDER:
            return _NOWHERE
        moves = (self._moves_of(here.staying), self._moves_of(here.moving))
        named = [at for _, by_name in moves for at in by_name.get(segment, ())] if isinstance(segment, str) else []
        known = None if named else self._unnamed.get(here)
        if known is not None:
            return known
        after = self._reached(here.staying, chain(named, *(always for always, _ in moves)))
        if not named:
            self._unnamed[here] = after
        return after

    def _reached(self, staying: frozenset[Position], found: Iterable[Position]) -> Reached:
        moving = frozenset(found)
        more = frozenset(at for at in moving if isinstance(self._next(at), Descendant))
        return Reached(staying if more <= staying else staying | more, moving - more)

    def _moves_of(self, positions: frozenset[Position]) -> _Moves:
        known = self._moves.get(positions)
        return self._moves.setdefault(positions, self._worked_out(positions)) if known is None else known

    def _worked_out(self, positions: frozenset[Position]) -> _Moves:
        always: list[Position] = []
        by_name: dict[str, list[Position]] = {}
        for pattern, done in positions:
            step = self._next((pattern, done))
            if step is not None:
                (always if step.name is None else by_name.setdefault(step.name, [])).append((pattern, done + 1))
        return frozenset(always), by_name

    def _next(self, position: Position) -> Step | None:
        pattern, done = position
        steps = self._steps[pattern]
        return steps[done] if done < len(steps) else None

    def names_at(self, here: Reached) -> frozenset[str]:
        """Give the names that lead from here to other positions than any other segment may."""
        return frozenset(chain.from_iterable(self._moves_of(at)[1] for at in (here.staying, here.moving)))

    def first_match(self, here: Reached) -> int | None:
        """Give the first pattern that matches the path walked so far."""
        return min((p for p, done in here.moving if done == len(self._steps[p])), default=None)

    def matching(self, here: Reached) -> frozenset[int]:
        """Give all patterns that match the path walked so far."""
        return frozenset(p for p, done in here.moving if done == len(self._steps[p]))

    def governs(self, here: Reached) -> bool:
        """Tell whether some pattern may match a longer path."""
        return bool(here.staying) or any(done < len(self._steps[p]) for p, done in here.moving)


_NOWHERE: Final = Reached(frozenset(), frozenset())
Pair: TypeAlias = tuple[Reached, Reached]


def and_below(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """Widen patterns to what they match and everything below it."""
    return tuple(p for pattern in patterns for p in (pattern, _below(pattern)))


def _below(pattern: Pattern) -> Pattern:
    return Pattern((*pattern.steps, Descendant(None)), f"{pattern.text}..*")


OTHER: Final[Segment] = 0
"""Stands for every segment that no pattern names: an index or a keyed member behaves as a name that does not occur."""


StateT = TypeVar("StateT", bound=Hashable)


def reachable(
    start: StateT, step: Callable[[StateT, Segment], StateT | None], names: Callable[[StateT], frozenset[str]]
) -> Iterator[tuple[StateT, Path]]:
    """Walk an automaton breadth first: every state once, with a shortest path to it; no step leads on from None.

    From a state, `OTHER` is tried and all `names` that may lead elsewhere from there.
    """
    pending: deque[tuple[StateT, Path]] = deque([(start, ROOT)])
    seen = {start}
    while pending:
        state, path = pending.popleft()
        yield state, path
        for letter in (OTHER, *sorted(names(state))):
            after = step(state, letter)
            if after is not None and after not in seen:
                seen.add(after)
                pending.append((after, (*path, letter)))


def named(pattern: Pattern) -> frozenset[str]:
    """Give the names that a pattern has, all of which stand in every path it matches."""
    return frozenset(step.name for step in pattern.steps if step.name is not None)


_LOOKED_AT: Final = 1_000
"""States, of which patterns that people write have some dozens: hostile ones shall not hold up who reads them."""


def covered(pattern: Pattern, others: Iterable[Pattern]) -> bool:
    """Tell whether every path that `pattern` matches is matched by one of `others`, as far as can be seen soon.

    Language inclusion by walking `pattern` and the subset automaton of `others` side by side. Only those have a say
    that name nothing which `pattern` does not: of its paths, those with names of no other pattern in every place it
    leaves open are matched by these alone, which then match whatever stands there. Exponential where a step down to
    any depth has many `*` behind it; after `_LOOKED_AT` states it passes for not covered.
    """
    one = PatternSet([pattern])
    many = PatternSet([other for other in dict.fromkeys(others) if named(other) <= one.names])

    def step(state: Pair, letter: Segment) -> Pair | None:
        here = one.after(state[0], letter)
        return (here, many.after(state[1], letter)) if here else None

    def names(state: Pair) -> frozenset[str]:
        return one.names_at(state[0]) | many.names_at(state[1])

    for count, ((here, there), _) in enumerate(reachable((one.start, many.start), step, names)):
        if count == _LOOKED_AT or (one.matching(here) and not many.matching(there)):
            return False
    return True


def earlier_of_names(patterns: Sequence[Pattern]) -> Iterator[tuple[int, list[int]]]:
    """Give each pattern's place with those of the earlier ones that name nothing it does not.

    Each is kept under the rarest of its names, so that it is looked at where that occurs only.
    """
    names = [named(pattern) for pattern in patterns]
    how_often = Counter(chain.from_iterable(names))
    kept: dict[str | None, list[int]] = {}
    for place, own in enumerate(names):
        found = (earlier for name in (None, *own) for earlier in kept.get(name, ()))
        yield place, sorted(earlier for earlier in found if names[earlier] <= own)
        kept.setdefault(min(own, key=lambda name: (how_often[name], name), default=None), []).append(place)
