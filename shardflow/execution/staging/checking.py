"""What may be wrong with a workflow of the dialect beyond its own words: scripts, programs, templates, outputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final

from shardflow.errors import InvalidInput, NodeUnusable, StorageError
from shardflow.execution.presence import HINT, missing, missing_program
from shardflow.execution.prompts.checking import placed
from shardflow.execution.prompts.prompts import find_template
from shardflow.execution.prompts.templates import Template, check_template, read_template
from shardflow.execution.scripts.helpers import THINKING, how_to_answer
from shardflow.execution.scripts.host import ScriptHost
from shardflow.execution.scripts.model import NamedScript
from shardflow.execution.staging.agent_map import AgentMap, load_agents, skilled
from shardflow.execution.staging.feature_folder import written_output
from shardflow.execution.staging.finalization import find_final_template, template_places
from shardflow.execution.staging.scripting import named_script
from shardflow.model.documents import Document, Problem
from shardflow.model.fields import quoted
from shardflow.model.paths import Path
from shardflow.model.places import value_at
from shardflow.model.values import Json
from shardflow.storage.refusals import why_refused
from shardflow.workflow.agents.choosing import how_to_give
from shardflow.workflow.agents.reading import HELPERS
from shardflow.workflow.dialect.model import Expression, Script
from shardflow.workflow.dialect.outputs import NoPlace, output_place
from shardflow.workflow.dialect.reading import LARGEST_PHASE_NUMBER
from shardflow.workflow.model import Behavior, Workflow
from shardflow.workflow.program import OfType
from shardflow.workflow.reading.subagents import places_of

_FINAL_TEMPLATE: Final[Path] = ("finalization", "template")


def needs_node(document: Document) -> str:
    """Name what of a workflow needs Node.js: the first phase that has a script."""
    return next((f"phase '{phase}'" for phase, _, _ in _scripts(document)), "the workflow")


def script_problems(document: Document, host: ScriptHost) -> list[Problem]:
    """Find the scripts of a workflow that do not parse, however much else is wrong with it. Raises NodeUnusable."""
    found = list(_scripts(document))
    faults = host.check([script for _, _, script in found])
    paths = {id(script): path for _, path, script in found}
    return [
        placed(document, paths[id(fault.script)], f"{fault.script.name} does not parse: {fault.message}", fault.line)
        for fault in faults
    ]


def script_problems_or_why_not(document: Document) -> list[Problem]:
    """Find them, or tell as a problem that Node.js is missing."""
    try:
        with ScriptHost(needs_node(document)) as host:
            return script_problems(document, host)
    except NodeUnusable as error:
        (_, path, _), *_ = _scripts(document)
        return [document.problem(path, str(error))]


def outside_problems(workflow: Workflow, document: Document, agents: str | None) -> Iterator[Problem]:
    """Find the types without a program, and the templates that cannot be rendered.

    The workflow is what of it could be read: names that could not are blank, and were told already.
    """
    folder = os.path.dirname(document.source)
    try:
        found = load_agents(workflow, folder, agents)
    except InvalidInput as error:
        yield from error.problems
    except StorageError as error:
        yield Problem(document.source, None, str(error))
    else:
        yield from _types_without_program(workflow, document, found)
    yield from template_flaws(workflow, document, os.getcwd())


def missing_of_the_dialect(workflow: Workflow, document: Document, agents: AgentMap) -> Iterator[Problem]:
    """Warn of programs that are not there of skills and of helpers that scripts ask, of helpers that nobody answers, of
    a missing template, and of what nobody will fill in.
    """
    yield from _missing_for_skills(workflow, document, agents)
    yield from _missing_for_helpers(workflow, document, agents)
    yield from _unanswered_helpers(document, agents)
    yield from _missing_template(workflow, document, os.getcwd())
    yield from _unfilled_prompts(workflow, document)


def _unfilled_prompts(workflow: Workflow, document: Document) -> Iterator[Problem]:
    """Warn of prompts of checkpoints that look like templates: people are asked in these very words."""
    for number, phase in enumerate(workflow.phases):
        checkpoint = phase.staging.checkpoint
        if checkpoint is not None and "{{" in checkpoint.prompt:
            message = "the prompt of a checkpoint is no template: {{ is shown as it stands"
            path = ("phases", number, "checkpoint", "prompt")
            yield document.problem(path, message, "name a file to show of what is to be decided about in show_files")


def _missing_for_helpers(workflow: Workflow, document: Document, agents: AgentMap) -> Iterator[Problem]:
    for helper, command in agents.helpers.items():
        asks = next((path for _, path, script in _scripts(document) if helper in script.text), None)
        message = missing_program(command.program, os.getcwd())
        if asks is None or not message:
            continue
        own = ("helpers", helper, "run")
        if workflow.helpers.get(helper) is command:
            yield document.problem(own, message, HINT)
        else:
            yield document.problem(asks, f"{message}, which answers for the helper {quoted(helper)}", HINT)


def _unanswered_helpers(document: Document, agents: AgentMap) -> Iterator[Problem]:
    """Find them where a script first calls one; it may stand in a comment, so this only warns."""
    thinks = not agents.choose((THINKING,)).lacking
    answered = {*agents.helpers, *((THINKING,) if thinks else ())}
    for helper in (name for name in (THINKING, *HELPERS) if name not in answered):
        call = re.compile(rf"\b{helper}\s*\(")
        asks = next((path for _, path, script in _scripts(document) if call.search(script.text)), None)
        if asks is not None:
            who = "agent" if helper == THINKING else "command"
            yield document.problem(asks, f"no {who} answers the helper {quoted(helper)}", how_to_answer(helper))


def _missing_for_skills(workflow: Workflow, document: Document, agents: AgentMap) -> Iterator[Problem]:
    for number, phase in enumerate(workflow.phases):
        for rank, skill in enumerate(phase.staging.skills):
            place = ("phases", number, "skills", rank)
            yield from missing(skilled(skill, agents), document, place, os.path.dirname(document.source), "name")


def shared_outputs(workflow: Workflow, document: Document) -> Iterator[Problem]:
    """Warn where two subagents of one parallel phase write the same output file, or the final template does over that
    of one: the later one's stays.
    """
    yield from _finally_over(workflow, document)
    for number, phase in enumerate(workflow.phases):
        if phase.behavior is not Behavior.PARALLEL:
            continue
        first: dict[str, str] = {}
        for path, subagent in zip(places_of(phase, number), phase.subagents, strict=True):
            place = _place(written_output(subagent), workflow.name)
            if first.setdefault(place, subagent.id) != subagent.id and subagent.config:
                message = f"{first[place]} and {subagent.id} write the same output {place}, at the same time"
                yield document.problem(path, message, "give each an output_path of its own")


def _finally_over(workflow: Workflow, document: Document) -> Iterator[Problem]:
    subagents = [subagent for phase in workflow.phases for subagent in phase.subagents]
    final = _place(workflow.finalization.output, workflow.name) if workflow.finalization else None
    over = next((one for one in subagents if _place(written_output(one), workflow.name) == final), None)
    if over is not None:
        message = f"the final template is rendered over {final}, the output of {over.id}"
        yield document.problem(("finalization", "output"), message, "give it an output of its own")


def _scripts(document: Document) -> Iterator[tuple[str, Path, NamedScript]]:
    """Give all scripts as far as the document can be read: their phase, where they stand, and themselves."""
    phases = document.value.get("phases") if isinstance(document.value, dict) else None
    for number, phase in enumerate(phases if isinstance(phases, list) else []):
        if not isinstance(phase, dict):
            continue
        name = _name(phase, number)
        for path in _script_fields(phase):
            if isinstance(text := value_at(phase, path), str):
                code = Script(text) if path[-1] == "script" else Expression(text)
                field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
                yield name, ("phases", number, *path), named_script(name, field, code)


def _name(phase: dict[str, Json], number: int) -> str:
    """Give what a phase is called, or its place where it is called nothing that a phase can be."""
    name = phase.get("id")
    if isinstance(name, int) and 0 <= name < LARGEST_PHASE_NUMBER:
        return str(name)
    return name if isinstance(name, str) else str(number)


def _script_fields(phase: dict[str, Json]) -> Iterator[Path]:
    yield ("main_agent", "script")
    yield ("subagents", "adaptive", "script")
    yield ("gap_check", "script")
    yield from (("gap_check", "criteria", n, "check") for n in range(_length(phase, ("gap_check", "criteria"))))
    yield from (("skills", n, "condition") for n in range(_length(phase, ("skills",))))
    yield ("checkpoint", "condition")


def _length(value: Json, path: Path) -> int:
    found = value_at(value, path)
    return len(found) if isinstance(found, list) else 0


def _types(workflow: Workflow) -> Iterator[tuple[Path, str]]:
    for number, phase in enumerate(workflow.phases):
        for place, subagent in zip(places_of(phase, number), phase.subagents, strict=True):
            if isinstance(subagent.program, OfType) and subagent.type:
                yield (*place, "type"), subagent.program.type
        for rank, skill in enumerate(phase.staging.skills):
            if skill.name.strip():
                yield ("phases", number, "skills", rank, "name"), skill.name


def _types_without_program(workflow: Workflow, document: Document, agents: AgentMap) -> Iterator[Problem]:
    """Find them, each where it first stands; how to give them one is said once."""
    places: dict[str, Path] = {}
    for path, name in _types(workflow):
        places.setdefault(name, path)
    chosen = agents.choose(places)
    for number, name in enumerate(chosen.lacking):
        message = f"the type {chosen.named(name)} has no program"
        yield document.problem(places[name], message, "" if number else how_to_give(name))


def _missing_template(workflow: Workflow, document: Document, project: str) -> Iterator[Problem]:
    final = workflow.finalization
    if final is None or final.is_inline or not final.template.strip():
        return
    if find_final_template(final, template_places(document.source, project)) is None:
        looked = "looked in the current folder, the workflow's, its parent"
        message = f"there is no template {final.template} ({looked}), so {final.output} is not written"
        yield document.problem(_FINAL_TEMPLATE, message, HINT)


def template_flaws(workflow: Workflow, document: Document, project: str) -> Iterator[Problem]:
    """Find what cannot be rendered of the templates that are there, the final one and those of prompts."""
    final = workflow.finalization
    if final is not None and final.is_inline:
        for flaw in _flaws(Template(final.template, document.source)):
            yield placed(document, _FINAL_TEMPLATE, flaw.message, flaw.line, flaw.hint)
    elif final is not None and (path := find_final_template(final, template_places(document.source, project))):
        yield from _flaws(path)
    folder = os.path.dirname(os.path.abspath(document.source))
    types = dict.fromkeys(name for _, name in _types(workflow))
    found = (find_template(name, workflow.name, (folder, os.path.dirname(folder))) for name in types)
    for template in dict.fromkeys(path for path in found if path is not None):
        yield from _flaws(template)


def _flaws(template: Template | str) -> Iterable[Problem]:
    try:
        check_template(read_template(template) if isinstance(template, str) else template)
    except InvalidInput as error:
        return error.problems
    except StorageError as error:
        return (Problem(str(template), None, why_refused(str(template), error)),)
    return ()


def _place(path: str, workflow: str) -> str:
    try:
        return output_place(path, "feature", workflow)
    except NoPlace:
        return path
