"""What a subagent is: how it is started, what it leaves, and which paths it declares to write and to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shardflow.model.fields import Fields, Place, quoted
from shardflow.workflow.agents.preset import HOW_TO_NAME, AgentPreset
from shardflow.workflow.dialect.model import NO_CONFIG
from shardflow.workflow.dialect.reading import read_config
from shardflow.workflow.model import ShardForm, Subagent
from shardflow.workflow.program import (
    ArgumentList,
    OfType,
    Program,
    PythonFunction,
    Secret,
    SecretFile,
    SecretVariable,
    ShellCommand,
)
from shardflow.workflow.texts import read_filled, read_handed_over, refuse_template

if TYPE_CHECKING:
    from shardflow.model.patterns import Pattern

PROGRAMS: Final = ("run", "python", "agent")
"""The fields of which one names the program."""

_OF_AGENTS: Final = ("model", "tools", "args", "pass_env", "prompt")
PROGRAM_FIELDS: Final = (*PROGRAMS, *_OF_AGENTS, "env", "cwd", "shard", "writes", "reads", "config")
"""The fields that say what to run, in a subagent or in a main-only phase."""
_ELSEWHERE: Final = {
    **dict.fromkeys(("cmd", "command", "shell"), "run"),
    **dict.fromkeys(("if", "condition"), "when"),
    "directory": "cwd",
    "environment": "env",
}
"""What other tools call these fields."""

_SHARD_FORMS: Final = {form.value: form for form in ShardForm}
HOW_TO_RUN: Final = (
    f"say run: with a shell command or a list of arguments, python: package.module:function, or {HOW_TO_NAME}"
)
_HOW_TO_REFER: Final = "say {env: NAME} for a variable of the environment, or {file: PATH} for a file"
_NO_PROGRAM: Final = ShellCommand("")


def read_subagent(fields: Fields, name: str, type_: str | None = None) -> Subagent:
    """Read the fields that say what to run, of a subagent with this id; one of a type need not say it itself."""
    fields.elsewhere = _ELSEWHERE
    environment, secrets = read_environment(fields)
    return Subagent(
        id=name,
        program=_read_program(fields, type_),
        environment=environment,
        secrets=secrets,
        cwd=fields.optional("cwd", read_filled, None),
        shard=fields.optional("shard", _read_shard_form, None) or ShardForm.COPY,
        writes=fields.optional("writes", _read_patterns, None),
        reads=fields.optional("reads", _read_patterns, None),
        type=type_ or "",
        config=fields.optional("config", read_config, NO_CONFIG),
    )


def _read_program(fields: Fields, type_: str | None) -> Program:
    program = read_program(fields)
    if program is None and type_ is not None:
        return OfType(type_)
    if program is None:
        fields.here.refuse("nothing to run", HOW_TO_RUN)
    return program or _NO_PROGRAM


def read_program(fields: Fields) -> Program | None:
    """Read what runs: `run`, `python` or `agent`; None if it has none of them."""
    read: dict[str, Program | None] = {
        "run": fields.optional("run", read_command, None),
        "python": fields.optional("python", read_python, None),
        "agent": read_agent(fields),
    }
    given = [(name, program) for name, program in read.items() if program is not None]
    for name, _ in given[1:]:
        fields.place(name).refuse(f"'{given[0][0]}' and '{name}' exclude each other", "keep one of them")
    return given[0][1] if given else None


def read_agent(fields: Fields) -> AgentPreset | None:
    """Read an agent CLI with its settings; None if none is named, which nothing may be set of then."""
    if "agent" in fields:
        from shardflow.workflow.agents.preset_reading import read_preset  # most workflows call no agent CLI

        return read_preset(fields)
    members = fields.here.value if isinstance(fields.here.value, dict) else {}
    for name in _OF_AGENTS:
        if name in members:
            fields.place(name).refuse(f"{quoted(name)} is for an agent CLI", "say agent: too, or leave it out")
    return None


def read_command(place: Place) -> ShellCommand | ArgumentList:
    """Read a command for the shell, or a program with its arguments; stand-in: an empty command."""
    match place.value:
        case str():
            text = read_filled(place)
            refuse_template(place, text)
            return ShellCommand(text)
        case [_, *_]:
            return ArgumentList(_read_arguments(place.items()))
        case _:
            hint = "put it in quotes: 'true' is a program" if place.value is True else ""
            place.expect("a command for the shell or a list of arguments", hint)
            return _NO_PROGRAM


def _read_arguments(places: tuple[Place, ...]) -> tuple[str, ...]:
    arguments = (read_filled(places[0]), *map(read_handed_over, places[1:]))
    for place, argument in zip(places, arguments, strict=True):
        refuse_template(place, argument)
    return arguments


def read_python(place: Place) -> PythonFunction:
    """Read the name of a Python function."""
    module, _, name = place.text().partition(":")
    if isinstance(place.value, str) and not all(map(str.isidentifier, (*module.split("."), name))):
        place.expect("package.module:function")
    return PythonFunction(module, name)


def read_environment(fields: Fields) -> tuple[dict[str, str], dict[str, Secret]]:
    """Read `env:`, the variables for the environment of a program: texts, and references to secrets."""
    nothing: dict[str, str | Secret] = {}
    read = fields.optional("env", _read_variables, nothing).items()
    return {k: v for k, v in read if isinstance(v, str)}, {k: v for k, v in read if not isinstance(v, str)}


def _read_variables(place: Place) -> dict[str, str | Secret]:
    return {name: _read_variable(name, member) for name, member in place.members().items()}


def _read_variable(name: str, place: Place) -> str | Secret:
    _refuse_name(name, place)
    return _read_secret(place) if isinstance(place.value, dict) else read_handed_over(place)


def _refuse_name(name: str, place: Place) -> None:
    if not name or any(character in "=\0" or "\ud800" <= character <= "\udfff" for character in name):
        place.refuse(f"{quoted(name)} cannot be the name of an environment variable")
    elif name == "CONTEXT_FILE" or name.startswith("SHARDFLOW_"):
        place.refuse(f"{quoted(name)} is set by shardflow itself", "choose another name")


def _read_secret(place: Place) -> Secret:
    """Read a reference to a secret; a value written into the workflow would be none."""
    with place.fields() as fields:
        variable = fields.optional("env", _read_variable_name, None)
        file = fields.optional("file", read_filled, None)
        if (variable is None) == (file is None):
            fields.here.refuse("a secret is referred to in one of two ways", _HOW_TO_REFER)
    return SecretFile(file or "") if variable is None else SecretVariable(variable)


def _read_variable_name(place: Place) -> str:
    name = place.text()
    if isinstance(place.value, str):
        _refuse_name(name, place)
    return name


def _read_shard_form(place: Place) -> ShardForm | None:
    return place.choice("form of a shard", _SHARD_FORMS)


def _read_patterns(place: Place) -> tuple[Pattern, ...]:
    """Read a list of path patterns; an empty one declares that there are none."""
    from shardflow.model.patterns import read_pattern  # a workflow that declares nothing need not wait for it

    read = (read_pattern(item) for item in place.items())
    return tuple(pattern for pattern in read if pattern is not None)
