"""Which rule decides a path: sentences for people, one object for programs (`Explained` of `cli/README.md`)."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.cli.views.display import path_label
from shardflow.cli.views.rules.rule_sets import default_lines, strategy_text
from shardflow.merge.guide.explanation import Explanation
from shardflow.merge.rules import DEFAULT, Rule, defaults_json, rule_json
from shardflow.model.paths import path_text
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable


def explanation_object(found: Explanation) -> dict[str, Json]:
    """Give an explanation to programs."""
    rule: dict[str, Json] = {} if found.rule is None else {"rule": rule_json(found.rule)}
    return {
        "status": "done",
        "exit_code": 0,
        "path": path_text(found.path),
        "decided_at": path_text(found.decided_at),
        **rule,
        "default": defaults_json(found.defaults),
        "passed": [{**rule_json(passed.rule), "reason": passed.reason} for passed in found.passed],
        "later": [rule_json(rule) for rule in found.later],
        "way": [{"at": path_text(turn.path), **rule_json(turn.rule)} for turn in found.way],
    }


def explanation_text(found: Explanation) -> str:
    """Show an explanation to people."""
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> Iterator[str]:
    yield from _verdict(found)
    if found.passed:
        yield "asked before, not matching:"
        yield from (f"  {_named(passed.rule)}: {printable(passed.reason)}" for passed in found.passed)
    if found.later:
        yield "matching too, but behind it:" if found.rule else "matching:"
        yield from (f"  {_named(rule)}" for rule in found.later)
    if found.way:
        yield "on the way down:"
        yield from (f"  {path_label(turn.path)}: {_goes_in(turn.rule)}" for turn in found.way)
    if found.rule is not None:
        yield "without that rule, what decides is the kind of value:"
        yield from default_lines(found.defaults, "  ")


def _verdict(found: Explanation) -> Iterator[str]:
    inside = len(found.decided_at) < len(found.path)
    if found.rule is not None:
        yield f"{path_label(found.decided_at)} is decided by {_named(found.rule)}"
    else:
        yield f"{path_label(found.decided_at)} matches no rule; what decides is the kind of value:"
        yield from default_lines(found.defaults, "  ")
    if inside:
        yield f"that settles the value there whole; no rule is asked for {path_label(found.path)} inside it"


def _named(rule: Rule) -> str:
    where = f" at {rule.pattern}" if rule.pattern else ""
    return printable(f"{strategy_text(rule)}{where} ({rule.origin})")


def _goes_in(rule: Rule) -> str:
    return "no rule, objects go deep" if rule is DEFAULT else f"{_named(rule)} goes into it"
