"""How soon the laws catch a mutant: the first example that breaks one, for several seeds."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from statistics import median
from typing import Any

from hypothesis import strategies as st

from shardflow.merge.guide.declared_laws import declared_laws, laws_with_exceptions
from shardflow.merge.guide.pages import page_of
from shardflow.merge.rules import Options, Rule, RuleSet
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.model.patterns import parse_pattern
from shardflow.testing.generators import groups, rule_sets
from shardflow.testing.laboratory.places import groups_at, place_of
from shardflow.testing.laboratory.search import Effort, look_at
from shardflow.testing.laws import ENGINE, LAWS, REQUIRED, LawBroken
from tests.merge.small import rule_set
from tests.testing.mutants import engines, options, strategies

SEEDS = (1, 2, 3)
MOST = 1000
"""Examples after which a mutant counts as not caught."""
OPTED = rule_set({"path": "$.n", "strategy": "last", "on_delete": "keep", "same_change": "conflict", "type": "integer"})


class _Caught(BaseException):
    """Ends a search at once; Hypothesis takes it for no failure of a test."""


def first_breach(questions, drawn, seed):
    """Give how many examples it took until one broke a law, and which law; None for none."""
    looked = 0
    found = None

    def look(example):
        nonlocal looked, found
        looked += 1
        for name, question in questions(example).items():
            try:
                question()
            except LawBroken as broken:
                found = looked, name
                raise _Caught from broken

    with suppress(_Caught):
        look_at(drawn, look, Effort(MOST, seed))
    return found


def hunt_strategy(strategy, seed):
    """Hunt a wrong strategy, with all laws that are required and those that the page of the right one declares."""
    rule = Rule(parse_pattern("$.n"), strategy, Options(), "rules.yaml:1")
    place = place_of(rule, RuleSet([rule]))
    page = page_of(STRATEGIES[strategy.name].page)
    wanted = {*REQUIRED, *(declared_laws(page) - laws_with_exceptions(page))} & set(LAWS)

    def questions(group):
        return {name: lambda law=law: law(ENGINE, group, place.rules) for name, law in LAWS.items() if name in wanted}

    return first_breach(questions, groups_at(place), seed)


def hunt_engine(engine, seed):
    """Hunt a wrong engine, with the laws that every rule set keeps, over random rule sets."""
    return _hunt_over(st.tuples(groups(least=1), rule_sets()), engine, seed)


def hunt_options(engine, seed):
    """Hunt an engine that minds options wrongly, with the laws that every rule set keeps, at a rule that has some."""
    [rule] = OPTED.rules
    place = place_of(rule, OPTED)
    return _hunt_over(st.tuples(groups_at(place), st.just(place.rules)), engine, seed)


def _hunt_over(drawn, engine, seed):
    def questions(example):
        group, rules = example
        return {name: lambda law=law: law(engine, group, rules) for name, law in REQUIRED.items()}

    return first_breach(questions, drawn, seed)


def table():
    """Hunt every mutant with every seed, and give rows `(kind, mutant, examples or None of each seed, laws)`."""
    hunted: list[tuple[str, str, Any, Any]] = []
    hunted += [("strategy", name, hunt_strategy, one) for name, one in strategies.MUTANTS.items()]
    hunted += [("engine", name, hunt_engine, one) for name, one in engines.MUTANTS.items()]
    hunted += [("options", name, hunt_options, one) for name, one in options.MUTANTS.items()]
    for kind, name, hunt, one in hunted:
        found = [hunt(one, seed) for seed in SEEDS]
        laws = Counter(law for caught in found if caught is not None for _, law in [caught])
        yield kind, name, [None if caught is None else caught[0] for caught in found], laws


def middle(examples):
    """Give the median, those not caught counting as infinitely many."""
    value = median(float("inf") if number is None else number for number in examples)
    return "never" if value == float("inf") else f"{value:g}"
