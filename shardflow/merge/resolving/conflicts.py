"""Conflicts as an artifact: what a person, a program or an arbiter needs to decide about each, and an id."""

from __future__ import annotations

from collections.abc import Iterable

from shardflow.model.decisions import Conflict
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json


def conflict_id(conflict: Conflict) -> str:
    """Name a conflict within its group: the same in every repeat of the merge, whatever values stand there."""
    import hashlib  # only ever needed where there are conflicts

    return f"c-{hashlib.sha256(path_text(conflict.path).encode()).hexdigest()[:8]}"


def conflicts_json(conflicts: Iterable[Conflict]) -> dict[str, Json]:
    """Give conflicts as an artifact to work with; a value that is absent has no member."""
    return {"conflicts": [question_json(conflict) for conflict in conflicts]}


def question_json(conflict: Conflict) -> Json:
    """Give one conflict, as a program or a person is asked about it."""
    base: dict[str, Json] = {} if conflict.base is ABSENT else {"base": conflict.base}
    rule: Json = {"path": conflict.rule.pattern, "strategy": conflict.rule.strategy, "origin": conflict.rule.origin}
    head: dict[str, Json] = {"id": conflict_id(conflict), "path": path_text(conflict.path), "reason": conflict.reason}
    candidates: list[Json] = []
    for contribution in conflict.contributions:
        value: dict[str, Json] = {} if contribution.after is ABSENT else {"value": contribution.after}
        candidates.append({"shard": contribution.shard, "rank": contribution.rank, **value})
    return {**head, "rule": rule, **base, "candidates": candidates}
