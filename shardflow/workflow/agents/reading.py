"""Reading the map from types to programs: every problem with its line.

agents:
  codebase-scanner: {run: [python3, scan.py], timeout: 5m}
  '*-reviewer': {agent: claude, model: sonnet, tools: [Read, Grep]}
  default: {agent: codex}
helpers:
  all_tests_pass: {run: npm test}
"""

from __future__ import annotations

from typing import Final

from shardflow.errors import InvalidAgents
from shardflow.model.documents import Document
from shardflow.model.fields import Fields, Place, read_document
from shardflow.workflow.agents.model import HELPER_TIMEOUT, AgentEntry, AgentsFile, HelperCommand
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.program import Program, ShellCommand
from shardflow.workflow.reading.programs import HOW_TO_RUN, read_command, read_environment, read_program
from shardflow.workflow.texts import read_timeout

HELPERS: Final = ("all_tests_pass", "analyzeCoverage", "findAmbiguousRequirements", "has_syntax_errors")
"""The helpers of scripts that a command answers for."""

_NO_PROGRAM: Final = ShellCommand("")


def read_agents_file(document: Document) -> AgentsFile:
    """Read a file of agents and helpers. Raises InvalidAgents with every problem, in the order of the file."""
    return read_document(document, _read_file, InvalidAgents)


def _read_file(place: Place) -> AgentsFile:
    with place.fields() as fields:
        return AgentsFile(
            agents=fields.optional("agents", read_agents, ()),
            helpers=fields.optional("helpers", read_helpers, {}),
        )


def read_agents(place: Place) -> tuple[AgentEntry, ...]:
    """Read the `agents:` map, in written order."""
    return tuple(_read_entry(pattern, member) for pattern, member in place.members().items())


def read_helpers(place: Place) -> dict[str, HelperCommand]:
    """Read the `helpers:` map: what command answers for which helper of scripts."""
    read = {}
    with place.fields() as fields:
        for name in HELPERS:
            if name in fields:
                read[name] = fields.required(name, _read_helper)
    return read


def _read_entry(pattern: str, place: Place) -> AgentEntry:
    if not pattern.strip():
        place.refuse("a type has a name that is not blank")
    if not isinstance(place.value, dict):
        place.expect("an object", HOW_TO_RUN)
        return AgentEntry(pattern, _NO_PROGRAM)
    with place.fields() as fields:
        environment, secrets = read_environment(fields)
        return AgentEntry(
            pattern=pattern,
            program=_read_program(fields),
            environment=environment,
            secrets=secrets,
            timeout=fields.optional("timeout", read_timeout, None),
        )


def _read_program(fields: Fields) -> Program:
    program = read_program(fields)
    if program is None:
        fields.here.refuse("nothing to run", HOW_TO_RUN)
    if isinstance(program, AgentPreset) and program.prompt:
        hint = "the prompt of a type comes from subagents/prompts/TYPE/default.md.tmpl, or from its subagent's config"
        fields.place("prompt").refuse("an entry of the map has no prompt", hint)
    return program or _NO_PROGRAM


def _read_helper(place: Place) -> HelperCommand:
    with place.fields() as fields:
        program = fields.required("run", read_command)
        return HelperCommand(program, fields.optional("timeout", read_timeout, None) or HELPER_TIMEOUT)
