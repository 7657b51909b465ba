"""Trying rules: a case file checked, and a rule set that tests merge documents under."""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.errors import InvalidInput
from shardflow.execution.cases.files import LoadedCase, load_case
from shardflow.execution.cases.telling import told_with_decisions
from shardflow.execution.rules.sources import rules_of
from shardflow.merge.cases import Case, CaseShard, compare, replay
from shardflow.merge.engine import MergeResult
from shardflow.merge.rules import RuleSet
from shardflow.model.documents import Document, Problem
from shardflow.model.paths import path_text
from shardflow.model.records import record
from shardflow.model.values import Json, flaw
from shardflow.storage.excerpts import printable
from shardflow.testing.laws.holding import hold
from shardflow.workflow.model import InlineRules, RulesFile, RulesSource


class NotAsExpected(AssertionError):
    """What came out of a case, or of rules that were tried, is not what was expected; the message tells all of it."""


def check_case(file: str) -> None:
    """Check that a case comes out as it expects, and keeps the law it names.

    Raises LawBroken, NotAsExpected, also for a case that names and expects nothing: it could not fail. Raises
    InvalidInput for one that cannot be read.
    """
    loaded = load_case(file)
    if loaded.case.law:
        hold(loaded.case, loaded.rules.rules)
        if loaded.case.expected is None:
            return
    lines = list(_differences(loaded))
    if lines:
        raise NotAsExpected("\n".join([f"{printable(loaded.name)}: not as expected", *lines]))


def _differences(loaded: LoadedCase) -> Iterator[str]:
    expected = loaded.case.expected
    if expected is None:
        yield f"  it expects nothing; add `expect:` with what `shardflow merge {printable(loaded.file)}` shows"
        return
    result = replay(loaded.case, loaded.rules.rules)
    yield from (f"  {line}" for line in told_with_decisions(compare(expected, result), result))


@record
class TriedRules:
    """A rule set to merge documents under, in tests."""

    rule_set: RuleSet

    def merge(self, base: dict[str, Json], **shards: dict[str, Json]) -> Json:
        """Merge the documents that shards left, by id in rank order. Raises NotAsExpected where there are conflicts."""
        __tracebackhide__ = True  # of what pytest shows
        result = self.result(base, **shards)
        if result.conflicts:
            lines = (f"{path_text(one.path)}: {one.reason} ({one.rule})" for one in result.conflicts)
            raise NotAsExpected("\n  ".join(["conflicts:", *map(printable, lines)]))
        return result.context

    def conflicts(self, base: dict[str, Json], **shards: dict[str, Json]) -> list[str]:
        """Give the paths of the conflicts of a merge."""
        return [path_text(conflict.path) for conflict in self.result(base, **shards).conflicts]

    def result(self, base: dict[str, Json], **shards: dict[str, Json]) -> MergeResult:
        """Merge, and give all that came out. Raises InvalidInput for what is no JSON value."""
        problems = [Problem(name, None, problem) for name, value in _named(base, shards) if (problem := flaw(value))]
        if problems:
            raise InvalidInput(problems)
        return replay(Case(base, tuple(CaseShard(name, value) for name, value in shards.items())), self.rule_set)


def tried_rules(rules: object, folder: str) -> TriedRules:
    """Read rules to try; a path starts from the folder. Raises InvalidInput with every problem."""
    return TriedRules(rules_of(_source(rules), folder).rules)


def _source(rules: object) -> RulesSource:
    if isinstance(rules, str | os.PathLike):
        return RulesFile(os.fspath(rules))
    if not isinstance(rules, dict):
        told = f"rules to try are a path, a shipped set's name, or a dict as a rule file holds it, not {_kind(rules)}"
        raise InvalidInput([Problem("rules", None, told, None, "write {'rules': [...]} for a list of rules")])
    if problem := flaw(rules):
        raise InvalidInput([Problem("rules", None, problem)])
    return InlineRules(Document("rules", rules))


def _kind(value: object) -> str:
    return f"a {type(value).__name__}" if value is not None else "None"


def _named(base: Json, shards: dict[str, dict[str, Json]]) -> Iterator[tuple[str, Json]]:
    yield "base", base
    yield from shards.items()
