"""What a law asks, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from shardflow.merge.engine import Candidates, MergeResult, gather, merge, settle, unite
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.testing.laws.group import Group


@record
class Engine:
    """What the laws ask: a whole merge, and the steps of a merge in parts."""

    merge: Callable[[Json, Sequence[Delta], RuleSet], MergeResult]
    gather: Callable[[Iterable[Delta]], Candidates] = gather
    unite: Callable[[Candidates, Candidates], Candidates] = unite
    settle: Callable[[Json, Candidates, RuleSet], MergeResult] = settle


ENGINE: Final = Engine(merge)
"""The engine of this package."""

Law: TypeAlias = Callable[[Engine, Group, RuleSet], None]
