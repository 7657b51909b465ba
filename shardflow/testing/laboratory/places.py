"""One place of a context at which a rule decides, and groups that differ there and nowhere else."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from shardflow.merge.rules import Rule, RuleSet
from shardflow.merge.strategies.registry import CUSTOM
from shardflow.model.paths import Path
from shardflow.model.patterns import Pattern, parse_pattern
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value
from shardflow.testing.generators.aim import ANY_KIND, aimed_shape
from shardflow.testing.generators.edits import changed, pick
from shardflow.testing.generators.shapes import ANY, Leaf, Shape, places_up_to, shape_at
from shardflow.testing.laws.group import Group


@record
class Place:
    """A path of members where a rule of a set decides, and what may stand there: one of `shapes`, for a whole group.
    `alone` if the set is that one rule, moved to a path of its own.
    """

    rules: RuleSet
    path: Path
    shapes: tuple[Shape, ...]
    alone: bool


def place_of(rule: Rule, rules: RuleSet, contexts: Shape | None = None) -> Place:
    """Find a place where a rule decides: in its set, or where that has none but inside of lists, alone.

    If the shape of contexts is given, half of what stands there is what they have at the rule's path.
    """
    path = _plain_path(rule.pattern)
    found = _found(rule, rules, path)
    if contexts is None:
        return found
    return replaced(found, shapes=(*found.shapes, *[shape_at(contexts, path)] * len(found.shapes)))


def _found(rule: Rule, rules: RuleSet, path: Path) -> Place:
    if path and rules.first_match(path) is rule and all(_open(rules, path[:end]) for end in range(len(path))):
        return _place(rules, path, alone=False)
    return _place(RuleSet([replaced(rule, pattern=parse_pattern("$.n"))]), ("n",), alone=True)


def _place(rules: RuleSet, path: Path, *, alone: bool) -> Place:
    rule = rules.first_match(path)
    kinds = map(Leaf, ANY_KIND) if rule is not None and rule.strategy.name == CUSTOM else ()
    return Place(rules, path, (*kinds, shape_at(aimed_shape(rules) or ANY, path)), alone)


def _plain_path(pattern: Pattern | None) -> Path:
    return tuple("a" if step.name is None else step.name for step in pattern.steps) if pattern else ()


def _open(rules: RuleSet, path: Path) -> bool:
    """Tell whether an object at a path is gone into."""
    rule = rules.first_match(path) or rules.defaults.objects
    return rule.strategy.name in ("default", "deep")


@st.composite
def groups_at(draw: st.DrawFn, place: Place, least: int = 2, most: int = 4) -> Group:
    """Draw groups that differ at one place only: edited, replaced, restated or, rarely, removed."""
    shape = pick(draw, place.shapes)
    base = draw(shape.values) if draw(_TENTHS) else ABSENT
    left: list[Value] = []
    while len(left) < most:
        value = draw(_next(shape, base, tuple(left)))
        if value is None and len(left) >= least:
            break
        left.append(base if value is None else value[0])
    return Group(_holding(place.path, base), tuple(_holding(place.path, value) for value in left))


@st.composite
def _next(draw: st.DrawFn, shape: Shape, base: Value, earlier: tuple[Value, ...]) -> tuple[Value] | None:
    """Draw what the next shard left, if there is a next: one draw with the decision, so that any can be left out."""
    match draw(_TENTHS):
        case 0:
            return None
        case 1 | 2 | 3 | 4:
            return (draw(shape.values),)
        case 5:
            return (pick(draw, [base, *earlier]),)
        case 6:
            return (ABSENT,)
        case _:
            return (changed(draw, base, shape),)


_TENTHS: Final = places_up_to(10)


def _holding(path: Path, value: Value) -> dict[str, Json]:
    """Give the objects along a path, with a value at its end or without it."""
    name, *rest = map(str, path)
    if rest:
        return {name: _holding(tuple(rest), value)}
    return {} if value is ABSENT else {name: value}
