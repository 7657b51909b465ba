"""Who runs when, on what, and what failures mean, in lines of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shardflow.cli.views.display import path_label, shortened
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable, value_text
from shardflow.workflow.conditions import Condition, condition_text
from shardflow.workflow.model import Phase, Subagent, Workflow
from shardflow.workflow.policies import NO_FAILURE_POLICY, NO_POLICY

_WIDTH = 500


def limit_lines(workflow: Workflow) -> Iterator[str]:
    """Tell what the whole run may take."""
    from shardflow.workflow.limits import limits_json  # most workflows have none

    yield from _said("limits: ", limits_json(workflow.limits))


def phase_lines(phase: Phase) -> Iterator[str]:
    """Tell when a phase runs, and what failures mean for it."""
    yield from _when("  ", phase.when)
    if phase.failures != NO_FAILURE_POLICY:
        from shardflow.workflow.reading.policies import failure_policy_json

        yield from _said("  ", failure_policy_json(phase.failures))


def subagent_lines(subagent: Subagent) -> Iterator[str]:
    """Tell when a subagent runs, for which items, how often it is tried, and how it is stopped."""
    yield from _when("    ", subagent.when)
    if subagent.foreach is not None:
        fan_out = subagent.foreach
        named = "" if fan_out.key is None else f" by {printable(fan_out.key)}"
        yield f"    for each of {path_label(fan_out.path)}{named}, at most {fan_out.most:,}"
    if subagent.policy != NO_POLICY:
        from shardflow.workflow.reading.policies import policy_json

        told = policy_json(subagent.policy)
        del told["timeout"]  # stands with the program
        yield from _said("    ", told)


def _when(indent: str, condition: Condition | None) -> Iterator[str]:
    if condition is not None:
        yield f"{indent}when: {shortened(condition_text(condition), _WIDTH)}"


def _said(indent: str, fields: Mapping[str, Json]) -> Iterator[str]:
    said = [f"{name} {value_text(value)}" for name, value in fields.items() if value is not None]
    if said:
        yield indent + shortened(", ".join(said), _WIDTH)
