"""Prompts that stand in a workflow's own file and cannot be rendered: told with their lines, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.errors import InvalidTemplate, InvalidWorkflow
from shardflow.model.documents import Document, Problem
from shardflow.model.paths import Path
from shardflow.model.places import value_at
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Workflow
from shardflow.workflow.reading.subagents import places_of


def refuse_flawed_prompts(workflow: Workflow, data: bytes, file: str) -> None:
    """Raise InvalidWorkflow with what is wrong with the prompts of a workflow, which is this text."""
    if any(_prompts(workflow)) and (problems := [*prompt_flaws(workflow, parse_yaml(data, file))]):
        raise InvalidWorkflow(problems)


def prompt_flaws(workflow: Workflow, document: Document) -> Iterator[Problem]:
    """Find what is wrong with the prompts of agent CLIs."""
    for path, prompt in _prompts(workflow):
        from shardflow.execution.prompts.templates import Template, check_template  # most workflows have no template

        try:
            check_template(Template(prompt, document.source))
        except InvalidTemplate as error:
            for flaw in error.problems:
                yield placed(document, path, flaw.message, flaw.line, flaw.hint)


def _prompts(workflow: Workflow) -> Iterator[tuple[Path, str]]:
    """Give the prompts that are more than plain text, each with its place."""
    for number, phase in enumerate(workflow.phases):
        for place, subagent in zip(places_of(phase, number), phase.subagents, strict=True):
            if isinstance(subagent.program, AgentPreset) and "{{" in subagent.program.prompt:
                yield (*place, "prompt"), subagent.program.prompt


def placed(document: Document, path: Path, message: str, line: int | None, hint: str = "") -> Problem:
    """Place a problem in the file: the lines of a text written as a block begin below its field."""
    start = document.line(path)
    where = start + line if start is not None and line is not None and _is_block(document, path, start) else start
    return Problem(document.source, where, message, path, hint)


def _is_block(document: Document, path: Path, start: int) -> bool:
    """Tell whether a text of several lines stands on as many lines below `start`, where nothing else stands then."""
    text = value_at(document.value, path)
    if not isinstance(text, str) or "\n" not in text:
        return False
    below = range(start + 1, start + len(text.splitlines()) + 1)
    return not any(line in below for line in document.lines.values())
