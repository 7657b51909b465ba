"""`shardflow run --dry-run`: everything checked, nothing run; what would run, for people or as one object."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from shardflow.cli.commands.validate import tell_warnings
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place, shortened, subagents_text
from shardflow.cli.views.objects import object_bytes, problem_objects
from shardflow.cli.views.plan.policies import limit_lines, phase_lines, subagent_lines
from shardflow.cli.views.plan.staging import staging_lines
from shardflow.execution.checking import nobodys_ids, write_overlaps
from shardflow.execution.laying_out import checked_start
from shardflow.execution.presence import missing_programs
from shardflow.execution.request import RunRequest, context_path
from shardflow.execution.schedule import ScheduledPhase
from shardflow.execution.secrets.references import read_secrets
from shardflow.execution.staging.beginning import staged
from shardflow.model.documents import Problem
from shardflow.model.patterns import Pattern
from shardflow.model.records import replaced
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Behavior, OnUndeclaredWrite, RulesFile, Subagent, Workflow
from shardflow.workflow.plan import plan
from shardflow.workflow.program import ArgumentList, EngineMade, OfType, Program, PythonFunction, ShellCommand

_PROGRAM_WIDTH = 500
_PATTERNS_WIDTH = 500


def show_plan(request: RunRequest, *, as_json: bool) -> int:
    """Check a request as a run would and show what it would run. Raises what would keep it from starting."""
    with ExitStack() as held:
        request, staging = staged(request, held)
    start = checked_start(request, staging)
    phases = start.schedule
    entries = () if staging is None else staging.agents.entries
    secrets = read_secrets(request.workflow, request.workflow_file, entries)
    secrets.refuse_in(start.base.data, context_path(request, staging) or request.workflow_file)
    document = parse_yaml(request.workflow_bytes, request.workflow_file)
    overlaps = write_overlaps(document, ((scheduled.phase, scheduled.rules) for scheduled in phases))
    folder = os.path.dirname(request.workflow_file)
    warnings = [*overlaps, *missing_programs(request.workflow, document, folder)]
    if not request.workflow.keeps_books:
        warnings.extend(nobodys_ids(request.workflow, (scheduled.rules for scheduled in phases)))
    if staging is not None:
        from shardflow.execution.staging.checking import missing_of_the_dialect  # most workflows are native

        warnings.extend(missing_of_the_dialect(request.workflow, document, staging.agents))
    if as_json:
        CONSOLE.hand_over(object_bytes(_plan_object(request, warnings)))
        return 0
    tell_warnings(warnings)
    CONSOLE.say("\n".join(_plan_lines(request, context_path(request, staging), phases)))
    return 0


def _plan_lines(request: RunRequest, context: str | None, phases: Sequence[ScheduledPhase]) -> Iterator[str]:
    yield f"{printable(request.workflow.name)}: {count(len(phases), 'phase')}, nothing run (--dry-run)"
    yield f"context: {place(context) if context else 'context.json in the run directory'}"
    yield from limit_lines(request.workflow)
    for scheduled in phases:
        yield f"{scheduled.phase.id}: {scheduled.phase.behavior.value}, {_extent(scheduled)}"
        yield from phase_lines(scheduled.phase)
        for subagent in scheduled.phase.subagents:
            yield f"  {subagent.id}: {_shown_program(subagent)}"
            yield from subagent_lines(subagent)
            yield from _declared(subagent, scheduled.phase.on_undeclared_write or request.workflow.on_undeclared_write)
        yield from staging_lines(scheduled.phase.staging)


def _declared(subagent: Subagent, on_undeclared: OnUndeclaredWrite) -> Iterator[str]:
    if subagent.writes is not None:
        told = "; other writes are merged and told" if on_undeclared is OnUndeclaredWrite.WARN else ""
        yield f"    writes: {_shown_patterns(subagent.writes)}{told}"
    if subagent.reads is not None:
        yield f"    reads: {_shown_patterns(subagent.reads)}"


def _shown_patterns(patterns: Sequence[Pattern]) -> str:
    return shortened(", ".join(map(str, patterns)), _PATTERNS_WIDTH) or "nothing"


def _extent(scheduled: ScheduledPhase) -> str:
    named = scheduled.phase.subagents
    subagents = subagents_text(len(named), [one.foreach.path for one in named if one.foreach])
    parallel = scheduled.phase.behavior is Behavior.PARALLEL
    return f"{subagents}, at most {scheduled.slots} at a time" if parallel else subagents


def _shown_program(subagent: Subagent) -> str:
    timeout = f", at most {subagent.policy.timeout:g} s" if subagent.policy.timeout is not None else ""
    return f"{shortened(_program_text(subagent.program), _PROGRAM_WIDTH)}{timeout}"


def _program_text(program: Program) -> str:
    match program:
        case ShellCommand(text):
            return text
        case ArgumentList(arguments):
            return shlex.join(arguments)
        case PythonFunction(module, name):
            return f"python {module}:{name}"
        case AgentPreset(cli, model):
            return f"the agent CLI {cli.value}" + (f", model {model}" if model is not None else "")
        case OfType(name):
            return f"the agent for {name}"
        case EngineMade():
            raise AssertionError("no workflow says what the engine makes itself")


def _plan_object(request: RunRequest, warnings: Sequence[Problem]) -> dict[str, Json]:
    planned = plan(_effective(request))
    return {"status": "planned", "exit_code": 0, "plan": planned, "warnings": problem_objects(warnings)}


def _effective(request: RunRequest) -> Workflow:
    """Give the workflow with what the command line says over it."""
    over: dict[str, Any] = {}
    if request.rules is not None:
        over["rules"] = RulesFile(request.rules)
    if request.max_parallel is not None:
        over["max_parallel"] = request.max_parallel
    return replaced(request.workflow, phases=tuple(replaced(p, **over) for p in request.workflow.phases), **over)
