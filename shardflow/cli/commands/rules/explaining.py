"""`shardflow rules explain`: which rule decides a path, and why."""

from __future__ import annotations

from shardflow.cli.console import CONSOLE
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.rules.explanations import explanation_object, explanation_text
from shardflow.errors import UsageError
from shardflow.execution.rules.sources import load_named_rules
from shardflow.merge.guide.explanation import explain
from shardflow.model.paths import PathError, parse_path
from shardflow.model.values import MAX_DEPTH, too_deep
from shardflow.storage.excerpts import excerpt


def explain_for_people(path: str, rules: str | None, *, as_json: bool) -> int:
    """Print the explanation and give the exit code. Raises UsageError, or InvalidInput for bad rules."""
    try:
        wanted = parse_path(path)
    except PathError as error:
        raise UsageError(f"'{path}' is no path: {error}") from error
    if len(wanted) > MAX_DEPTH:
        raise UsageError(f"{excerpt(path)} leads to no value: what stands there would be {too_deep()}")
    found = explain(wanted, load_named_rules(rules).rules)
    CONSOLE.hand_over(object_bytes(explanation_object(found))) if as_json else CONSOLE.say(explanation_text(found))
    return 0
