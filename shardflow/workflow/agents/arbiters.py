"""Reading whom an `arbiter` rule leaves conflicts to: a command, a program, or an agent CLI.

{arbiter: 'python3 decide.py'}
{arbiter: {run: [python3, decide.py], timeout: 20}}
{arbiter: {agent: claude, model: sonnet, timeout: 2m, prompt: Prefer the more cautious finding.}}
"""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import Fields, Place
from shardflow.model.records import record
from shardflow.workflow.agents.preset import HOW_TO_NAME, AgentPreset
from shardflow.workflow.program import ArgumentList, ShellCommand
from shardflow.workflow.reading.programs import read_agent, read_command
from shardflow.workflow.texts import read_timeout

ARBITER_TIMEOUT: Final = 300.0
"""Seconds for one answer, unless the rule says otherwise."""

_HOW_TO_ASK: Final = f"say run: with a command, or {HOW_TO_NAME}"
_NOBODY: Final = ShellCommand("")


@record
class Arbiter:
    """Whom to ask, and the seconds one answer may take. The `prompt` of an agent CLI is its guidance."""

    program: ShellCommand | ArgumentList | AgentPreset
    timeout: float = ARBITER_TIMEOUT


def read_arbiter(place: Place) -> Arbiter:
    """Read the argument of an `arbiter` rule."""
    if place.value is None:
        place.refuse("an arbiter is a command, a program with its arguments, or an object", _HOW_TO_ASK)
        return Arbiter(_NOBODY)
    if not isinstance(place.value, dict):
        return Arbiter(read_command(place))
    with place.fields() as fields:
        return Arbiter(_program(fields), fields.optional("timeout", read_timeout, None) or ARBITER_TIMEOUT)


def _program(fields: Fields) -> ShellCommand | ArgumentList | AgentPreset:
    command = fields.optional("run", read_command, None)
    preset = read_agent(fields)
    if command is not None and preset is not None:
        fields.place("agent").refuse("'run' and 'agent' exclude each other", "keep one of them")
    if command is None and preset is None:
        fields.here.refuse("nobody to ask", _HOW_TO_ASK)
    return preset or command or _NOBODY
