"""A rule file becomes a rule set, or all its problems at once.

extends: [default]                      # their rules come behind this file's own
rules:
  - path: $.subagents_spawned           # see model/patterns.py
    strategy: sum                       # a name, or {name: argument}
  - path: $.findings
    strategy: {keyed: [file, line]}
    on_delete: keep                     # conflict | delete | keep
    same_change: conflict               # accept | conflict
    add_add: deep                       # deep | conflict
    type: list                          # object | list | text | integer | number | boolean | 'null'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from shardflow.errors import InvalidInput, InvalidRules
from shardflow.merge.idle_rules import idle_rules
from shardflow.merge.rules import OPTION_DEFAULTS, OPTIONS, Defaults, Options, Rule, RuleSet, Strategy
from shardflow.merge.strategies.custom import Library, custom, no_functions, read_target
from shardflow.merge.strategies.registry import ARBITER, CUSTOM, ELSEWHERE, STRATEGIES, BadArgument
from shardflow.model.documents import NO_NAMES, Document, Problem, did_you_mean
from shardflow.model.fields import Fields, Place, quoted
from shardflow.model.paths import ROOT
from shardflow.model.patterns import Pattern, read_pattern
from shardflow.model.records import record, replaced
from shardflow.model.values import Json

Resolve: TypeAlias = Callable[[str, str], Document]
"""Find the rule file of a name or path, as the file given second refers to it.

Raises LookupError, whose text says what is known, or InvalidInput for a file that cannot be read.
"""

ReadArbiter: TypeAlias = Callable[[Place], object]
"""Read whom an `arbiter` rule names, for those who know programs; what is wrong with it is told to the place."""

_MOST_LEVELS: Final = 100
"""How long a way from file to file `extends` may lead."""

_NEVER: Final = "this rule can never decide anything"
_WANTED: Final = "the name of a strategy, or {name: argument}"

_KINDS_ELSEWHERE: Final[Mapping[str, str]] = {
    "array": "list",
    "bool": "boolean",
    "decimal": "number",
    "dict": "object",
    "float": "number",
    "int": "integer",
    "map": "object",
    "str": "text",
    "string": "text",
}
"""What others call the kinds of value, for those who come from there."""


@record
class _File:
    """What one file says itself: its rules, its defaults by kind, the places of what it extends."""

    rules: list[Rule]
    defaults: dict[str, Rule]
    extended: list[Place]


def _anybody(place: Place) -> None:
    """Leave whom an `arbiter` rule names unread: only who asks them must know them."""


@record
class _Surroundings:
    """What is around the files: where those they extend and the functions they name come from, whom they may ask;
    `known` are the files that were come to, each of which is read once.
    """

    resolve: Resolve
    library: Library
    arbiters: ReadArbiter
    known: set[str]


def read_rules(
    document: Document, resolve: Resolve, library: Library = no_functions, arbiters: ReadArbiter = _anybody
) -> RuleSet:
    """Read a rule file and all it extends. Raises InvalidRules with every problem of every file.

    `library` finds the functions of `custom` rules, `arbiters` reads whom `arbiter` rules name.
    """
    problems: list[Problem] = []
    files = _layers(document, _Surroundings(resolve, library, arbiters, set()), (_known_as(document),), problems)
    if problems:
        raise InvalidRules(dict.fromkeys(problems))
    defaults: dict[str, Rule] = {}
    for file in reversed(files):
        defaults.update(file.defaults)
    return RuleSet((rule for file in files for rule in file.rules), Defaults(**defaults))


def _layers(document: Document, around: _Surroundings, trail: tuple[str, ...], problems: list[Problem]) -> list[_File]:
    """Give a file, then those it extends, in order. `trail` is how it was come to."""
    if isinstance(document.value, dict) and "phases" in document.value:
        hint = "`shardflow validate` checks those"
        problems.append(document.problem(ROOT, "this is a workflow, not a rule file", hint))
        return []
    own: list[Problem] = []
    file = _file(Place(document, ROOT, document.value, own), around)
    problems.extend(document.with_slips(own))
    behind = [_extended(place, around, trail, problems) for place in file.extended]
    return [file, *(layer for layers in behind for layer in layers)]


def _extended(place: Place, around: _Surroundings, trail: tuple[str, ...], problems: list[Problem]) -> list[_File]:
    document, name = place.document, str(place.value)
    try:
        found = around.resolve(name, document.source)
    except LookupError as error:
        problems.append(document.problem(place.path, f"no rule set {quoted(name)}", str(error.args[0])))
        return []
    except InvalidInput as error:
        problems.extend(error.problems)
        return []
    known = _known_as(found)
    if known in trail:
        circle = " -> ".join((*trail[trail.index(known) :], known))
        problems.append(document.problem(place.path, f"rule sets extend each other in a circle: {circle}"))
        return []
    if len(trail) > _MOST_LEVELS:
        message = f"rule sets extend each other over more than {_MOST_LEVELS} levels"
        problems.append(document.problem(place.path, message, "extend more of them in one file"))
        return []
    if known in around.known:  # extended twice, it speaks where it is come to first
        return []
    around.known.add(known)
    return _layers(found, around, (*trail, known), problems)


def _file(place: Place, around: _Surroundings) -> _File:
    with place.fields() as fields:
        fields.optional("description", Place.text, "")
        extended = _names(fields.place("extends")) if "extends" in fields else []
        rules = fields.place("rules").items() if "rules" in fields else ()
        read = [(rule, place) for place in rules if (rule := _rule(place)) is not None]
        _refuse_idle([(rule, place) for rule, place in read if not _checked_before(place)])
        defaults = _defaults(fields.place("default")) if "default" in fields else {}
        named = {name: _linked(rule, place, around) for name, (rule, place) in defaults.items()}
        return _File([_linked(rule, place, around) for rule, place in read], named, extended)


def _linked(rule: Rule, place: Place, around: _Surroundings) -> Rule:
    """Put the function into a `custom` rule; read whom an `arbiter` rule names."""
    if rule.strategy.name == CUSTOM:
        return _with_function(rule, place, around.library)
    if rule.strategy.name == ARBITER:
        around.arbiters(_argument(rule.strategy, place))
    return rule


def _argument(strategy: Strategy, place: Place) -> Place:
    """Give the place of a strategy's argument; of a strategy without one, where it is named."""
    here = place.value
    named = place.inner("strategy", here["strategy"]) if isinstance(here, dict) and "strategy" in here else place
    path = (*named.path, strategy.name) if isinstance(named.value, dict) else named.path
    return Place(place.document, path, strategy.argument, place.problems)


def _with_function(rule: Rule, place: Place, library: Library) -> Rule:
    wanted = read_target(rule.strategy.argument)
    try:
        function, kept = library(wanted, place.document.source)
    except LookupError as error:
        place.refuse(f"no function {quoted(wanted.function)} for 'custom'", str(error.args[0]))
        return rule
    settle = partial(custom, function=function, name=wanted.function)
    return replaced(rule, strategy=Strategy(CUSTOM, kept.argument, settle, structural=False))


def _names(place: Place) -> list[Place]:
    places = [place] if isinstance(place.value, str) else list(place.items())
    return [name for name in places if name.text() == name.value]


def _defaults(place: Place) -> dict[str, tuple[Rule, Place]]:
    with place.fields() as fields:
        places = {name: fields.place(name) for name in ("objects", "lists", "scalars") if name in fields}
        read = {name: (_default(place), place) for name, place in places.items()}
        return {name: (rule, place) for name, (rule, place) in read.items() if rule is not None}


def _default(place: Place) -> Rule | None:
    """Read `strategy`, or an object of a strategy and options."""
    if not isinstance(place.value, dict) or "strategy" not in place.value:
        strategy = _strategy(place)
        return None if strategy is None else Rule(None, strategy, Options(), _origin(place))
    with place.fields() as fields:
        return _decided(fields, None)


def _rule(place: Place) -> Rule | None:
    with place.fields() as fields:
        pattern = fields.required("path", read_pattern)
        rule = _decided(fields, pattern)
        return rule if pattern is not None else None


def _decided(fields: Fields, pattern: Pattern | None) -> Rule | None:
    """Read the strategy and options of a rule."""
    strategy = fields.required("strategy", _strategy)
    options = Options(*[_option(fields, name) for name in OPTIONS])
    origin = fields.optional("origin", Place.text, _origin(fields.place("strategy")))
    return None if strategy is None else Rule(pattern, strategy, options, origin)


def _known_as(document: Document) -> str:
    """Name a file as it is called from everywhere; a path may be spelt in many ways."""
    return document.name or document.source


def _origin(place: Place) -> str:
    document = place.document
    file, line = _known_as(document), document.line(place.path)
    return file if line is None else f"{file}:{line}"


def _option(fields: Fields, name: str) -> Any:
    known = {option.value: option for option in OPTIONS[name]}
    elsewhere = _KINDS_ELSEWHERE if name == "type" else NO_NAMES
    return fields.optional(name, lambda place: place.choice(name, known, elsewhere), OPTION_DEFAULTS[name])


def _strategy(place: Place) -> Strategy | None:
    """Read `name` or `{name: argument}`."""
    named = _named(place)
    if named is None:
        return None
    name, argument = named
    entry = STRATEGIES.get(name)
    if entry is None:
        place.refuse(f"unknown strategy {quoted(name)}", did_you_mean(name, STRATEGIES, ELSEWHERE))
        return None
    try:
        return Strategy(name, argument, entry.bind(argument), entry.structural)
    except BadArgument as error:
        place.refuse(f"strategy {quoted(name)} {error}")
        return None


def _named(place: Place) -> tuple[str, Json] | None:
    match place.value:
        case str() as name:
            return name, None
        case dict() as single if len(single) == 1:
            return next(iter(single.items()))
        case dict() as several if several:
            place.expect(_WANTED, f"name one of them: {' or '.join(several)}")
        case _:
            place.expect(_WANTED)
    return None


def _refuse_idle(written: Sequence[tuple[Rule, Place]]) -> None:
    for number, blocker in idle_rules([rule for rule, _ in written]):
        written[number][1].refuse(_NEVER, blocker)


def _checked_before(place: Place) -> bool:
    """A rule with an origin was checked there; a run directory holds several files' rules in one list."""
    return isinstance(place.value, dict) and "origin" in place.value
