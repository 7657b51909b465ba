"""From a document to a workflow, or to all its problems at once, each with its line and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Document, IdleFields, Problem
from shardflow.model.fields import Fields, Place, quoted, read_partly, unknown_fields
from shardflow.model.paths import ROOT
from shardflow.model.records import replaced
from shardflow.model.values import Json
from shardflow.workflow.dialect import recognising
from shardflow.workflow.dialect.model import Mode, PhaseStaging
from shardflow.workflow.dialect.reading import (
    in_phase,
    read_checkpoint,
    read_finalization,
    read_gap_check,
    read_mode,
    read_phase_name,
    read_skills,
    read_suggested,
    read_version,
)
from shardflow.workflow.dialect.targets import refuse_unknown_targets
from shardflow.workflow.model import (
    DEFAULT_MAX_PARALLEL,
    NO_LIMITS,
    Behavior,
    ContextFile,
    ContextSource,
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
from shardflow.workflow.policies import FAILURE_FIELDS, NO_FAILURE_POLICY, FailurePolicy
from shardflow.workflow.reading.modes import WhatRuns, likely_mode, read_what_runs
from shardflow.workflow.reading.subagents import Named, read_policy_of, read_when, refuse_twins
from shardflow.workflow.texts import read_filled, read_id, read_label, read_max_parallel

if TYPE_CHECKING:
    from shardflow.workflow.agents.model import AgentEntry, HelperCommand

_ELSEWHERE: Final = {
    **dict.fromkeys(("steps", "stages", "jobs", "tasks"), "phases"),
    **dict.fromkeys(("concurrency", "parallelism"), "max_parallel"),
    "state": "context",
}
"""What other tools call the fields of a workflow."""
_MISPLACED: Final = {
    **dict.fromkeys(("run", "python", "env", "cwd", "shard", "writes", "reads", "foreach", "prompt"), "a subagent"),
    **dict.fromkeys(("behavior", "subagents", "when"), "a phase"),
}
"""Whose fields some are that may be sought in the workflow."""
_OF_A_PHASE_ELSEWHERE: Final = {
    **dict.fromkeys(("steps", "jobs", "tasks", "agents"), "subagents"),
    **dict.fromkeys(("concurrency", "parallelism"), "max_parallel"),
    **dict.fromkeys(("if", "condition"), "when"),
    "mode": "behavior",
}
"""What other tools call the fields of a phase."""
_OF_A_PHASE_MISPLACED: Final = {
    "foreach": "a subagent",
    **dict.fromkeys(("context", "limits"), "the workflow"),
}
"""Whose fields some are that may be sought in a phase."""

_BEHAVIORS: Final = {behavior.value: behavior for behavior in Behavior}
_ON_UNDECLARED_WRITE: Final = {choice.value: choice for choice in OnUndeclaredWrite}
_ON_MISSING_OUTPUT: Final = {choice.value: choice for choice in OnMissingOutput}


def read_workflow(document: Document) -> Workflow:
    """Read a workflow; names of files in it stay texts, nothing is opened.

    Fields that nobody knows, or that are null and may be absent, are passed over in the shell engine's files, as that
    engine did; `passed_over` tells the former.
    Raises InvalidWorkflow with every problem, in the order of the file.
    """
    workflow, problems = read_partial_workflow(document)
    if problems:
        raise InvalidWorkflow(problems)
    return workflow


def read_partial_workflow(document: Document) -> tuple[Workflow, list[Problem]]:
    """Read a workflow as far as it can be read, for who looks for more problems, and give all that reading found."""
    if recognising.is_of_the_shell_engine(document):
        document = replaced(document, idle_fields=IdleFields.PASS_OVER)
    workflow, problems = read_partly(document, _read_workflow)
    if _is_a_rule_file(document.value):
        hint = "`shardflow rules lint` checks those"
        problems = [document.problem(ROOT, "these are rules, not a workflow: it has no 'phases'", hint)]
    if recognising.is_of_the_shell_engine(document):
        problems = [_with_phase(problem, workflow) for problem in problems]
    return inherited(workflow), problems


def _with_phase(problem: Problem, workflow: Workflow) -> Problem:
    """Have a problem name its phase, by which users of the shell engine know it."""
    match problem.path:
        case ("phases", int(number), *_) if not problem.message.startswith("phase '"):
            return replaced(problem, message=in_phase(workflow.phases[number].id, problem.message))
        case _:
            return problem


def inherited(workflow: Workflow) -> Workflow:
    """Give a workflow whose phases have what they do not say from it, and whose subagents from their phases."""
    return replaced(workflow, phases=tuple(_inherited(phase, workflow) for phase in workflow.phases))


def _inherited(phase: Phase, workflow: Workflow) -> Phase:
    policy = phase.policy.over(workflow.policy)
    subagents = tuple(replaced(one, policy=one.policy.over(policy)) for one in phase.subagents)
    return replaced(phase, policy=policy, failures=phase.failures.over(workflow.failures), subagents=subagents)


def passed_over(document: Document) -> tuple[Problem, ...]:
    """Find what reading a workflow of the shell engine passes over; of every other one that is nothing."""
    if not recognising.is_of_the_shell_engine(document):
        return ()
    return unknown_fields(document, _read_workflow)


def _is_a_rule_file(value: Json) -> bool:
    return isinstance(value, dict) and "phases" not in value and isinstance(value.get("rules"), list)


def _read_workflow(place: Place) -> Workflow:
    with place.fields() as fields:
        fields.elsewhere, fields.misplaced = _ELSEWHERE, _MISPLACED
        is_of_the_shell_engine = recognising.is_of_the_shell_engine(place.document)
        if is_of_the_shell_engine:
            _expect_all(fields)
        otherwise: Mode | None = Mode.STRICT
        mode = fields.optional("execution_mode", read_mode, otherwise)
        return Workflow(
            name=fields.required("name", read_label),
            description=fields.optional("description", Place.text, ""),
            max_parallel=fields.optional("max_parallel", read_max_parallel, DEFAULT_MAX_PARALLEL),
            context=fields.optional("context", _read_context, None),
            rules=fields.optional("rules", _read_rules, None),
            on_undeclared_write=_read_on_undeclared_write(fields) or OnUndeclaredWrite.REFUSE,
            on_missing_output=_read_on_missing_output(fields) or OnMissingOutput.FAIL,
            mode=mode or Mode.STRICT,
            version=fields.optional("version", read_version, ""),
            finalization=fields.optional("finalization", read_finalization, None),
            agents=fields.optional("agents", _read_agents, ()),
            helpers=fields.optional("helpers", _read_helpers, {}),
            phases=fields.required("phases", lambda inner: _read_phases(inner, mode)),
            keeps_books=is_of_the_shell_engine or recognising.uses_the_dialect(place.document),
            policy=read_policy_of(fields),
            failures=_read_failures(fields, None),
            limits=fields.optional("limits", _read_limits, NO_LIMITS),
        )


def _read_agents(place: Place) -> tuple[AgentEntry, ...]:
    from shardflow.workflow.agents.reading import read_agents  # most workflows have none

    return read_agents(place)


def _read_helpers(place: Place) -> Mapping[str, HelperCommand]:
    from shardflow.workflow.agents.reading import read_helpers

    return read_helpers(place)


def _expect_all(fields: Fields) -> None:
    for name in recognising.REQUIRED:
        if name not in fields and name not in ("name", "phases"):
            hint = "the shell engine's files (*.workflow.yaml) have it; others may leave it out"
            fields.here.refuse(f"field {quoted(name)} is missing", hint)


def _read_context(place: Place) -> ContextSource:
    match place.value:
        case str():
            return ContextFile(read_filled(place))
        case dict(value):
            return InlineContext(value)
        case _:
            place.expect("the path of a JSON file, or an object")
            return InlineContext({})


def _read_rules(place: Place) -> RulesSource:
    match place.value:
        case str():
            return RulesFile(read_filled(place))
        case dict():
            return InlineRules(place.part())
        case _:
            hint = "put the list into an object: {rules: [...]}" if isinstance(place.value, list) else ""
            place.expect("the path of a rule file, the name of a shipped rule set, or an object", hint)
            return RulesFile("")


def _read_phases(place: Place, mode: Mode | None) -> tuple[Phase, ...]:
    items = place.items()
    if place.value == []:
        place.expect("at least one phase")
    phases = tuple(_read_phase(item, mode) for item in items)
    refuse_twins(Named(phase.id, item.inner("id", phase.id)) for phase, item in zip(phases, items, strict=True))
    staged = ((item, phase.staging) for phase, item in zip(phases, items, strict=True))
    refuse_unknown_targets(staged, [phase.id for phase in phases])
    return phases


def _read_phase(place: Place, default: Mode | None) -> Phase:
    with place.fields() as fields:
        called = read_phase_name if recognising.is_of_the_shell_engine(place.document) else read_id
        phase_id = fields.required("id", called)
        behavior = fields.required("behavior", _read_behavior)
        mode = fields.optional("execution_mode", read_mode, default) or likely_mode(fields)
        runs = read_what_runs(fields, mode, behavior, phase_id)
        fields.elsewhere = {**fields.elsewhere, **_OF_A_PHASE_ELSEWHERE}
        fields.misplaced = _OF_A_PHASE_MISPLACED
        return Phase(
            id=phase_id,
            description=fields.optional("description", Place.text, ""),
            behavior=behavior or Behavior.SEQUENTIAL,
            max_parallel=fields.optional("max_parallel", read_max_parallel, None),
            rules=fields.optional("rules", _read_rules, None),
            on_undeclared_write=_read_on_undeclared_write(fields),
            on_missing_output=_read_on_missing_output(fields),
            subagents=runs.subagents,
            staging=_read_staging(fields, mode, runs),
            when=fields.optional("when", read_when, None),
            policy=read_policy_of(fields),
            failures=_read_failures(fields, _number_of(runs.subagents)),
        )


def _read_staging(fields: Fields, mode: Mode, runs: WhatRuns) -> PhaseStaging:
    return PhaseStaging(
        mode=mode,
        name=fields.optional("name", Place.text, ""),
        adaptive=runs.adaptive,
        suggested=fields.optional("suggested_subagents", read_suggested, ()),
        main=runs.main,
        gap_check=fields.optional("gap_check", read_gap_check, None),
        checkpoint=fields.optional("checkpoint", read_checkpoint, None),
        skills=fields.optional("skills", read_skills, ()),
    )


def _read_limits(place: Place) -> Limits:
    from shardflow.workflow.limits import read_limits  # most workflows have none

    return read_limits(place)


def _read_failures(fields: Fields, subagents: int | None) -> FailurePolicy:
    if not fields.has_any(FAILURE_FIELDS):
        return NO_FAILURE_POLICY
    from shardflow.workflow.reading.policies import read_failure_policy

    return read_failure_policy(fields, subagents)


def _number_of(subagents: tuple[Subagent, ...]) -> int | None:
    """Count the subagents of a phase, if it is known before the run."""
    varies = any(subagent.foreach is not None for subagent in subagents)
    return None if varies else len(subagents)


def _read_on_undeclared_write(fields: Fields) -> OnUndeclaredWrite | None:
    name = "on_undeclared_write"
    return fields.optional(name, lambda place: place.choice(name, _ON_UNDECLARED_WRITE), None)


def _read_on_missing_output(fields: Fields) -> OnMissingOutput | None:
    name = "on_missing_output"
    return fields.optional(name, lambda place: place.choice(name, _ON_MISSING_OUTPUT), None)


def _read_behavior(place: Place) -> Behavior | None:
    return place.choice("behavior", _BEHAVIORS)
