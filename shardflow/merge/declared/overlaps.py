"""Overlapping writes: where two subagents of one group may write the same path, and no rule settles it.

Found before anything runs, from the declared patterns and the rules alone; exact for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from shardflow.merge.rules import DEFAULT, Defaults, Node, Rule, RuleSet
from shardflow.merge.strategies.registry import REFUSING
from shardflow.model.paths import Path, Segment, segment_text
from shardflow.model.patterns import (
    OTHER,
    Child,
    Descendant,
    Pattern,
    PatternSet,
    Reached,
    Step,
    and_below,
    reachable,
)
from shardflow.model.records import record

_ENOUGH: Final = 100
"""After so many overlaps no more are looked for."""


@record
class Overlap:
    """A path that two subagents may both write; `OTHER` stands in it for any segment that nothing names.

    `rule` can only conflict where they disagree; None: no rule speaks of the path.
    """

    path: Path
    rule: Rule | None

    def __str__(self) -> str:
        """Show the path as a pattern a rule could have."""
        return "$" + "".join("[*]" if segment == OTHER else segment_text(segment) for segment in self.path)


@record
class Overlaps:
    """The unsettled overlaps of a group, each once, with the subagents that may meet there; whether these are all."""

    found: tuple[tuple[Overlap, tuple[str, ...]], ...]
    complete: bool


def overlaps_in_group(writes: Mapping[str, Sequence[Pattern]], rules: RuleSet) -> Overlaps:
    """Find the unsettled overlaps of a group; subagents stand in the order of `writes`.

    What lies below an overlap of the same subagents is not told again. Cost: linear in the patterns and in the pairs
    of them that may meet, of which nothing more is looked for once so many overlap that nobody reads it.
    """
    writers: dict[Pattern, dict[str, None]] = {}
    for subagent, declared in writes.items():
        for pattern in declared:
            writers.setdefault(pattern, {})[subagent] = None
    found: dict[Path, tuple[Overlap, set[str]]] = {}
    pairs = _pairs(tuple(writers))
    for one, other in pairs:
        who = {*writers[one], *writers[other]}
        for overlap in unsettled_overlaps([one], [other], rules) if len(who) > 1 else ():
            found.setdefault(overlap.path, (overlap, set()))[1].update(who)
        if len(found) >= _ENOUGH:
            break
    told = tuple((overlap, tuple(filter(who.__contains__, writes))) for overlap, who in _topmost(found))
    return Overlaps(told, next(pairs, None) is None)


def _topmost(found: Mapping[Path, tuple[Overlap, set[str]]]) -> Iterator[tuple[Overlap, set[str]]]:
    for path, (overlap, who) in found.items():
        above = (found[path[:depth]][1] for depth in range(len(path)) if path[:depth] in found)
        if not any(who <= others for others in above):
            yield overlap, who


def _pairs(patterns: Iterable[Pattern]) -> Iterator[tuple[Pattern, Pattern]]:
    """Give the pairs that may meet, a pattern with itself too."""
    root = _Branch()
    for pattern in patterns:
        root.add(pattern)
        yield from ((other, pattern) for other in root.meeting(pattern.steps))


class _Branch:
    """Patterns that begin alike, by their next step; `whole` end here or go down to any depth, so meet all below."""

    def __init__(self) -> None:
        self.whole: list[Pattern] = []
        self.next: dict[str | None, _Branch] = {}

    def add(self, pattern: Pattern) -> None:
        """Put a pattern in its place."""
        here = self
        for step in pattern.steps:
            if isinstance(step, Descendant):
                break
            here = here.next.setdefault(step.name, _Branch())
        here.whole.append(pattern)

    def meeting(self, steps: Sequence[Step]) -> Iterator[Pattern]:
        """Give the patterns in here that may meet one of these steps."""
        pending: list[tuple[_Branch, int | None]] = [(self, 0)]
        while pending:
            here, done = pending.pop()
            yield from here.whole
            step = steps[done] if done is not None and done < len(steps) else None
            if not isinstance(step, Child):  # it meets all below
                pending.extend((branch, None) for branch in here.next.values())
            elif done is not None:
                names = here.next if step.name is None else (None, step.name)
                pending.extend((here.next[name], done + 1) for name in names if name in here.next)


_State: TypeAlias = tuple[Reached, Reached, Node, Rule | None]
"""How far both sets of patterns are, the place as the rules see it, and the rule above that settles it whole."""


def unsettled_overlaps(one: Sequence[Pattern], other: Sequence[Pattern], rules: RuleSet) -> Iterator[Overlap]:
    """Give the paths, shortest first, at which two declarations begin to overlap without a rule that settles it.

    A declared pattern covers its path and all below, so only the topmost common paths are looked at: what a rule
    there settles, or goes into, somebody has thought of. Containers on the way are taken for objects where no rule
    tells otherwise.
    """
    first, second = PatternSet(and_below(one)), PatternSet(and_below(other))

    def both(state: _State) -> bool:
        return bool(first.matching(state[0]) and second.matching(state[1]))

    def step(state: _State, letter: Segment) -> _State | None:
        after = first.after(state[0], letter), second.after(state[1], letter)
        if both(state) or not all(after):
            return None
        return (*after, state[2].below(letter), state[3] or _settling_whole(state[2], rules.defaults))

    def names(state: _State) -> frozenset[str]:
        return first.names_at(state[0]) | second.names_at(state[1]) | state[2].names

    start: _State = (first.start, second.start, rules.root, None)
    for state, path in reachable(start, step, names):
        if both(state):
            _, _, node, above = state
            rule = above or node.match
            if rule is not None and rule.strategy.name in REFUSING:
                yield Overlap(path, rule)
            elif rule is None and not _always_settles(rules.defaults):
                yield Overlap(path, None)


def _settling_whole(node: Node, defaults: Defaults) -> Rule | None:
    rule = node.match or defaults.objects
    return None if rule.strategy.structural else rule


def _always_settles(defaults: Defaults) -> bool:
    """Tell whether the defaults settle any kind of value; going into objects leaves it to the other two."""
    refused = any(rule.strategy.name in REFUSING for rule in defaults.every)
    return not refused and DEFAULT not in (defaults.lists, defaults.scalars)
