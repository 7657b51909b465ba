"""`shardflow run --dry-run`: everything checked, nothing run; what would run, for people or as one object."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from shardflow.cli.commands.checking import context_problems, problems_of
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place, shortened
from shardflow.cli.views.objects import object_bytes
from shardflow.errors import InvalidInput
from shardflow.execution.rule_sources import load_rules
from shardflow.execution.run import RunRequest
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
    Workflow,
)
from shardflow.workflow.plan import plan

_PROGRAM_WIDTH = 100


def show_plan(request: RunRequest, *, as_json: bool) -> int:
    """Check a request and show what it would run. Raises InvalidInput with every problem found."""
    _check(request)
    workflow = _effective(request)
    if as_json:
        CONSOLE.hand_over(object_bytes({"status": "planned", "exit_code": 0, "plan": plan(workflow)}))
    else:
        CONSOLE.say("\n".join(_plan_lines(workflow, request.context)))
    return 0


def _check(request: RunRequest) -> None:
    problems = problems_of(request.workflow, request.workflow_file)
    if request.context is not None and os.path.lexists(request.context):
        problems += context_problems(request.context, request.context)
    if problems:
        raise InvalidInput(problems)
    if request.rules is not None:
        load_rules(RulesFile(request.rules), "")


def _effective(request: RunRequest) -> Workflow:
    """Give the workflow with what the command line says over it."""
    rules = RulesFile(request.rules) if request.rules is not None else None
    changes: dict[str, Any] = {"rules": rules} if rules else {}
    if request.max_parallel is not None:
        changes["max_parallel"] = request.max_parallel
    phases = tuple(replace(phase, **changes) for phase in request.workflow.phases)
    return replace(request.workflow, phases=phases, **changes)


def _plan_lines(workflow: Workflow, context: str | None) -> Iterator[str]:
    yield f"{printable(workflow.name)}: {count(len(workflow.phases), 'phase')}, nothing run (--dry-run)"
    yield f"context: {place(context) if context else 'context.json in the run directory'}"
    for phase in workflow.phases:
        yield f"{phase.id}: {phase.behavior.value}, {_extent(phase, workflow)}"
        yield from (f"  {subagent.id}: {_shown_program(subagent)}" for subagent in phase.subagents)


def _extent(phase: Phase, workflow: Workflow) -> str:
    subagents = count(len(phase.subagents), "subagent")
    if phase.behavior is not Behavior.PARALLEL:
        return subagents
    return f"{subagents}, at most {phase.max_parallel or workflow.max_parallel} at a time"


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
