"""Whether a merge came out as a case expects, and where it did not."""

from __future__ import annotations

from collections.abc import Iterable

from shardflow.merge.cases.model import Case, Expected, ExpectedConflict
from shardflow.merge.differences import differences
from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.resolving.documents import by_path
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Change
from shardflow.model.decisions import Conflict
from shardflow.model.paths import path_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT


@record
class Comparison:
    """What differs: in `context` the value expected before, the one that came out after; the conflicts that did not
    come out, and those that nobody expected.
    """

    context: tuple[Change, ...]
    missing: tuple[ExpectedConflict, ...]
    unexpected: tuple[ExpectedConflict, ...]

    @property
    def is_same(self) -> bool:
        """Whether all came out as expected."""
        return not (self.context or self.missing or self.unexpected)


def replay(case: Case, rules: RuleSet) -> MergeResult:
    """Merge a case under its rules, which somebody read, with its resolutions."""
    return merge(case.base, case.deltas, rules, by_path(case.resolutions))


def compare(expected: Expected, result: MergeResult) -> Comparison:
    """Compare strictly: 1, 1.0 and true are three values; the order of keys, conflicts and their shards is none."""
    found = () if expected.context is ABSENT else tuple(differences(expected.context, result.context))
    came = outcome_of(result).conflicts
    return Comparison(found, _without(expected.conflicts, came), _without(came, expected.conflicts))


def outcome_of(result: MergeResult) -> Expected:
    """Give what came out as what is expected from now on."""
    return Expected(result.context, tuple(map(_conflict, result.conflicts)))


def _conflict(conflict: Conflict) -> ExpectedConflict:
    return ExpectedConflict(conflict.path, tuple(contribution.shard for contribution in conflict.contributions))


def _without(these: Iterable[ExpectedConflict], those: Iterable[ExpectedConflict]) -> tuple[ExpectedConflict, ...]:
    gone = {_key(conflict) for conflict in those}
    return tuple(conflict for conflict in these if _key(conflict) not in gone)


def _key(conflict: ExpectedConflict) -> tuple[str, frozenset[str]]:
    return path_text(conflict.path), frozenset(conflict.shards)
