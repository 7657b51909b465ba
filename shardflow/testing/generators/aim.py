"""Contexts aimed at a rule set: members at the paths its rules speak of, with values their strategies work on.

Law: the shape at a path is that of the rule which the engine asks there, found by walking the same automaton.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.merge.guide.warnings import KINDS
from shardflow.merge.rules import Expected, Rule, RuleSet
from shardflow.model.patterns import OTHER, Descendant, Pattern, Reached
from shardflow.model.values import Json
from shardflow.testing.generators.shapes import ANY, Items, Leaf, Members, Shape, items, members
from shardflow.testing.generators.values import json_values, numbers, scalars, weighted

_DEEPEST: Final = 4
"""How far down members are made for patterns that match at any depth; further down they find nothing new."""
_FILLERS: Final = ("a", "b")
"""Names for members that a pattern does not name."""
_RARE: Final = json_values(2)

_State: TypeAlias = Reached


def aimed_shape(rules: RuleSet) -> Shape | None:
    """Give the shape of contexts in which every rule has something to decide; None for rules that name no path."""
    if not rules.rules:
        return None
    aim = _Aim(rules)
    shape = aim.shape(rules.patterns.start, 0)
    return shape if isinstance(shape, Members) else None


class _Aim:
    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._known: dict[tuple[_State, int], Shape] = {}

    def shape(self, here: _State, depth: int) -> Shape:
        """Give the shape at a place of the automaton. States repeat, so each is worked out once a depth."""
        if (here, depth) not in self._known:
            self._known[here, depth] = self._made(here, depth)
        return self._known[here, depth]

    def _made(self, here: _State, depth: int) -> Shape:
        found = self._rules.patterns.first_match(here)
        rule = None if found is None else self._rules.rules[found]
        if self._ends(here, depth) or (rule is None and not self._rules.patterns.governs(here)):
            return ANY if rule is None else Leaf(fitting(rule))
        if rule is not None and not rule.strategy.structural:
            return Leaf(fitting(rule))
        if rule is not None and rule.strategy.name in ("keyed", "index"):
            return self._list(rule, here, depth)
        return self._object(here, depth)

    def _ends(self, here: _State, depth: int) -> bool:
        """Tell whether to stop; a pattern that names its whole way is followed however long it is."""
        patterns = ((self._rules.rules[at].pattern, done) for at, done in here.moving)
        return depth >= _DEEPEST and not any(self._leads_on(pattern, done) for pattern, done in patterns)

    def _leads_on(self, pattern: Pattern | None, done: int) -> bool:
        steps = pattern.steps if pattern else ()
        return done < len(steps) and not any(isinstance(step, Descendant) for step in steps)

    def _list(self, rule: Rule, here: _State, depth: int) -> Items:
        item = self.shape(self._rules.patterns.after(here, 0), depth + 1)
        keys = key_fields(rule.strategy.argument) if rule.strategy.name == "keyed" else ()
        if not keys:
            return items(item if isinstance(item, Members) else Leaf(item.values | scalars()))
        inner: Mapping[str, Shape] = item.shapes if isinstance(item, Members) else {"n": ANY}
        told_apart = {name: Leaf(st.sampled_from([0, 1, "x"][: 3 - place])) for place, name in enumerate(keys[:2])}
        told_apart |= {name: Leaf(st.just(0)) for name in keys[2:]}
        return items(members({}, {**inner, **told_apart}), keys)

    def _object(self, here: _State, depth: int) -> Members:
        patterns = self._rules.patterns
        any_name = patterns.after(here, OTHER)
        led = dict.fromkeys(_FILLERS if patterns.first_match(any_name) is not None else (), any_name)
        for name in sorted(patterns.names_at(here)):
            state = patterns.after(here, name)
            if self._says_more(state, any_name):
                led[name] = state
        if patterns.governs(any_name) and depth == 0:
            led.setdefault(_FILLERS[0], any_name)
        return members({}, {name: self.shape(state, depth + 1) for name, state in led.items()}, _RARE)

    def _says_more(self, state: _State, any_name: _State) -> bool:
        """Tell whether a name leads to rules that any other name does not lead to."""
        found = self._rules.patterns.first_match(state)
        if found is None:
            return self._rules.patterns.governs(state) and state != any_name
        return found != self._rules.patterns.first_match(any_name)


def key_fields(argument: Json) -> tuple[str, ...]:
    """Give the key fields that the argument of `keyed` names."""
    match argument:
        case {"fields": fields}:
            return key_fields(fields)
        case list():
            return tuple(map(str, argument))
        case _:
            return (str(argument),)


def fitting(rule: Rule) -> st.SearchStrategy[Json]:
    """Draw values that a rule's strategy works on."""
    wanted = rule.options.expected
    if wanted is not None:
        return _OF_KIND[wanted]
    return _of_strategy(rule.strategy.name, rule.strategy.argument)


def _of_strategy(name: str, argument: Json) -> st.SearchStrategy[Json]:
    match name, argument:
        case "rank", [*order]:
            return st.sampled_from(order)
        case "rank", {"pairs": [*pairs]}:
            return st.sampled_from([value for pair in pairs if isinstance(pair, list) for value in pair])
        case (("min_by" | "max_by"), str()):
            return members({argument: Leaf(numbers())}, {"a": ANY}).values
        case _:
            return _OF_STRATEGY[name] if name in _OF_STRATEGY else _of_kinds(KINDS.get(name, frozenset()))


def _of_kinds(kinds: frozenset[Expected]) -> st.SearchStrategy[Json]:
    return st.one_of(*[_OF_KIND[kind] for kind in sorted(kinds)]) if kinds else _SAMPLES


_FEW_ITEMS: Final[st.SearchStrategy[Json]] = st.sampled_from([0, 1, True, 1.0, "x", None])
_LISTS: Final[st.SearchStrategy[Json]] = st.lists(weighted(_FEW_ITEMS, scalars()), max_size=4)
"""Lists in which shards meet, also in what careless equality takes for the same."""
_LINES: Final[st.SearchStrategy[Json]] = st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=5).map("".join)
_FEW_TEXTS: Final[st.SearchStrategy[Json]] = st.sampled_from(["x", "y", "xy", "yx", ""])
_TEXTS_ALIKE: Final[st.SearchStrategy[Json]] = st.sampled_from(["x", "X", "x "])
"""Texts that differ by what careless code takes away first: upper case, spaces around."""
_TEXTS: Final[st.SearchStrategy[Json]] = _FEW_TEXTS | _TEXTS_ALIKE | st.text(max_size=4)
"""Mostly few texts, so that some are as long as others and shards come to the same."""
_SAMPLES: Final = scalars() | json_values(4)
_OF_KIND: Final[Mapping[Expected, st.SearchStrategy[Json]]] = {
    Expected.OBJECT: st.dictionaries(st.sampled_from(["a", "b", "n"]), scalars(), max_size=3),
    Expected.LIST: _LISTS,
    Expected.TEXT: _TEXTS,
    Expected.INTEGER: st.integers(0, 9) | st.integers(),
    Expected.NUMBER: numbers(),
    Expected.BOOLEAN: st.booleans(),
    Expected.NULL: st.none(),
}
ANY_KIND: Final = (_TEXTS, numbers(), _LISTS, st.booleans())
"""What a function may be written for, nobody knows: values of one kind each."""
_OF_STRATEGY: Final[Mapping[str, st.SearchStrategy[Json]]] = {
    "diff3": _LISTS | _LINES,
    "in_turn": _LISTS,
    "custom": st.one_of(*ANY_KIND) | _SAMPLES,
}
"""Of strategies whose kinds do not say it all."""
