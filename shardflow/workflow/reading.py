"""From a document to a workflow, or to all its problems at once, each with its line and what to do."""

from __future__ import annotations

from typing import Final

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Document
from shardflow.model.fields import Fields, Place, read_document
from shardflow.workflow.groups import Named, read_subagents, refuse_twins
from shardflow.workflow.model import (
    DEFAULT_MAX_PARALLEL,
    Behavior,
    ContextFile,
    ContextSource,
    InlineContext,
    InlineRules,
    OnUndeclaredWrite,
    Phase,
    RulesFile,
    RulesSource,
    Subagent,
    Workflow,
)
from shardflow.workflow.programs import PROGRAM_FIELDS, read_subagent
from shardflow.workflow.texts import read_filled, read_id, read_label, read_max_parallel

_BEHAVIORS: Final = {behavior.value: behavior for behavior in Behavior}
_ON_UNDECLARED_WRITE: Final = {choice.value: choice for choice in OnUndeclaredWrite}


def read_workflow(document: Document) -> Workflow:
    """Read a workflow; names of files in it stay texts, nothing is opened.

    Raises InvalidWorkflow with every problem, in the order of the file.
    """
    return read_document(document, _read_workflow, InvalidWorkflow)


def _read_workflow(place: Place) -> Workflow:
    with place.fields() as fields:
        return Workflow(
            name=fields.required("name", read_label),
            description=fields.optional("description", Place.text, ""),
            max_parallel=fields.optional("max_parallel", read_max_parallel, DEFAULT_MAX_PARALLEL),
            context=fields.optional("context", _read_context, None),
            rules=fields.optional("rules", _read_rules, None),
            on_undeclared_write=_read_on_undeclared_write(fields) or OnUndeclaredWrite.REFUSE,
            phases=fields.required("phases", _read_phases),
        )


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
            place.expect("the path of a rule file, the name of a shipped rule set, or an object")
            return RulesFile("")


def _read_phases(place: Place) -> tuple[Phase, ...]:
    items = place.items()
    if place.value == []:
        place.expect("at least one phase")
    phases = tuple(map(_read_phase, items))
    refuse_twins(Named(phase.id, item.inner("id", phase.id)) for phase, item in zip(phases, items, strict=True))
    return phases


def _read_phase(place: Place) -> Phase:
    with place.fields() as fields:
        phase_id = fields.required("id", read_id)
        behavior = fields.required("behavior", _read_behavior)
        return Phase(
            id=phase_id,
            description=fields.optional("description", Place.text, ""),
            behavior=behavior or Behavior.SEQUENTIAL,
            max_parallel=fields.optional("max_parallel", read_max_parallel, None),
            rules=fields.optional("rules", _read_rules, None),
            on_undeclared_write=_read_on_undeclared_write(fields),
            subagents=_read_what_runs(fields, behavior or _likely_behavior(fields), phase_id),
        )


def _read_on_undeclared_write(fields: Fields) -> OnUndeclaredWrite | None:
    name = "on_undeclared_write"
    return fields.optional(name, lambda place: place.choice(name, _ON_UNDECLARED_WRITE), None)


def _read_behavior(place: Place) -> Behavior | None:
    return place.choice("behavior", _BEHAVIORS)


def _likely_behavior(fields: Fields) -> Behavior:
    """Guess what a phase without a readable behavior was meant to be, so that all its problems are told."""
    main = "subagents" not in fields and ("run" in fields or "python" in fields)
    return Behavior.MAIN_ONLY if main else Behavior.SEQUENTIAL


def _read_what_runs(fields: Fields, behavior: Behavior, phase_id: str) -> tuple[Subagent, ...]:
    if behavior is Behavior.MAIN_ONLY:
        if "subagents" in fields:
            hint = "put run: or python: on the phase itself, or say behavior: sequential"
            fields.place("subagents").refuse("a main-only phase has no subagents", hint)
        return (read_subagent(fields, phase_id),)
    for name in PROGRAM_FIELDS:
        if name in fields:
            hint = "move it into a subagent of the phase, or say behavior: main-only"
            fields.place(name).refuse(f"only a main-only phase has '{name}' of its own", hint)
    return fields.required("subagents", read_subagents)
