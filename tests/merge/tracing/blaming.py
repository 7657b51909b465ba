"""Merges in a row, and who is blamed for what they came to."""

from shardflow.merge.report import ledger_json
from shardflow.merge.tracing.carrying import carry
from shardflow.merge.tracing.origins import INITIAL, Initial, Made, Outside, Trace, rows
from shardflow.merge.tracing.recorded import read_settled
from shardflow.merge.tracing.telling import RecordedMerge
from shardflow.model.paths import path_text
from tests.merge.small import merged, rule_set


def traced(base, *groups):
    """Merge groups in a row, each (rules, shards): a shard is a function of its base. Gives context and trace."""
    trace, context = Trace(INITIAL), base
    for number, (rules, shards) in enumerate(groups, 1):
        result = merged(context, *(shard(context) for shard in shards), rules=rule_set(*rules))
        assert not result.conflicts
        decisions = read_settled(ledger_json(result))
        trace = carry(trace, RecordedMerge(f"g{number}", f"p{number}", context, result.context, decisions))
        context = result.context
    return context, trace


def blamed(base, *groups):
    """Write who made what as `path: group shards`."""
    context, trace = traced(base, *groups)
    return {path_text(row.path): who(row.origin) for row in rows(context, trace, ())}


def who(origin):
    match origin:
        case Initial():
            return "initial"
        case Outside(group):
            return f"outside {group}"
        case Made(group, _, shards):
            return f"{group} {' '.join(shards)}"


def at(**members):
    """A shard that sets members; a callable gets the value before."""
    return lambda base: base | {k: v(base.get(k)) if callable(v) else v for k, v in members.items()}


def adding(*items):
    return lambda before: [*(before or []), *items]


def without(name):
    return lambda base: {key: value for key, value in base.items() if key != name}
