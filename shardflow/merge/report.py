"""The ledger as JSON, for reports and programs. What is absent has no member: absence is never written as a value."""

from __future__ import annotations

from typing import Final

from shardflow.merge.engine import MergeResult
from shardflow.merge.ledger import Heard, superseding
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.site import Site
from shardflow.model.decisions import (
    Conflict,
    Contribution,
    Decision,
    Outcome,
    RuleRef,
    Settled,
    outcome_counts,
    shard_counts,
)
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json, Value

_WORDS: Final = {outcome: outcome.value for outcome in Outcome}  # members of an enum take long to give their values


def ledger_json(result: MergeResult) -> dict[str, Json]:
    """Give a ledger as `{counts, shards, conflicts, decisions}`.

    Every change stands once, in a conflict or in a decision. `counts` has all changes by outcome, `shards` the same for
    each shard that changed something, by rank.
    """
    settled = [decision for decision in result.decisions if isinstance(decision, Settled)]
    return {
        "counts": dict(outcome_counts(result.decisions)),
        "shards": {shard: dict(counts) for shard, counts in shard_counts(result.decisions).items()},
        "conflicts": [conflict_json(conflict) for conflict in result.conflicts],
        "decisions": [settled_json(decision) for decision in settled],
    }


def settled_json(decision: Settled) -> dict[str, Json]:
    """Give a settled decision: without `value` where nothing stands any more, with `superseded_by` if a change was."""
    lost = any(contribution.outcome is Outcome.SUPERSEDED for contribution in decision.contributions)
    by = decision.superseded_by if lost else None
    return _settled(decision, decision.rule, decision.value, _changes(decision), by)


def heard_json(site: Site, rule: RuleRef, value: Value, heard: Heard) -> dict[str, Json]:
    """Give what was settled at a site as `settled_json` does, without making a decision of it first."""
    changes: list[Json] = [
        {"shard": by.shard, "rank": by.rank, "after": after, "outcome": _WORDS[outcome]}
        if after is not ABSENT
        else {"shard": by.shard, "rank": by.rank, "outcome": _WORDS[outcome]}
        for by, after, outcome in heard.each()
    ]
    return _settled(site, rule, value, changes, superseding(site, heard))


def _settled(
    at: Settled | Site, rule: RuleRef, value: Value, changes: list[Json], superseded_by: tuple[str, ...] | None
) -> dict[str, Json]:
    told = _common(at, rule)
    if value is not ABSENT:
        told["value"] = value
    told["changes"] = changes
    if superseded_by is not None:
        told["superseded_by"] = list(superseded_by)
    return told


def conflict_json(conflict: Conflict) -> dict[str, Json]:
    """Give a conflict with its id, its reason and every candidate."""
    told = _common(conflict, conflict.rule)
    return {"id": conflict_id(conflict), **told, "reason": conflict.reason, "changes": _changes(conflict)}


def _common(at: Decision | Site, rule: RuleRef) -> dict[str, Json]:
    told: dict[str, Json] = {"path": path_text(at.path), "rule": rule_json(rule)}
    if at.base is not ABSENT:
        told["base"] = at.base
    return told


def rule_json(rule: RuleRef) -> dict[str, Json]:
    """Give the rule of a decision; its origin is empty for the default."""
    return {"path": rule.pattern, "strategy": rule.strategy, "origin": rule.origin}


def _changes(decision: Decision) -> list[Json]:
    return [_change(contribution) for contribution in decision.contributions]


def _change(contribution: Contribution) -> Json:
    said: dict[str, Json] = {"shard": contribution.shard, "rank": contribution.rank}
    if contribution.after is not ABSENT:
        said["after"] = contribution.after
    said["outcome"] = _WORDS[contribution.outcome]
    return said
