"""The ledger as JSON, for reports and programs. What is absent has no member: absence is never written as a value."""

from __future__ import annotations

from functools import lru_cache

from shardflow.merge.engine import MergeResult
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.model.decisions import (
    Conflict,
    Contribution,
    Counts,
    Decision,
    Outcome,
    RuleRef,
    Settled,
    outcome_counts,
    shard_counts,
)
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json


def ledger_json(result: MergeResult) -> dict[str, Json]:
    """Give a ledger as `{counts, shards, conflicts, decisions}`.

    Every change stands once, in a conflict or in a decision. `counts` has all changes by outcome, `shards` the same for
    each shard that changed something, by rank.
    """
    settled = [decision for decision in result.decisions if isinstance(decision, Settled)]
    return {
        "counts": _counts(outcome_counts(result.decisions)),
        "shards": {shard: _counts(counts) for shard, counts in shard_counts(result.decisions).items()},
        "conflicts": [conflict_json(conflict) for conflict in result.conflicts],
        "decisions": [settled_json(decision) for decision in settled],
    }


def settled_json(decision: Settled) -> dict[str, Json]:
    """Give a settled decision: without `value` where nothing stands any more, with `superseded_by` if a change was."""
    told = _common(decision)
    if decision.value is not ABSENT:
        told["value"] = decision.value
    told["changes"] = _changes(decision)
    if any(contribution.outcome is Outcome.SUPERSEDED for contribution in decision.contributions):
        told["superseded_by"] = list(decision.superseded_by)
    return told


def conflict_json(conflict: Conflict) -> dict[str, Json]:
    """Give a conflict with its id, its reason and every candidate."""
    return {"id": conflict_id(conflict), **_common(conflict), "reason": conflict.reason, "changes": _changes(conflict)}


def _counts(counts: Counts) -> dict[str, Json]:
    return {outcome.value: count for outcome, count in counts.items()}


def _common(decision: Decision) -> dict[str, Json]:
    told: dict[str, Json] = {"path": path_text(decision.path), "rule": rule_json(decision.rule)}
    if decision.base is not ABSENT:
        told["base"] = decision.base
    return told


@lru_cache(maxsize=256)
def rule_json(rule: RuleRef) -> dict[str, Json]:
    """Give the rule of a decision; its origin is empty for the default. Shared: nobody changes it."""
    return {"path": rule.pattern, "strategy": rule.strategy, "origin": rule.origin}


def _changes(decision: Decision) -> list[Json]:
    return [_change(contribution) for contribution in decision.contributions]


def _change(contribution: Contribution) -> Json:
    said: dict[str, Json] = {"shard": contribution.shard, "rank": contribution.rank}
    if contribution.after is not ABSENT:
        said["after"] = contribution.after
    said["outcome"] = contribution.outcome.value
    return said
