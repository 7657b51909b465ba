"""Coverage of rules: which were exercised, in which situations, with what outcome, and which lines of functions ran.

A branch of a rule is a situation (what shards did at a path) with an outcome (what became of it).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dis import findlinestarts
from enum import StrEnum
from inspect import unwrap
from types import CodeType, FrameType
from typing import Any, Final, TypeAlias

from shardflow.merge.engine import merge
from shardflow.merge.rules import Defaults, Rule, RuleSet
from shardflow.merge.site import Settle, Site, Split, Verdict
from shardflow.merge.strategies.registry import CUSTOM
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Decision, Outcome, RuleRef
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.testing.laws.twins import functions_of


class Became(StrEnum):
    """What became of the changes at a path."""

    TAKEN = "taken"
    COMBINED = "combined"
    SUPERSEDED = "some superseded"
    CONFLICT = "in conflict"
    ENTERED = "gone into"


@record
class Branch:
    """A situation, and what became of it."""

    situation: str
    became: Became


SITUATIONS: Final = (
    "one added it",
    "one changed it",
    "one removed it",
    "several added it alike",
    "several added it differently",
    "several changed it alike",
    "several changed it differently",
    "several removed it",
    "some removed it, others changed it",
)
"""All there are."""


def situation(base: Value, left: Sequence[Value]) -> str:
    """Say what shards did at a path, by what they left there."""
    gone = sum(value is ABSENT for value in left)
    if len(left) == 1:
        return "one removed it" if gone else "one added it" if base is ABSENT else "one changed it"
    if gone == len(left):
        return "several removed it"
    if gone:
        return "some removed it, others changed it"
    done = "added" if base is ABSENT else "changed"
    return (
        f"several {done} it alike"
        if all(same(left[0], value) for value in left[1:])
        else f"several {done} it differently"
    )


Branches: TypeAlias = Counter[Branch]


class Coverage:
    """What was exercised of a rule set by the merges it watched: the branches of each rule, the lines of functions."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules.every
        self.branches: list[Branches] = [Counter() for _ in self.rules]
        self.lines: dict[str, set[int]] = {name: set() for name in functions_of(rules)}
        self._functions = functions_of(rules)
        self._watched = self._watching(rules)
        self._of = {rule.ref: place for place, rule in reversed(list(enumerate(self.rules)))}

    def watch(self, base: Json, deltas: Sequence[Delta]) -> None:
        """Merge, and note what was exercised."""
        for decision in merge(base, deltas, self._watched).decisions:
            place = self._of.get(decision.rule)
            if place is not None and decision.contributions:
                left = [said.after for said in decision.contributions]
                self.branches[place][Branch(situation(decision.base, left), _became(decision))] += 1

    def lines_left(self) -> dict[str, list[int]]:
        """Give of each function the lines that never ran."""
        return {
            name: sorted(_lines_of(unwrap(self._functions[name]).__code__) - ran) for name, ran in self.lines.items()
        }

    def _watching(self, rules: RuleSet) -> RuleSet:
        """Give the rules, with strategies that tell when they go into a value and which lines of a function run."""
        watched = [self._with_ears(place, rule) for place, rule in enumerate(self.rules)]
        count = len(rules.rules)
        return RuleSet(watched[:count], Defaults(*watched[count:]))

    def _with_ears(self, place: int, rule: Rule) -> Rule:
        settle = rule.strategy.settle
        if rule.strategy.name == CUSTOM:
            settle = self._tracing(settle)

        def heard(site: Site) -> Verdict:
            verdict = settle(site)
            if isinstance(verdict, Split):
                self.branches[place][Branch(situation(site.base, site.values()), Became.ENTERED)] += 1
            return verdict

        return replaced(rule, strategy=replaced(rule.strategy, settle=heard))

    def _tracing(self, settle: Settle) -> Settle:
        name = settle.keywords["name"]  # type: ignore[attr-defined]  # custom rules are partials

        def traced(site: Site) -> Verdict:
            with _lines_into(self.lines[name], unwrap(self._functions[name]).__code__.co_filename):
                return settle(site)

        return traced


def _became(decision: Decision) -> Became:
    outcomes = {said.outcome for said in decision.contributions}
    if isinstance(decision, Conflict):
        return Became.CONFLICT
    if Outcome.COMBINED in outcomes:
        return Became.COMBINED
    return Became.SUPERSEDED if Outcome.SUPERSEDED in outcomes else Became.TAKEN


@contextmanager
def _lines_into(ran: set[int], file: str) -> Iterator[None]:
    """Note the lines of a file that run."""

    def line(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            ran.add(frame.f_lineno)
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Callable[..., Any] | None:
        return line if frame.f_code.co_filename == file else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)


def _lines_of(code: CodeType) -> set[int]:
    """Give the lines of a function that can run, those of functions inside of it too; not the one that defines it."""
    own = {number for _, number in findlinestarts(code) if number is not None} - {code.co_firstlineno}
    return own.union(*(_lines_of(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def uncovered(document: Json, rules: RuleSet) -> list[str]:
    """List the paths of a document that no rule covers: those that the engine's own default decides, items as `[*]`."""
    return list(dict.fromkeys(_uncovered(document, rules, rules.patterns.start, "$")))


def _uncovered(value: Json, rules: RuleSet, here: Any, text: str) -> Iterator[str]:
    from shardflow.model.paths import segment_text

    found = rules.patterns.first_match(here)
    rule = _default(value, rules) if found is None else rules.rules[found]
    inner = value.items() if isinstance(value, dict) and (rule.strategy.structural or found is None) else ()
    for name, item in inner:
        yield from _uncovered(item, rules, rules.patterns.after(here, name), text + segment_text(name))
    if isinstance(value, list) and rule.strategy.name in ("keyed", "index"):
        for item in value:
            yield from _uncovered(item, rules, rules.patterns.after(here, 0), f"{text}[*]")
    elif rule.ref == RuleRef("", "default", "") and not (isinstance(value, dict) and value):
        yield text


def _default(value: Json, rules: RuleSet) -> Rule:
    defaults = rules.defaults
    if isinstance(value, dict):
        return defaults.objects
    return defaults.lists if isinstance(value, list) else defaults.scalars
