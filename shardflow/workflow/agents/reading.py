"""Reading the map from types to programs: every problem with its line.

agents:
  codebase-scanner: {run: [python3, scan.py], timeout: 5m}
  '*-reviewer': {agent: claude, model: sonnet, tools: [Read, Grep]}
  default: {agent: codex}
helpers:
  all_tests_pass: {run: npm test}
"""

from __future__ import annotations

import re
from typing import Final

from shardflow.errors import InvalidAgents
from shardflow.model.documents import Document
from shardflow.model.fields import Fields, Place, quoted, read_document
from shardflow.workflow.agents.model import (
    HELPER_TIMEOUT,
    AgentCli,
    AgentEntry,
    AgentPreset,
    AgentProgram,
    AgentsFile,
    HelperCommand,
)
from shardflow.workflow.model import ShellCommand
from shardflow.workflow.programs import read_command, read_environment, read_python
from shardflow.workflow.texts import read_filled, read_handed_over, read_timeout, refuse_template

HELPERS: Final = ("all_tests_pass", "analyzeCoverage", "findAmbiguousRequirements", "has_syntax_errors")
"""The helpers of scripts that a command answers for."""

_CLIS: Final = {cli.value: cli for cli in AgentCli}
_HOW_TO_RUN: Final = (
    "say run: with a shell command or a list of arguments, python: package.module:function, "
    f"or agent: with one of {', '.join(_CLIS)}"
)
_PRESET_FIELDS: Final = ("model", "tools", "args", "pass_env")
_NO_PROGRAM: Final = ShellCommand("")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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


def read_preset(fields: Fields) -> AgentPreset | None:
    """Read `agent:` and what belongs to it, of an entry or a subagent; None if it has none."""
    if "agent" not in fields:
        for name in _PRESET_FIELDS:
            if name in fields:
                fields.place(name).refuse(f"{quoted(name)} is for an agent CLI", "say agent: too, or leave it out")
        return None
    return AgentPreset(
        cli=fields.required("agent", lambda place: place.choice("agent CLI", _CLIS)) or AgentCli.CLAUDE,
        model=fields.optional("model", _read_option, None),
        tools=fields.optional("tools", _read_texts, None),
        arguments=fields.optional("args", _read_texts, ()),
        pass_environment=fields.optional("pass_env", _read_names, ()),
    )


def _read_entry(pattern: str, place: Place) -> AgentEntry:
    if not pattern.strip():
        place.refuse("a type has a name that is not blank")
    if not isinstance(place.value, dict):
        place.expect("an object", _HOW_TO_RUN)
        return AgentEntry(pattern, _NO_PROGRAM)
    with place.fields() as fields:
        return AgentEntry(
            pattern=pattern,
            program=_read_program(fields),
            environment=fields.optional("env", read_environment, {}),
            timeout=fields.optional("timeout", read_timeout, None),
            origin=_origin(place),
        )


def _origin(place: Place) -> str:
    line = place.document.line(place.path)
    name = place.document.name or place.document.source
    return name if line is None else f"{name}:{line}"


def _read_program(fields: Fields) -> AgentProgram:
    run: AgentProgram | None = fields.optional("run", read_command, None)
    python: AgentProgram | None = fields.optional("python", read_python, None)
    given = [(name, program) for name, program in (("run", run), ("python", python)) if program]
    if preset := read_preset(fields):
        given.append(("agent", preset))
    for name, _ in given[1:]:
        fields.place(name).refuse(f"'{given[0][0]}' and '{name}' exclude each other", "keep one of them")
    if not given:
        fields.here.refuse("nothing to run", _HOW_TO_RUN)
    return given[0][1] if given else _NO_PROGRAM


def _read_helper(place: Place) -> HelperCommand:
    with place.fields() as fields:
        program = fields.required("run", read_command)
        return HelperCommand(program, fields.optional("timeout", read_timeout, None) or HELPER_TIMEOUT)


def _read_option(place: Place) -> str:
    """Read a text that becomes one argument of a CLI, and never looks like an option of it."""
    text = read_filled(place)
    refuse_template(place, text)
    if text.startswith("-"):
        place.refuse(f"{quoted(text)} would be taken for an option of the CLI", "options go into args:")
    return text


def _read_texts(place: Place) -> tuple[str, ...]:
    texts = tuple(map(read_handed_over, place.items()))
    for item, text in zip(place.items() if texts else (), texts, strict=True):
        refuse_template(item, text)
    return texts


def _read_names(place: Place) -> tuple[str, ...]:
    names = _read_texts(place)
    for item, name in zip(place.items() if names else (), names, strict=True):
        if isinstance(item.value, str) and not _VARIABLE.fullmatch(name):
            item.refuse(f"{quoted(name)} cannot be the name of an environment variable")
    return names
