"""What a sealed shard depends on: the unit of resume, keyed by content and never by position.

Law: two subagents with the same content, started on the same base, are asked for the same work; a shard sealed for one
holds for the other. What counts:

    phase, id           the subagent knows both from its environment
    iteration           where the phase runs once more in one run: what it did the first time is not what it does then
    program, env, cwd   the command, or the function's name, as the workflow writes it
    secrets             where each is kept, never its value: a key that was renewed makes no other work
    shard               the form it leaves its shard in
    type, config        what its prompt is made of, with the base, and where its output is expected
    output              likewise
    item                of a fan-out: the item it works on, with its key
    base                the SHA-256 of the context it started from: everything earlier groups and their rules made; of a
                        subagent that declares its `reads`, that of what these match, and of what its prompt is made of

What does not: its place in the workflow or in its phase, its timeout, how it is stopped, how often it is tried, what it
declared to write (checked again whenever its shard is used). Files that a program reads beside the base are
not known here: whoever edits a script names the subagent in `shardflow resume --rerun`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from shardflow.model.values import Json
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Subagent
from shardflow.workflow.program import (
    ArgumentList,
    EngineMade,
    OfType,
    Program,
    PythonFunction,
    ShellCommand,
    secret_json,
)

_VERSION = 5
"""Of this definition: shards sealed under another one are not recognised, which costs time and never a result."""


def subagent_content(phase: str, iteration: int, subagent: Subagent, base: str, told: str = "") -> bytes:
    """Spell out what the shard of a subagent depends on.

    `base` is the SHA-256 of the group's base, or of what of it the subagent reads; `told` then that of its prompt.
    """
    return _spelt(
        {
            "v": _VERSION,
            "phase": phase,
            "iteration": iteration,
            "id": subagent.id,
            "program": _program(subagent.program),
            "env": dict(subagent.environment),
            "secrets": {name: secret_json(secret) for name, secret in subagent.secrets.items()},
            "cwd": subagent.cwd,
            "shard": subagent.shard.value,
            "type": subagent.type,
            "config": dict(subagent.config),
            "output": subagent.output,
            "item": None if subagent.item is None else [subagent.item.key, subagent.item.value],
            "base" if subagent.reads is None else "read": base,
            **({"told": told} if told else {}),
        }
    )


def group_content(phase: str, subagents: Iterable[str], base: str, rules: str) -> bytes:
    """Spell out what the merge of a group depends on: its subagents' digests by rank, SHA-256 of base and rules."""
    return _spelt({"v": _VERSION, "phase": phase, "subagents": list(subagents), "base": base, "rules": rules})


def question_content(phase: str, iteration: int, name: str, inputs: Json, base: str) -> bytes:
    """Spell out what the answer to a question depends on; `inputs` are all it says besides."""
    members = {"phase": phase, "iteration": iteration, "question": name, "inputs": inputs, "base": base}
    return _spelt({"v": _VERSION, **members})


def arbitration_content(phase: str, iteration: int, arbiter: Json, question: str) -> bytes:
    """Spell out what the answer of an arbiter depends on; `question` is the SHA-256 of what it is asked."""
    return _spelt({"v": _VERSION, "phase": phase, "iteration": iteration, "arbiter": arbiter, "asked": question})


def _spelt(members: dict[str, object]) -> bytes:
    return json.dumps(members, sort_keys=True, default=_exact).encode()


def _exact(number: object) -> object:
    """Spell a number that no float holds exactly so that no text looks like it."""
    return {"number": str(number)}


def _program(program: Program) -> list[object]:
    match program:
        case ShellCommand(text):
            return ["shell", text]
        case ArgumentList(arguments):
            return ["arguments", *arguments]
        case PythonFunction(module, name):
            return ["python", module, name]
        case AgentPreset(cli, model, tools, arguments, passed, prompt):
            allowed = None if tools is None else list(tools)
            return ["agent", cli.value, model, allowed, list(arguments), list(passed), prompt]
        case OfType(name):
            return ["type", name]
        case EngineMade(inputs):
            return ["engine", inputs]
