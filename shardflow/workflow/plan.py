"""The plan of a workflow as plain values, for people and programs who ask what would run.

Law: a plan is a workflow again, what its defaults and types stood for spelt out; its own plan is itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardflow.model.values import Json
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.dialect.model import Mode
from shardflow.workflow.dialect.plan import finalization_plan, saying, staging_plan
from shardflow.workflow.model import (
    NO_LIMITS,
    Behavior,
    ContextFile,
    ContextSource,
    FanOut,
    InlineContext,
    InlineRules,
    Limits,
    OnMissingOutput,
    OnUndeclaredWrite,
    Phase,
    RulesFile,
    RulesSource,
    Subagent,
    Workflow,
)
from shardflow.workflow.policies import NO_FAILURE_POLICY, NO_POLICY, FailurePolicy, Policy
from shardflow.workflow.program import (
    ArgumentList,
    EngineMade,
    OfType,
    Program,
    PythonFunction,
    ShellCommand,
    secret_json,
)

if TYPE_CHECKING:
    from shardflow.workflow.conditions import Condition


def plan(workflow: Workflow) -> dict[str, Json]:
    """Give what a workflow runs, phase by phase in order; a field that says nothing is left out."""
    return saying(
        {
            "name": workflow.name,
            "description": workflow.description,
            "max_parallel": workflow.max_parallel,
            "version": workflow.version,
            "execution_mode": workflow.mode.value if workflow.keeps_books else None,
            "on_undeclared_write": _unless_refused(workflow.on_undeclared_write),
            "on_missing_output": _unless_failed(workflow.on_missing_output),
            "context": _context(workflow.context),
            **_failures(workflow.failures),
            **_policy(workflow.policy),
            "limits": _limits(workflow.limits),
            "phases": [_phase(phase, workflow) for phase in workflow.phases],
            "finalization": finalization_plan(workflow.finalization),
        }
    )


def _phase(phase: Phase, workflow: Workflow) -> dict[str, Json]:
    described: dict[str, Json] = {
        "id": phase.id,
        "description": phase.description,
        "behavior": phase.behavior.value,
        "rules": _rules(phase.rules or workflow.rules),
        "on_undeclared_write": phase.on_undeclared_write and phase.on_undeclared_write.value,
        "on_missing_output": phase.on_missing_output and phase.on_missing_output.value,
        **staging_plan(phase.staging),
        "when": _when(phase.when),
        **_failures(phase.failures),
        **_policy(phase.policy),
    }
    if phase.staging.mode is not workflow.mode:
        described["execution_mode"] = phase.staging.mode.value
    match phase.behavior:
        case Behavior.MAIN_ONLY:
            described |= _what_runs(phase.subagents[0]) if phase.subagents else {}
        case Behavior.PARALLEL:
            described["max_parallel"] = phase.max_parallel or workflow.max_parallel
            described["subagents"] = _subagents(phase)
        case Behavior.SEQUENTIAL:
            described["subagents"] = _subagents(phase)
    return saying(described)


def _subagents(phase: Phase) -> Json:
    listed: Json = [_subagent(subagent) for subagent in phase.subagents]
    if phase.staging.mode is not Mode.ADAPTIVE:
        return listed
    script = phase.staging.adaptive
    adaptive: Json = None if script is None else {"script": script.text}
    return saying({"always": listed or None, "adaptive": adaptive})


def _subagent(subagent: Subagent) -> dict[str, Json]:
    name = "type" if isinstance(subagent.program, OfType) else "id"
    named = {name: subagent.type if name == "type" else subagent.id, "when": _when(subagent.when)}
    return saying({**named, "foreach": _foreach(subagent.foreach), **_what_runs(subagent), **_policy(subagent.policy)})


def _limits(limits: Limits) -> Json:
    if limits == NO_LIMITS:
        return None
    from shardflow.workflow.limits import limits_json

    return limits_json(limits)


def _policy(policy: Policy) -> dict[str, Json]:
    if policy == NO_POLICY:
        return {}
    from shardflow.workflow.reading.policies import policy_json

    return policy_json(policy)


def _failures(policy: FailurePolicy) -> dict[str, Json]:
    if policy == NO_FAILURE_POLICY:
        return {}
    from shardflow.workflow.reading.policies import failure_policy_json

    return failure_policy_json(policy)


def _when(condition: Condition | None) -> Json:
    if condition is None:
        return None
    from shardflow.workflow.conditions import condition_json

    return condition_json(condition)


def _foreach(fan_out: FanOut | None) -> Json:
    if fan_out is None:
        return None
    from shardflow.workflow.fan_out import fan_out_json

    return fan_out_json(fan_out)


def _what_runs(subagent: Subagent) -> dict[str, Json]:
    return saying(
        {
            **_program(subagent.program),
            "env": _environment(subagent) or None,
            "cwd": subagent.cwd,
            "shard": subagent.shard.value,
            "writes": None if subagent.writes is None else list(map(str, subagent.writes)),
            "reads": None if subagent.reads is None else list(map(str, subagent.reads)),
            "config": dict(subagent.config) or None,
        }
    )


def _environment(subagent: Subagent) -> dict[str, Json]:
    return {**subagent.environment, **{name: secret_json(secret) for name, secret in subagent.secrets.items()}}


def _unless_refused(choice: OnUndeclaredWrite) -> Json:
    return None if choice is OnUndeclaredWrite.REFUSE else choice.value


def _unless_failed(choice: OnMissingOutput) -> Json:
    return None if choice is OnMissingOutput.FAIL else choice.value


def _program(program: Program) -> dict[str, Json]:
    match program:
        case ShellCommand(text):
            return {"run": text}
        case ArgumentList(arguments):
            return {"run": list(arguments)}
        case PythonFunction(module, name):
            return {"python": f"{module}:{name}"}
        case AgentPreset():
            return _agent(program)
        case OfType():
            return {}
        case EngineMade():
            raise AssertionError("no workflow says what the engine makes itself")


def _agent(preset: AgentPreset) -> dict[str, Json]:
    return saying(
        {
            "agent": preset.cli.value,
            "model": preset.model,
            "tools": None if preset.tools is None else list(preset.tools),
            "args": list(preset.arguments) or None,
            "pass_env": list(preset.pass_environment) or None,
            "prompt": preset.prompt or None,
        }
    )


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
