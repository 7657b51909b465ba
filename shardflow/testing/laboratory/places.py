"""One place of a context at which a rule decides, and groups that differ there and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from shardflow.merge.rules import Rule, RuleSet
from shardflow.merge.strategies.registry import CUSTOM
from shardflow.model.paths import Member, Path, Segment, key_text
from shardflow.model.patterns import Pattern, parse_pattern
from shardflow.model.places import value_at
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.generators.aim import ANY_KIND, aimed_shape, key_fields
from shardflow.testing.generators.edits import changed, pick
from shardflow.testing.generators.shapes import ANY, Leaf, Shape, places_up_to, shape_at
from shardflow.testing.laboratory.search import Question
from shardflow.testing.laws.group import Group


@record
class Place:
    """A path of members where a rule of a set decides, and what may stand there: one of `shapes`, for a whole group.
    `alone` if the set is that one rule, moved to a path of its own. Of a keyed list, a path goes through one item.
    Unless it is `meant` for these values only, they are also edited, to what careless equality takes for them too.
    """

    rules: RuleSet
    path: Path
    shapes: tuple[Shape, ...]
    alone: bool
    meant: bool = False

    def is_open_in(self, group: Group) -> bool:
        """Tell whether what leads here stands in each document of a group, so that no other rule decides."""
        way = self.path[:-1]
        return all(isinstance(value_at(document, way), dict) for document in (group.base, *group.documents))


@record
class Met:
    """The values that were drawn at a place, as texts: of no other is it known that a smaller example may hold it."""

    place: Place
    texts: set[bytes]

    def note(self, group: Group) -> Group:
        """Take in the values of a group that was drawn."""
        self.texts.update(self._texts(group))
        return group

    def ask(self, question: Question, group: Group) -> None:
        """Ask about a group whose values were all drawn."""
        if self.texts.issuperset(self._texts(group)):
            question(group)

    def _texts(self, group: Group) -> list[bytes]:
        values = (value_at(document, self.place.path) for document in (group.base, *group.documents))
        return [canonical_bytes(value) for value in values if value is not ABSENT]


def place_of(rule: Rule, rules: RuleSet, contexts: Shape | None = None) -> Place:
    """Find a place where a rule decides: in its set, or where that has none that a path of members leads to, alone.

    If the shape of contexts is given, half of what stands there is what they have at the rule's path.
    """
    path = _path(rule.pattern, rules)
    found = _found(rule, rules, path)
    if contexts is None:
        return found
    return replaced(found, shapes=(*found.shapes, *[shape_at(contexts, path)] * len(found.shapes)))


def _found(rule: Rule, rules: RuleSet, path: Path) -> Place:
    if path and rules.first_match(path) is rule and _open(rules, path):
        return _place(rules, path, alone=False)
    return _place(RuleSet([replaced(rule, pattern=parse_pattern("$.n"))]), ("n",), alone=True)


def _place(rules: RuleSet, path: Path, *, alone: bool) -> Place:
    rule = rules.first_match(path)
    kinds = map(Leaf, ANY_KIND) if rule is not None and rule.strategy.name == CUSTOM else ()
    return Place(rules, path, (*kinds, shape_at(aimed_shape(rules) or ANY, path)), alone)


def _path(pattern: Pattern | None, rules: RuleSet) -> Path:
    """Give a path that a pattern matches: any member is called `a`, and any item of a keyed list has this for a key."""
    path: Path = ()
    for step in pattern.steps if pattern else ():
        path += (_any(rules.first_match(path)) if step.name is None else step.name,)
    return path


def _any(rule: Rule | None) -> Segment:
    if rule is None or rule.strategy.name != "keyed":
        return _NAME
    return Member(tuple((field, key_text(_NAME)) for field in key_fields(rule.strategy.argument)))


_NAME: Final = "a"


def _open(rules: RuleSet, path: Path) -> bool:
    """Tell whether what leads to a path is gone into, down to the member at its end, which is no key field."""
    *way, name = path
    return isinstance(name, str) and not _is_key(name, way) and all(_goes(rules, path, end) for end in range(len(path)))


def _is_key(name: str, way: Sequence[Segment]) -> bool:
    return any(isinstance(item, Member) and name in dict(item.fields) for item in way[-1:])


def _goes(rules: RuleSet, path: Path, end: int) -> bool:
    rule = rules.first_match(path[:end]) or rules.defaults.objects
    return rule.strategy.name in (("keyed",) if isinstance(path[end], Member) else ("default", "deep"))


@st.composite
def groups_at(draw: st.DrawFn, place: Place, least: int = 2, most: int = 4) -> Group:
    """Draw groups that differ at one place only: edited, replaced, restated or, rarely, removed."""
    shape = pick(draw, place.shapes)
    base = draw(shape.values) if draw(_TENTHS) else ABSENT
    left: list[Value] = []
    while len(left) < most:
        value = draw(_next(place, shape, base, tuple(left)))
        if value is None and len(left) >= least:
            break
        left.append(base if value is None else value[0])
    return Group(_holding(place.path, base), tuple(_holding(place.path, value) for value in left))


@st.composite
def _next(draw: st.DrawFn, place: Place, shape: Shape, base: Value, earlier: tuple[Value, ...]) -> tuple[Value] | None:
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
            return (draw(shape.values) if place.meant else changed(draw, base, shape),)


_TENTHS: Final = places_up_to(10)


def _holding(path: Path, value: Value) -> dict[str, Json]:
    """Give the objects, and items of keyed lists, along a path, with a value at its end or without it."""
    name, *rest = path
    if not rest:
        return {} if value is ABSENT else {str(name): value}
    head, *inner = rest
    if isinstance(head, Member):
        keys = {field: _NAME for field, _ in head.fields}
        return {str(name): [{**keys, **_holding(tuple(inner), value)}]}
    return {str(name): _holding(tuple(rest), value)}
