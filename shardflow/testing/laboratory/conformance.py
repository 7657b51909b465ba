"""One call for a rule set, one for a strategy: the laws that are required, those that are declared, and all that might
be declared besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from shardflow.merge.guide.declared_laws import declared_laws, laws_with_exceptions
from shardflow.merge.guide.pages import Page, page_of
from shardflow.merge.rules import Options, Rule, RuleSet, Strategy
from shardflow.merge.strategies.custom import Function, custom
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.documents import did_you_mean
from shardflow.model.patterns import parse_pattern
from shardflow.model.places import value_at
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, is_number
from shardflow.testing.generators import groups
from shardflow.testing.generators.shapes import Leaf, Shape
from shardflow.testing.generators.sources import Like, Source, context_shape
from shardflow.testing.laboratory.answering import failure
from shardflow.testing.laboratory.asking import function_name, law_names, refuse_effort, refuse_strategy
from shardflow.testing.laboratory.places import Met, Place, groups_at, place_of
from shardflow.testing.laboratory.reports import Finding, Report, Standing
from shardflow.testing.laboratory.search import Answer, Effort, Kept, Question, ask_all
from shardflow.testing.laws import DECLARABLE, ENGINE, LAWS, REQUIRED, Engine, Group, Law, LawBroken
from shardflow.testing.laws.declarable import asking, monotone

Height: TypeAlias = Callable[[Any], Any]
"""Where a value stands in the order that `monotone` speaks of; heights are compared by `<`."""


@record
class Declared:
    """The laws that somebody declares, those among them with exceptions that only people can tell, and those that are
    `asked` for by name, which are to hold whatever is declared.
    """

    laws: frozenset[str] = frozenset()
    excepted: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()

    def standing(self, law: str) -> Standing:
        """Say why a law is asked for."""
        if law in REQUIRED:
            return Standing.REQUIRED
        if law in self.laws - self.excepted:
            return Standing.DECLARED
        if law in self.asked:
            return Standing.ASKED
        return Standing.EXCEPTED if law in self.laws else Standing.UNDECLARED


def declared_by(page: Page) -> Declared:
    """Give what a page declares."""
    return Declared(declared_laws(page), laws_with_exceptions(page))


def check_rules(
    rules: RuleSet,
    *,
    declared: Iterable[str] = (),
    like: dict[str, Json] | None = None,
    source: Source = None,
    examples: int = 200,
    seed: int = 0,
) -> Report:
    """Hold a rule set to its laws; raises LawBroken with the smallest example of the first that is broken.

    The laws of every merge are required. `declared` are those the set declares besides: commutative, commutative up to
    order, associative, idempotent; the laws that a `custom` function declares in the section Laws of its docstring are
    asked for too, at the paths of its rules. `Report.suggested` has those that held and are not declared.

    Examples are aimed at the paths of the rules; with `like`, contexts are also like that one, and `source` may be any
    source of contexts instead. The same seed gives the same examples.

    Raises TypeError or ValueError for what could only check nothing, such as the name of a file as `rules`, and for
    laws that could not be checked: there is none of that name, or a function failed in every example.
    """
    __tracebackhide__ = True  # of what pytest shows: the example is what there is to see
    if not isinstance(rules, RuleSet):
        raise TypeError(f"rules must be a RuleSet, as load_rules gives it, not {type(rules).__name__}")
    refuse_effort(examples)
    if source is None:
        source = rules if like is None else [rules, Like(like)]
    return examine_rules(rules, Declared(law_names(declared)), source, Effort(examples, seed)).demand()


def examine_rules(
    rules: RuleSet,
    declared: Declared,
    source: Source,
    effort: Effort,
    *,
    laws: Sequence[str] | None = None,
    engine: Engine = ENGINE,
) -> Report:
    """Ask for the laws of a rule set, or only for some of them by name, and give what was found."""
    if laws is not None:
        declared = replaced(declared, asked=frozenset(laws))
    wanted = declared.laws | declared.asked
    questions = _questions(engine, rules, laws)
    answers = ask_all(questions, groups(source, least=2), effort, small=wanted | set(REQUIRED))
    own = _functions(rules, source)
    silent = dict(_unanswered(own, effort.seed))
    told = [one for one in _of_functions(own, effort, laws) if not (one.is_suggested and one.subject in silent)]
    findings = [*_findings(answers, declared), *told]
    unchecked = list(silent.values())
    if laws is not None:
        return Report(_said_once(findings), effort.seed, tuple(unchecked))
    unchecked += sorted(
        f"{name}: no law of a whole rule set; {did_you_mean(name, LAWS)}" for name in declared.laws - set(LAWS)
    )
    unchecked += (f"{name}, {one.name}: {_NO_LAW}" for one in own for name in one.unknown)
    elsewhere = [f"{_MONOTONE}, {one.name}: {_ELSEWHERE}" for one in own if _MONOTONE in one.declared.laws]
    elsewhere += (f"{', '.join(sorted(laws))}, {name} as a default: {_ELSEWHERE}" for name, laws in _defaults(rules))
    return Report(_said_once(findings), effort.seed, tuple(unchecked), tuple(elsewhere))


def _questions(engine: Engine, rules: RuleSet, laws: Sequence[str] | None) -> dict[str, Question]:
    wanted = {name: law for name, law in LAWS.items() if laws is None or name in laws}
    return {name: partial(_asked, law, engine, rules) for name, law in wanted.items()}


def _asked(law: Law, engine: Engine, rules: RuleSet, group: Group) -> None:
    law(engine, group, rules)


def _questions_at(place: Place, laws: Sequence[str]) -> dict[str, Question]:
    questions = _questions(ENGINE, place.rules, laws)
    return {name: partial(_asked_at, place, question) for name, question in questions.items()}


def _asked_at(place: Place, question: Question, group: Group) -> None:
    """Ask about groups that differ at a place: one made smaller may differ elsewhere, where other rules decide."""
    if place.is_open_in(group):
        question(group)


def _findings(answers: Mapping[str, Answer], declared: Declared) -> Iterator[Finding]:
    return (Finding(name, declared.standing(name), answer) for name, answer in answers.items())


def _said_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out that something is commutative up to order where it is commutative altogether."""
    whole = {
        finding.subject for finding in findings if finding.law == "commutative" and isinstance(finding.answer, Kept)
    }
    return tuple(
        finding
        for finding in findings
        if not (finding.law == "commutative up to order" and finding.is_suggested and finding.subject in whole)
    )


def check_strategy(
    strategy: str | Function | Strategy,
    *,
    argument: Json = None,
    declared: Iterable[str] | None = None,
    values: st.SearchStrategy[Any] | None = None,
    height: Height | None = None,
    examples: int = 200,
    seed: int = 0,
) -> Report:
    """Hold a strategy to its laws; raises LawBroken with the smallest example of the first that is broken.

    `strategy` is a function as `custom` rules name it, a strategy's name (with its `argument`), or a `Strategy`. The
    laws of every merge are required. Declared are the laws its page or docstring has in the section Laws, unless
    `declared` says otherwise; one with an exception, `(but ...)`, is asked for and told, and breaks nothing. `values`
    draws all that may stand at its path; by default, what the strategy works on, and odd values. `monotone` needs an
    order: that of numbers and booleans, or `height`, which gives where a value stands in it.

    Raises TypeError or ValueError for what could only check nothing, such as an unknown name of a strategy or law, or a
    function that fails in every example: all that it leaves are conflicts.
    """
    __tracebackhide__ = True
    refuse_strategy(strategy)
    refuse_effort(examples)
    bound = strategy if isinstance(strategy, Strategy) else _bound(strategy, argument)
    known = _declared_by(strategy) if declared is None else Declared(law_names(declared))
    if bound.name == CUSTOM and (why := failure(_alone(bound, values), seed)) is not None:
        raise ValueError(f"{why}; correct it, or draw by `values` what it is meant for")
    return examine_strategy(bound, known, Effort(examples, seed), values=values, height=height).demand()


def _bound(strategy: str | Function, argument: Json) -> Strategy:
    if isinstance(strategy, str):
        entry = STRATEGIES[strategy]
        return Strategy(strategy, argument, entry.bind(argument), entry.structural)
    name = function_name(strategy)
    return Strategy(CUSTOM, name, partial(custom, function=strategy, name=name), structural=False)


def _declared_by(strategy: str | Function | Strategy) -> Declared:
    if isinstance(strategy, Strategy):
        return Declared()
    return declared_by(page_of(STRATEGIES[strategy].page if isinstance(strategy, str) else strategy))


def examine_strategy(
    strategy: Strategy,
    declared: Declared,
    effort: Effort,
    *,
    values: st.SearchStrategy[Any] | None = None,
    height: Height | None = None,
    engine: Engine = ENGINE,
) -> Report:
    """Ask for the laws of a strategy, alone at one path, and give what was found."""
    place = _alone(strategy, values)
    questions = _questions(engine, place.rules, None)
    if height is not None or _MONOTONE in declared.laws:
        questions[_MONOTONE] = partial(_monotone, place, height or _natural_height)
    drawn = groups_at(place)
    if values is not None:
        met = Met(place, set())
        drawn = drawn.map(met.note)
        questions = {name: partial(met.ask, question) for name, question in questions.items()}
    answers = ask_all(questions, drawn, effort, small=declared.laws | set(REQUIRED))
    unchecked = sorted(f"{name}: no such law" for name in declared.laws - set(questions))
    return Report(_said_once([*_findings(answers, declared)]), effort.seed, tuple(unchecked))


def _alone(strategy: Strategy, values: st.SearchStrategy[Any] | None) -> Place:
    """Give the place of a strategy alone at one path."""
    rule = Rule(parse_pattern("$.n"), strategy, Options(), "")
    place = place_of(rule, RuleSet([rule]))
    return place if values is None else replaced(place, shapes=(Leaf(values),), meant=True)


_MONOTONE: Final = "monotone"


def _monotone(place: Place, height: Height, group: Group) -> None:
    """Hold that raising any shard's value to another shard's never lowers the outcome."""
    base, *left = (value_at(document, place.path) for document in (group.base, *group.documents))
    if any(value is ABSENT or height(value) is None for value in (base, *left)):
        return
    said = list(zip(group.shards, left, strict=True))
    for higher in left:
        contrast = monotone(asking(place.rules, str(place.path[-1])), base, said, higher, height)
        if contrast is not None:
            raise LawBroken(_MONOTONE, contrast, "", place.rules.rules[0].ref)


def _natural_height(value: Any) -> Any:
    """Order booleans and numbers; whatever is neither stands nowhere."""
    return value if is_number(value) or isinstance(value, bool) else None


@record
class _OwnFunction:
    """A function of a `custom` rule: what it is called and told by, what it declares, and where its rule decides."""

    name: str
    rule: Rule
    declared: Declared
    place: Place

    @property
    def subject(self) -> str:
        """Whose laws these are."""
        return f"{self.name} at {self.rule.pattern}"

    @property
    def unknown(self) -> list[str]:
        """What it declares that is no law."""
        return sorted(self.declared.laws - {*DECLARABLE, _MONOTONE})


_ELSEWHERE: Final = "check_strategy of shardflow.testing asks for it"


def _functions(rules: RuleSet, source: Source) -> list[_OwnFunction]:
    """Give each function by its first rule; `source` is what contexts are drawn from: what it says beside the rules
    tells what a function is meant for.
    """
    others = [one for one in (source if isinstance(source, list) else [source]) if one is not rules]
    contexts = context_shape(others) if others else None
    customs = {str(rule.strategy.argument): rule for rule in reversed(rules.rules) if rule.strategy.name == CUSTOM}
    return [_own_function(rule, rules, contexts) for rule in reversed(customs.values())]


def _defaults(rules: RuleSet) -> Iterator[tuple[str, frozenset[str]]]:
    """Give each function that is a default, which decides at no path of its own, with the laws it declares."""
    for rule in rules.defaults.every:
        if rule.strategy.name == CUSTOM:
            one = _own_function(rule, rules, None)
            if one.declared.laws:
                yield one.name, one.declared.laws


def _own_function(rule: Rule, rules: RuleSet, contexts: Shape | None) -> _OwnFunction:
    bound = rule.strategy.settle.keywords  # type: ignore[attr-defined]  # custom rules are partials
    return _OwnFunction(bound["name"], rule, declared_by(page_of(bound["function"])), place_of(rule, rules, contexts))


def _of_functions(functions: Iterable[_OwnFunction], effort: Effort, laws: Sequence[str] | None) -> Iterator[Finding]:
    """Ask for what functions declare, each where a rule of its own decides."""
    wanted = [name for name in DECLARABLE if laws is None or name in laws]
    for one in functions:
        questions = _questions_at(one.place, wanted)
        answers = ask_all(questions, groups_at(one.place), effort, small=one.declared.laws)
        for finding in _findings(answers, one.declared):
            yield replaced(finding, subject=one.subject, place=one.place)


_NO_LAW: Final = f"no law is called so; with commas between them, known are {', '.join((*DECLARABLE, _MONOTONE))}"
_MEANT: Final = "say what it is meant for, by `type:` in its rule or by an example (`like`)"


def _unanswered(functions: Iterable[_OwnFunction], seed: int) -> Iterator[tuple[str, str]]:
    """Tell which functions kept their laws only because they never answered, by whose laws these are."""
    for one in functions:
        if (why := failure(one.place, seed)) is not None:
            yield one.subject, f"laws of {one.subject}: {why}; {_MEANT}"
