"""Whether the agent CLIs that a workflow or its rules call are there: told before anything runs, not hours into it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from shardflow.errors import InvalidRules, InvalidWorkflow
from shardflow.execution.rules.sources import EffectiveRules
from shardflow.model.documents import Document, Problem
from shardflow.model.fields import read_document
from shardflow.workflow.agents.arbiters import read_arbiter
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.model import Subagent, Workflow

if TYPE_CHECKING:  # loaded only where rules are
    from shardflow.merge.rules import Rule


def refuse_missing(workflow: Workflow, file: str, rules: Iterable[EffectiveRules]) -> None:
    """Raise InvalidWorkflow naming the agent CLIs that are not there."""
    if problems := [*missing_clis(workflow, file), *missing_arbiters(rules, file)]:
        raise InvalidWorkflow(problems)


def missing_clis(workflow: Workflow, file: str) -> Iterator[Problem]:
    """Look for every agent CLI that subagents call; tell those that are not there, and who calls them.

    One with a PATH of its own is left to it.
    """
    callers: dict[AgentCli, list[str]] = {}
    for subagent in (subagent for phase in workflow.phases for subagent in phase.subagents):
        if (cli := _looked_for(subagent)) is not None:
            callers.setdefault(cli, []).append(subagent.id)
    return _missing(callers, file)


def missing_arbiters(rules: Iterable[EffectiveRules], file: str) -> Iterator[Problem]:
    """Look for every agent CLI that rules leave conflicts to; tell those that are not there, and which rules do."""
    callers: dict[AgentCli, list[str]] = {}
    for origin, rule in {rule.origin: rule for one in rules for rule in one.arbiters}.items():
        if (cli := _asked(rule)) is not None:
            callers.setdefault(cli, []).append(f"the arbiter of {origin}")
    return _missing(callers, file)


def _looked_for(subagent: Subagent) -> AgentCli | None:
    own_path = "PATH" in subagent.environment
    return subagent.program.cli if isinstance(subagent.program, AgentPreset) and not own_path else None


def _asked(rule: Rule) -> AgentCli | None:
    program = read_document(Document(rule.origin, rule.strategy.argument), read_arbiter, InvalidRules).program
    return program.cli if isinstance(program, AgentPreset) else None


def _missing(callers: Mapping[AgentCli, Sequence[str]], file: str) -> Iterator[Problem]:
    for cli, names in callers.items():
        if shutil.which(cli.value) is None:
            from shardflow.agents.adapters import ADAPTERS  # loaded only where something is to be told

            who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            what = f"needs the agent CLI '{cli.value}', which is not on PATH"
            yield Problem(file, None, f"{who} {what}; install it: {ADAPTERS[cli].install}")
