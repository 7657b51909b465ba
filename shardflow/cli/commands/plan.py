"""`shardflow run --dry-run`: everything checked, nothing run; what would run, for people or as one object."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from shardflow.cli.commands.checking import context_problems, problems_of
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place, shortened
from shardflow.cli.views.objects import object_bytes
from shardflow.errors import InvalidInput
from shardflow.execution.rule_sources import load_rules
from shardflow.execution.run import RunRequest
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable
from shardflow.workflow.model import (
    ArgumentList,
    Behavior,
    Phase,
    Program,
    PythonFunction,
    RulesFile,
    ShellCommand,
    Subagent,
)

_PROGRAM_WIDTH = 100


def show_plan(request: RunRequest, *, as_json: bool) -> int:
    """Check a request and show what it would run. Raises InvalidInput with every problem found."""
    _check(request)
    if as_json:
        CONSOLE.hand_over(object_bytes(_plan_object(request)))
    else:
        CONSOLE.say("\n".join(_plan_lines(request)))
    return 0


def _check(request: RunRequest) -> None:
    problems = problems_of(request.workflow, request.workflow_file)
    if request.context is not None and os.path.lexists(request.context):
        problems += context_problems(request.context, request.context)
    if problems:
        raise InvalidInput(problems)
    if request.rules is not None:
        load_rules(RulesFile(request.rules), "")


def _plan_lines(request: RunRequest) -> Iterator[str]:
    workflow = request.workflow
    yield f"{printable(workflow.name)}: {count(len(workflow.phases), 'phase')}, nothing run (--dry-run)"
    yield f"context: {place(request.context) if request.context else 'context.json in the run directory'}"
    for phase in workflow.phases:
        yield f"{phase.id}: {phase.behavior.value}, {_limit(phase, request)}"
        yield from (f"  {subagent.id}: {_shown_program(subagent)}" for subagent in phase.subagents)


def _limit(phase: Phase, request: RunRequest) -> str:
    subagents = count(len(phase.subagents), "subagent")
    parallel = phase.behavior is Behavior.PARALLEL
    return f"{subagents}, at most {_max_parallel(phase, request)} at a time" if parallel else subagents


def _max_parallel(phase: Phase, request: RunRequest) -> int:
    return request.max_parallel or phase.max_parallel or request.workflow.max_parallel


def _shown_program(subagent: Subagent) -> str:
    timeout = f", at most {subagent.timeout:g} s" if subagent.timeout is not None else ""
    return f"{shortened(_program_text(subagent.program), _PROGRAM_WIDTH)}{timeout}"


def _program_text(program: Program) -> str:
    match program:
        case ShellCommand(text):
            return text
        case ArgumentList(arguments):
            return shlex.join(arguments)
        case PythonFunction(module, name):
            return f"python {module}:{name}"


def _plan_object(request: RunRequest) -> dict[str, Json]:
    workflow = request.workflow
    plan: list[Json] = [_phase_object(phase, request) for phase in workflow.phases]
    return {"status": "planned", "exit_code": 0, "workflow": workflow.name, "plan": plan}


def _phase_object(phase: Phase, request: RunRequest) -> Json:
    subagents: list[Json] = [
        {"id": subagent.id, "program": _program_text(subagent.program), "shard": subagent.shard.value}
        for subagent in phase.subagents
    ]
    limit = _max_parallel(phase, request) if phase.behavior is Behavior.PARALLEL else 1
    return {"id": phase.id, "behavior": phase.behavior.value, "max_parallel": limit, "subagents": subagents}
