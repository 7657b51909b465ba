"""A ledger read back from its JSON form (see `merge/report.py`).

Law: what `ledger_json` wrote reads back as the same decisions, the settled ones first met first.
"""

from __future__ import annotations

from shardflow.model.decisions import Contribution, Outcome, RuleRef, Settled
from shardflow.model.paths import PathError, parse_path
from shardflow.model.values import ABSENT, Json, Value


class OddLedger(ValueError):
    """A value that is no ledger."""


def read_settled(ledger: Json) -> tuple[Settled, ...]:
    """Give the settled decisions of a ledger. Raises OddLedger."""
    match ledger:
        case {"decisions": list(decisions)}:
            return tuple(map(_settled, decisions))
        case _:
            raise OddLedger("it has no decisions")


def _settled(decision: Json) -> Settled:
    match decision:
        case {"path": str(path), "rule": rule, "changes": list(changes)} if isinstance(decision, dict):
            by = decision.get("superseded_by", [])
            names = tuple(map(str, by)) if isinstance(by, list) else ()
            said = tuple(map(_contribution, changes))
            try:
                where = parse_path(path)
            except PathError as error:
                raise OddLedger(f"{path!r} in it is no path: {error}") from error
            return Settled(where, _value(decision, "base"), _rule(rule), said, _value(decision, "value"), names)
        case _:
            raise OddLedger("a decision in it cannot be read")


def _rule(rule: Json) -> RuleRef:
    match rule:
        case {"path": str(pattern), "strategy": str(strategy), "origin": str(origin)}:
            return RuleRef(pattern, strategy, origin)
        case _:
            raise OddLedger("a rule in it cannot be read")


def _contribution(change: Json) -> Contribution:
    match change:
        case {"shard": str(shard), "rank": int(rank), "outcome": str(outcome)} if outcome in set(
            Outcome
        ) and isinstance(change, dict):
            return Contribution(shard, rank, _value(change, "after"), Outcome(outcome))
        case _:
            raise OddLedger("a change in it cannot be read")


def _value(members: dict[str, Json], name: str) -> Value:
    return members.get(name, ABSENT)
