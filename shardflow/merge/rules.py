"""Rules: a path pattern with a strategy, in an ordered list; the first that matches a path decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from shardflow.merge.site import Settle, Site
from shardflow.merge.strategies.structure import deep, go_deep
from shardflow.model.decisions import RuleRef
from shardflow.model.paths import ORDER, Path, Segment
from shardflow.model.patterns import Pattern, PatternSet, Reached
from shardflow.model.records import fields_of, record
from shardflow.model.values import ABSENT, Json


class OnDelete(StrEnum):
    """What to do where some shards removed a value and others changed it."""

    CONFLICT = "conflict"
    DELETE = "delete"
    KEEP = "keep"


class OnSame(StrEnum):
    """What to do where several shards made the same change (strategies that count or collect see them anyway)."""

    ACCEPT = "accept"
    CONFLICT = "conflict"


class AddAdd(StrEnum):
    """What to do where several shards added different objects at one new place."""

    DEEP = "deep"
    CONFLICT = "conflict"


class Expected(StrEnum):
    """The kind of value a rule expects shards to leave."""

    OBJECT = "object"
    LIST = "list"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"


@record
class Options:
    """The options every rule has, in the order of `OPTIONS`. None leaves the question to the strategy."""

    on_delete: OnDelete | None = None
    same_change: OnSame = OnSame.ACCEPT
    add_add: AddAdd = AddAdd.DEEP
    expected: Expected | None = None


OPTIONS: Final[Mapping[str, type[StrEnum]]] = {
    "on_delete": OnDelete,
    "same_change": OnSame,
    "add_add": AddAdd,
    "type": Expected,
}
"""What rule files call the options, and what each may say."""

OPTION_DEFAULTS: Final[Mapping[str, StrEnum | None]] = dict(zip(OPTIONS, fields_of(Options()).values(), strict=True))


@record
class Strategy:
    """A named way to settle one path. `argument` is what the rule gave it, as JSON; `structural` strategies go into
    the value instead of settling it whole.
    """

    name: str
    argument: Json
    settle: Settle
    structural: bool


@record
class Rule:
    """A path pattern with a strategy and options; `origin` tells where it was written, such as `rules.yaml:14`."""

    pattern: Pattern | None
    strategy: Strategy
    options: Options
    origin: str

    @property
    def ref(self) -> RuleRef:
        """Give the rule as the ledger names it."""
        return RuleRef(str(self.pattern) if self.pattern else "", self.strategy.name, self.origin)


DEFAULT: Final = Rule(None, Strategy("default", None, go_deep, structural=True), Options(), "")
"""No rule: objects go deep, a list that every shard only appended to is appended in rank order, a lone or
unanimous change is taken, anything else is a conflict."""


@record
class Defaults:
    """Who decides where no rule matches, by the kind of value that stands there."""

    objects: Rule = DEFAULT
    lists: Rule = DEFAULT
    scalars: Rule = DEFAULT

    @property
    def every(self) -> tuple[Rule, Rule, Rule]:
        """All three."""
        return self.objects, self.lists, self.scalars

    def of(self, site: Site) -> Rule:
        """Give the default of a site: by its base value, or by what all shards put where nothing stood."""
        standing = [site.base] if site.base is not ABSENT else list(site.values())
        if all(isinstance(value, dict) for value in standing):
            return self.objects
        if all(isinstance(value, list) for value in standing):
            return self.lists
        return self.scalars


STANDARD: Final = Defaults()


class Node:
    """One place of a document as the rules see it: who decides here, and the places below.

    A state of the deterministic automaton of all patterns, built as far as documents need it. `free` tells that no rule
    speaks here or anywhere below; `goes_deep`, that an object which stays one in all shards is settled by its members.
    """

    __slots__ = ("_below", "_positions", "_rules", "free", "goes_deep", "governed", "match")

    def __init__(self, rules: RuleSet, positions: Reached) -> None:
        self._rules = rules
        self._positions = positions
        self._below: dict[Segment | None, Node] = {}
        found = rules.patterns.first_match(positions)
        self.match = None if found is None else rules.rules[found]
        self.governed = rules.patterns.governs(positions) or rules.defaults != STANDARD
        self.free = self.match is None and not self.governed
        decides = self.match or rules.defaults.objects
        self.goes_deep = decides.strategy.settle in (deep, go_deep) and decides.options.expected is None

    def rule(self, site: Site) -> Rule:
        """Give the rule that decides a site at this place: the first that matches, or the default."""
        return self.match or self._rules.defaults.of(site)

    @property
    def names(self) -> frozenset[str]:
        """The members that are another place here than any other member."""
        return self._rules.patterns.names_at(self._positions)

    def below(self, segment: Segment) -> Node:
        """Go one segment down. Worked out once a kind of place, not once a path."""
        if self.free:
            return self
        known = isinstance(segment, str) and segment in self._rules.patterns.names
        letter = segment if known or segment is ORDER else None
        node = self._below.get(letter)
        if node is None:
            node = self._rules.node(self._rules.patterns.after(self._positions, segment))
            self._below[letter] = node
        return node


class RuleSet:
    """An ordered list of rules and the defaults behind it, ready to be matched."""

    def __init__(self, rules: Iterable[Rule] = (), defaults: Defaults = STANDARD) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.defaults = defaults
        self.patterns = PatternSet([rule.pattern for rule in self.rules if rule.pattern is not None])
        self._nodes: dict[Reached, Node] = {}
        self.root = self.node(self.patterns.start)

    def node(self, positions: Reached) -> Node:
        """Give the node of these positions; equal positions share one."""
        if positions not in self._nodes:
            self._nodes[positions] = Node(self, positions)
        return self._nodes[positions]

    @property
    def every(self) -> tuple[Rule, ...]:
        """The rules in order, then the defaults."""
        return (*self.rules, *self.defaults.every)

    def first_match(self, path: Path) -> Rule | None:
        """Give the rule that matches a path first; None where the defaults decide."""
        node = self.root
        for segment in path:
            node = node.below(segment)
        return node.match


NO_RULES: Final = RuleSet()


def rules_json(rules: RuleSet) -> Json:
    """Give a rule set as a rule file's value that reads back to the same rules, origins included."""
    written: dict[str, Json] = {"rules": [rule_json(rule) for rule in rules.rules]}
    own = defaults_json(rules.defaults)
    return {**written, "default": own} if own else written


def defaults_json(defaults: Defaults) -> dict[str, Json]:
    """Give the defaults that are not the engine's own."""
    return {name: rule_json(rule) for name, rule in fields_of(defaults).items() if rule is not DEFAULT}


def rule_json(rule: Rule) -> dict[str, Json]:
    """Give one rule as a rule file writes it, its origin included."""
    path: dict[str, Json] = {} if rule.pattern is None else {"path": str(rule.pattern)}
    strategy: dict[str, Json] = {"strategy": strategy_json(rule.strategy)}
    return {**path, **strategy, **options_json(rule.options), "origin": rule.origin}


def strategy_json(strategy: Strategy) -> Json:
    """Give a strategy as a rule file writes it: its name, or its name with its argument."""
    return strategy.name if strategy.argument is None else {strategy.name: strategy.argument}


def options_json(options: Options) -> Mapping[str, Json]:
    """Give the options as a rule file writes them, those left out that every rule has anyway."""
    chosen = zip(OPTIONS, fields_of(options).values(), strict=True)
    return {name: value.value for name, value in chosen if value is not OPTION_DEFAULTS[name]}
