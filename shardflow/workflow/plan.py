"""The plan of a workflow as plain values, for people and programs who ask what would run.

Law: a plan is a workflow again, what its defaults and types stood for spelt out; its own plan is itself.
"""

from __future__ import annotations

from shardflow.model.values import Json
from shardflow.workflow.model import (
    ArgumentList,
    Behavior,
    ContextFile,
    ContextSource,
    InlineContext,
    InlineRules,
    OnUndeclaredWrite,
    Phase,
    Program,
    PythonFunction,
    RulesFile,
    RulesSource,
    ShellCommand,
    Subagent,
    Workflow,
)


def plan(workflow: Workflow) -> dict[str, Json]:
    """Give what a workflow runs, phase by phase in order; a field that says nothing is left out."""
    return _without_nothing(
        {
            "name": workflow.name,
            "description": workflow.description,
            "max_parallel": workflow.max_parallel,
            "on_undeclared_write": _unless_refused(workflow.on_undeclared_write),
            "context": _context(workflow.context),
            "phases": [_phase(phase, workflow) for phase in workflow.phases],
        }
    )


def _phase(phase: Phase, workflow: Workflow) -> dict[str, Json]:
    described: dict[str, Json] = {
        "id": phase.id,
        "description": phase.description,
        "behavior": phase.behavior.value,
        "rules": _rules(phase.rules or workflow.rules),
        "on_undeclared_write": phase.on_undeclared_write and phase.on_undeclared_write.value,
    }
    match phase.behavior:
        case Behavior.MAIN_ONLY:
            described |= _what_runs(phase.subagents[0])
        case Behavior.PARALLEL:
            described["max_parallel"] = phase.max_parallel or workflow.max_parallel
            described["subagents"] = [_subagent(subagent) for subagent in phase.subagents]
        case Behavior.SEQUENTIAL:
            described["subagents"] = [_subagent(subagent) for subagent in phase.subagents]
    return _without_nothing(described)


def _subagent(subagent: Subagent) -> dict[str, Json]:
    return {"id": subagent.id, **_what_runs(subagent)}


def _what_runs(subagent: Subagent) -> dict[str, Json]:
    return _without_nothing(
        {
            **_program(subagent.program),
            "env": dict(subagent.environment) or None,
            "cwd": subagent.cwd,
            "timeout": subagent.timeout,
            "shard": subagent.shard.value,
            "writes": None if subagent.writes is None else list(map(str, subagent.writes)),
            "reads": list(map(str, subagent.reads)) or None,
        }
    )


def _unless_refused(choice: OnUndeclaredWrite) -> Json:
    return None if choice is OnUndeclaredWrite.REFUSE else choice.value


def _program(program: Program) -> dict[str, Json]:
    match program:
        case ShellCommand(text):
            return {"run": text}
        case ArgumentList(arguments):
            return {"run": list(arguments)}
        case PythonFunction(module, name):
            return {"python": f"{module}:{name}"}


def _context(source: ContextSource | None) -> Json:
    match source:
        case None:
            return None
        case ContextFile(path):
            return path
        case InlineContext(value):
            return value


def _rules(source: RulesSource | None) -> Json:
    match source:
        case None:
            return None
        case RulesFile(name):
            return name
        case InlineRules(document):
            return document.value


def _without_nothing(described: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in described.items() if value is not None and value != ""}
