"""A small language for merge tests: rules as YAML-like values, shards as documents, outcomes as texts."""

from typing import Any, Final

from shardflow.merge import merge
from shardflow.merge.engine import MergeResult
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.documents import Document
from shardflow.model.paths import path_text


def nothing_to_extend(name: str, source: str) -> Document:
    raise LookupError("none here")


def rule_set(*rules: Any, **file: Any) -> RuleSet:
    """Read rules as a file would hold them; nothing can be extended."""
    return read_rules(Document("rules.yaml", {"rules": list(rules), **file}), nothing_to_extend)


def merged(base: Any, *shards: Any, rules: RuleSet | None = None) -> MergeResult:
    """Merge documents of shards a, b, c, ... in that rank order."""
    deltas = [Delta(chr(ord("a") + rank), rank, diff(base, shard)) for rank, shard in enumerate(shards)]
    return merge(base, deltas, rules or rule_set())


def ledger(result: MergeResult) -> list[str]:
    """Write a ledger as lines `path: shard outcome, shard outcome`."""
    return [
        f"{path_text(decision.path)}: {', '.join(f'{c.shard} {c.outcome.value}' for c in decision.contributions)}"
        for decision in result.decisions
    ]


def at_n(strategy: Any, base: Any, *values: Any, **options: Any) -> Any:
    """Merge one member `n` under one rule; leave a value out with `GONE`. Gives the result or the conflict's reason."""
    rules = rule_set({"path": "$.n", "strategy": strategy, **options})
    result = merged(_document(base), *map(_document, values), rules=rules)
    if result.conflicts:
        return result.conflicts[0].reason
    assert isinstance(result.context, dict)
    return result.context.get("n", GONE)


GONE: Final = object()


def nested(levels: int, leaf: Any = 1) -> Any:
    """Give a value inside of so many lists."""
    return leaf if levels == 0 else [nested(levels - 1, leaf)]


def _document(value: Any) -> Any:
    return {} if value is GONE else {"n": value}
