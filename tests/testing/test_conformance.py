"""`check_rules` and `check_strategy`: what is required always, what is declared, what could be."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import strategies as st

import shardflow.testing
from shardflow.execution.inspection.rule_books import rule_book
from shardflow.execution.rules.sources import load_named_rules, shipped_rule_sets
from shardflow.merge.rules import Options, Rule, RuleSet, Strategy
from shardflow.merge.strategies.custom import custom
from shardflow.model.patterns import parse_pattern
from shardflow.testing import ENGINE, LAWS, Group, LawBroken, check_rules, check_strategy
from shardflow.testing.laboratory.conformance import Declared, declared_by, examine_rules
from shardflow.testing.laboratory.reports import Standing
from shardflow.testing.laboratory.search import Broken, Effort
from shardflow.testing.laws import REQUIRED
from tests.merge.small import rule_set


def longest(base, candidates):
    """Take the longest text, the first in the alphabet of several.

    Laws
        commutative, associative, idempotent
    """
    return min((c.value for c in candidates if isinstance(c.value, str)), key=lambda t: (-len(t), t), default=base)


def first_longest(base, candidates):
    """Take the longest text, the first by rank of several.

    Laws
        commutative
    """
    return max((c.value for c in candidates if isinstance(c.value, str)), key=len, default=base)


def excused(base, candidates):
    """Take the longest text.

    Laws
        commutative (but for texts of one length)
    """
    return first_longest(base, candidates)


def test_a_function_that_keeps_what_it_declares_passes():
    report = check_strategy(longest, examples=100)
    assert {finding.law for finding in report.findings if finding.standing is Standing.REQUIRED} == set(REQUIRED)
    assert not report.broken


def test_a_function_that_breaks_what_it_declares_is_told_with_the_smallest_example():
    with pytest.raises(LawBroken) as caught:
        check_strategy(first_longest, examples=100, values=st.text("ab", max_size=3))
    assert caught.value.law == "commutative"
    lines = str(caught.value).splitlines()
    assert lines[0] == "commutative is broken"
    assert len(lines) == 7, lines  # base, two shards, two outcomes, the rule


def widest(base, candidates):
    """Take the widest interval; fails where all removed it.

    Laws
        associative
    """
    left = [one.value for one in candidates if isinstance(one.value, list)]
    return [min(low for low, _ in left), max(high for _, high in left)]


def test_the_smallest_example_holds_no_value_that_a_function_is_not_meant_for():
    intervals = st.lists(st.integers(0, 9), min_size=2, max_size=2).map(sorted)
    with pytest.raises(LawBroken, match="associative is broken") as caught:
        check_strategy(widest, values=intervals)
    documents = re.findall(r"^  (?:base|s\d): (.*)$", str(caught.value), re.MULTILINE)
    assert [text for text in documents if not re.fullmatch(r'\{\}|\{ "n": \[ \d, \d \] \}', text)] == []


def test_a_law_with_an_exception_is_told_and_breaks_nothing():
    report = check_strategy(excused, examples=100, values=st.text("ab", max_size=3))
    [finding] = [finding for finding in report.findings if finding.law == "commutative"]
    assert finding.standing is Standing.EXCEPTED
    assert isinstance(finding.answer, Broken)
    assert not report.broken


def test_a_law_that_holds_and_is_not_declared_is_suggested():
    assert "commutative" in check_strategy("sum", declared=[], examples=100, values=st.integers()).suggested


def test_a_strategy_that_is_not_monotone_is_caught_where_there_is_an_order():
    check_strategy("max", declared=["monotone"], values=st.integers(0, 9), examples=100)
    with pytest.raises(LawBroken, match="monotone is broken"):
        check_strategy("min", declared=["monotone"], values=st.integers(0, 9), height=lambda n: -n % 7, examples=200)


def test_a_name_that_is_no_law_is_refused_as_not_checked():
    with pytest.raises(ValueError, match="not checked: convex: no such law"):
        check_strategy("sum", declared=["convex"], examples=10)


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda: check_strategy("unoin"), "unknown strategy 'unoin'; "),
        (lambda: check_strategy("custom", argument="ours:longest"), "give the function itself"),
        (lambda: check_strategy(None), "not NoneType"),  # type: ignore[arg-type]
        (lambda: check_strategy("sum", declared="commutative"), r"such as \['commutative'\]"),
        (lambda: check_strategy(int.__add__), "returned what cannot stand here: .*, and failed in every example; "),  # type: ignore[arg-type]
        (lambda: check_strategy("sum", examples=0), "examples must be 1 or more, not 0"),
        (lambda: check_rules("rules.yaml"), "a RuleSet, as load_rules gives it, not str"),  # type: ignore[arg-type]
        (lambda: check_rules(rule_set(), declared="idempotent"), r"such as \['idempotent'\]"),
        (lambda: check_rules(rule_set(), examples=-1), "examples must be 1 or more, not -1"),
        (lambda: check_rules(rule_set(), like=[1]), "a context is an object, and Like has a list"),  # type: ignore[arg-type]
        (lambda: check_rules(rule_set(), source="context.json"), r"a source of contexts is Like\(...\), .*, not str"),
        (lambda: check_rules(rule_set(), source={"n": 1}), r"a source of contexts is Like\(...\), .*, not dict"),  # type: ignore[arg-type]
    ],
)
def test_what_could_only_check_nothing_is_refused(ask, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        ask()


def test_a_function_that_no_rule_could_name_is_checked_like_any_other():
    assert not check_strategy(lambda base, candidates: longest(base, candidates), examples=20).broken
    assert not check_strategy(partial(longest), examples=20).broken


def monotonous(base, candidates):
    """Take the first.

    Laws
        monotone, comutative
    """
    return candidates[0].value


def ruled_by(function):
    strategy = Strategy("custom", "ours:f", partial(custom, function=function, name="ours:f"), structural=False)
    return RuleSet([Rule(parse_pattern("$.n"), strategy, Options(), "")])


def test_a_law_that_a_function_of_a_rule_set_declares_and_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not checked: comutative, ours:f: no law is called so; with commas between"):
        check_rules(ruled_by(monotonous), examples=5)


def orderly(base, candidates):
    """Take the first.

    Laws
        monotone
    """
    return candidates[0].value


def test_a_law_that_only_others_ask_for_is_told():
    report = check_rules(ruled_by(orderly), examples=5)
    assert report.unchecked == ()
    assert report.elsewhere == ("monotone, ours:f: check_strategy of shardflow.testing asks for it",)


def fails(base, candidates):
    return candidates[0].value["nowhere"]


def test_a_function_that_never_answers_is_refused_since_conflicts_keep_every_law():
    report = examine_rules(ruled_by(fails), Declared(), None, Effort(20))
    assert not [name for name in report.suggested if "ours:f" in name]  # nor is any suggested
    said = r"not checked: laws of ours:f at \$\.n: the function ours:f raised .*, and failed in every example"
    with pytest.raises(ValueError, match=said):
        check_rules(ruled_by(fails), examples=5)


def picky(base, candidates):
    return candidates[0].value["deeply"]["nested"] + 1


def test_a_function_is_asked_with_values_like_those_of_the_context_that_is_given():
    with pytest.raises(ValueError, match="failed in every example"):
        check_rules(ruled_by(picky), examples=5)
    assert check_rules(ruled_by(picky), like={"n": {"deeply": {"nested": 3}}}, examples=5).unchecked == ()


def test_who_asks_for_one_law_is_not_told_what_else_was_not_checked():
    report = examine_rules(rule_set(), Declared(frozenset({"convex"})), rule_set(), Effort(5), laws=["replay"])
    assert report.unchecked == ()
    assert examine_rules(rule_set(), Declared(frozenset({"convex"})), None, Effort(2)).unchecked


def test_a_rule_set_keeps_the_required_laws_and_is_held_to_what_it_declares():
    rules = rule_set({"path": "$.hits", "strategy": "sum"}, {"path": "$.tags", "strategy": "set"})
    assert not check_rules(rules, examples=60).broken
    with pytest.raises(LawBroken, match="idempotent is broken"):
        check_rules(rules, declared=["idempotent"], examples=60)


def test_the_same_seed_gives_the_same_answers_and_another_may_not():
    rules = rule_set({"path": "$.title", "strategy": "last"})

    def found(seed):
        report = examine_rules(rules, Declared(), rules, Effort(40, seed))
        return [(finding.law, type(finding.answer), finding.answer.examples) for finding in report.findings]

    assert found(3) == found(3)


@pytest.mark.parametrize("name", shipped_rule_sets())
def test_the_rule_sets_that_ship_keep_what_they_declare(name):
    book = rule_book(name)
    assert examine_rules(book.rules, declared_by(book.page), book.rules, Effort(60, 2)).broken == ()


@pytest.mark.parametrize("order", ["base", "key", "first"])
def test_a_key_field_that_rules_leave_in_conflict_is_no_invention(order):
    scalars = {"strategy": "conflict", "same_change": "conflict"}
    rules = rule_set(
        {"path": "$.l", "strategy": {"keyed": {"fields": "id", "order": order}}}, default={"scalars": scalars}
    )
    group = Group({}, ({"l": [{"id": 1}]}, {"l": [{"id": 0}, {"id": 1}]}))
    LAWS["no invention"](ENGINE, group, rules)


def test_one_law_can_be_asked_for_alone():
    report = examine_rules(load_named_rules("findings").rules, Declared(), None, Effort(20), laws=["grouping"])
    assert [finding.law for finding in report.findings] == ["grouping"]


def test_a_function_that_changes_its_mind_breaks_a_law():
    turn = iter(range(10**9))

    def fickle(base, candidates):
        return candidates[next(turn) % len(candidates)].value

    with pytest.raises(LawBroken):
        check_strategy(fickle, examples=60)


def test_a_dozen_names_are_public():
    assert len(shardflow.testing.__all__) == 13
    assert all(getattr(shardflow.testing, name) for name in shardflow.testing.__all__)
    with pytest.raises(AttributeError):
        shardflow.testing.nonsense  # noqa: B018


def test_every_law_says_what_it_is():
    assert all(law.__doc__ or name for name, law in LAWS.items())
