"""What was exercised of a rule set: lines for people, one object for programs (`Covered` of `cli/README.md`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from shardflow.cli.views.display import count, place, printable_lines
from shardflow.cli.views.tables import Count, Prose, text_table
from shardflow.merge.report import rule_json
from shardflow.merge.rules import Rule
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.testing.laboratory.coverage import SITUATIONS, Branch, Coverage

_SHOWN = 20


@record
class Covered:
    """What made-up examples exercised of a rule set, what cases did if there are any, and paths that no rule covers."""

    name: str
    made_up: Coverage
    by_cases: Coverage | None
    uncovered: tuple[str, ...] | None

    def branches(self, rule: int) -> list[tuple[Branch, int, int | None]]:
        """Give the branches of a rule, each with how often examples and cases came to it; the frequent ones first."""
        known = self.made_up.branches[rule]
        cases = None if self.by_cases is None else self.by_cases.branches[rule]
        found = dict.fromkeys([branch for branch, _ in known.most_common()] + list(cases or ()))
        return [(branch, known[branch], None if cases is None else cases[branch]) for branch in found]

    def never(self, rule: int) -> list[str]:
        """Give the situations that a rule was never asked in."""
        met = {branch.situation for branch, _, _ in self.branches(rule)}
        return [situation for situation in SITUATIONS if situation not in met]

    @property
    def functions(self) -> dict[str, list[int]]:
        """Give the lines of each function that never ran."""
        return (self.by_cases or self.made_up).lines_left()


def coverage_lines(covered: Covered) -> Iterator[str]:
    """Tell people."""
    rows = [row for place, rule in enumerate(covered.made_up.rules) for row in _rows(covered, place, rule)]
    head = ("rule", "situation", "became", Count("examples"))
    yield f"{place(covered.name)}: {_summary(covered)}"
    yield from text_table(head if covered.by_cases is None else (*head, Count("cases")), rows, sys.stdout)
    for name, lines in covered.functions.items():
        told = f"lines that never ran: {', '.join(map(str, lines))}" if lines else "every line ran"
        yield printable_lines(f"{name}: {told}")
    if covered.uncovered is not None:
        yield from _uncovered(covered.uncovered)


def _summary(covered: Covered) -> str:
    watched = covered.made_up if covered.by_cases is None else covered.by_cases
    places = [place for place, rule in enumerate(watched.rules) if rule.pattern is not None]
    idle = [place for place in places if not watched.branches[place]]
    missed = [branch for place in places for branch in covered.branches(place) if branch[2] == 0]
    told = f"{len(places) - len(idle)} of {count(len(places), 'rule')} exercised"
    return f"{told}, {count(len(missed), 'branch', 'branches')} by no case" if covered.by_cases is not None else told


def _rows(covered: Covered, place: int, rule: Rule) -> Iterator[tuple[str, ...]]:
    branches = covered.branches(place)
    name = str(rule.ref) if rule.pattern is not None or rule.origin else "default"
    if rule.pattern is None and not branches:
        return
    idle = [Count("0")] if covered.by_cases is None else [Count("0"), Count("none")]
    if not branches:
        yield printable_lines(name), "never exercised", "", *idle
        return
    for number, (branch, examples, cases) in enumerate(branches):
        shown = [] if cases is None else [Count(cases or "none")]
        yield (
            "" if number else printable_lines(name),
            Prose(branch.situation),
            branch.became.value,
            Count(f"{examples:,}"),
            *shown,
        )
    yield from (("", Prose(situation), "never met", *idle) for situation in covered.never(place))


def _uncovered(paths: tuple[str, ...]) -> Iterator[str]:
    if not paths:
        yield "a rule covers every path of the context"
        return
    yield f"{count(len(paths), 'path')} of the context that no rule covers:"
    yield from (f"  {printable_lines(path)}" for path in paths)


def coverage_object(covered: Covered) -> dict[str, Json]:
    """Give it to programs."""
    rules: list[Json] = [
        {
            **rule_json(rule.ref),
            "branches": [_branch_object(*branch) for branch in covered.branches(place)],
            "never": [*covered.never(place)],
        }
        for place, rule in enumerate(covered.made_up.rules)
    ]
    lines: dict[str, Json] = {name: list(lines) for name, lines in covered.functions.items()}
    told: dict[str, Json] = {"file": covered.name, "rules": rules, "functions": lines}
    return told if covered.uncovered is None else {**told, "uncovered": list(covered.uncovered)}


def _branch_object(branch: Branch, examples: int, cases: int | None) -> Json:
    told: dict[str, Json] = {"situation": branch.situation, "became": branch.became.value, "example_count": examples}
    return told if cases is None else {**told, "case_count": cases}
