"""From a request to a staging: the feature's folder, its agents, the programs and rules of its workflow."""

from __future__ import annotations

import os

from shardflow.errors import InvalidWorkflow
from shardflow.execution.base import Base, base_of
from shardflow.execution.scripts.host import ScriptHost
from shardflow.execution.staging.agent_map import equipped, load_agents
from shardflow.execution.staging.asking import Asker, nobody
from shardflow.execution.staging.feature_folder import FeatureFolder, feature_folder
from shardflow.execution.staging.scripting import field_name, named_script, scripts_of
from shardflow.execution.staging.staged_run import Staging
from shardflow.model.documents import Document, Problem
from shardflow.model.paths import Path
from shardflow.model.records import record, replaced
from shardflow.storage.runs.records import FeatureSettings
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.books import Feature, NoBook
from shardflow.workflow.model import RulesFile, Workflow

BOOK_RULES = "workflow-context"
"""The shipped rules under which the books of parallel subagents come out as those of subagents in a row."""


@record
class StagingRequest:
    """What the command line says about a run of the dialect. `settings` are those that a resumed run goes on with."""

    feature: str | None = None
    flags: tuple[str, ...] = ()
    agents: str | None = None
    asker: Asker = nobody
    settings: FeatureSettings | None = None


def prepare(request: StagingRequest, workflow: Workflow, file: str) -> tuple[Staging, Workflow]:
    """Find the output folder, and fill in what the workflow leaves to agents and to the dialect.

    Raises UsageError, InvalidInput or StorageError.
    """
    if request.settings is None:
        agents = None if request.agents is None else os.path.abspath(request.agents)
        folder = feature_folder(request.feature, workflow.name)
        settings = FeatureSettings(folder.feature, request.flags, folder.path, agents, os.getcwd())
    else:
        settings = request.settings
        folder = FeatureFolder(settings.folder, settings.name, workflow.name)
    agent_map = load_agents(workflow, os.path.dirname(file), settings.agents)
    ready = replaced(equipped(workflow, agent_map, file), rules=workflow.rules or RulesFile(BOOK_RULES))
    return Staging(folder, settings, agent_map, request.asker), ready


def opened_base(base: Base, workflow: Workflow, staging: Staging, started: str, source: str) -> Base:
    """Open the books in what a run starts from; `started` is when it did, as its record has it.

    Raises InvalidWorkflow where something else stands in the place of a book.
    """
    feature = Feature(staging.settings.name, staging.settings.flags)
    try:
        return base_of(books.opened(base.value, workflow.name, workflow.mode.value, feature, f"{started[:19]}Z"))
    except NoBook as error:
        raise InvalidWorkflow([Problem(source, None, str(error))]) from None


def refuse_scripts_that_do_not_parse(workflow: Workflow, file: str, data: bytes) -> None:
    """Check all scripts of a workflow; one without any needs no Node.js. Raises InvalidWorkflow or NodeUnusable."""
    problems = script_problems(workflow, parse_yaml(data, file)) if any(scripts_of(workflow)) else []
    if problems:
        raise InvalidWorkflow(problems)


def script_problems(workflow: Workflow, document: Document) -> list[Problem]:
    """Find the scripts that do not parse. Raises NodeUnusable, naming the first phase that has one."""
    found = [(named_script(phase.id, field_name(path), code), path) for phase, path, code in scripts_of(workflow)]
    if not found:
        return []
    first = next(phase.id for phase, _, _ in scripts_of(workflow))
    with ScriptHost(f"phase '{first}'") as host:
        faults = host.check([script for script, _ in found])
    paths = {id(script): path for script, path in found}
    return [
        _problem(document, paths[id(fault.script)], fault.script.name, fault.message, fault.line) for fault in faults
    ]


def _problem(document: Document, path: Path, name: str, message: str, line: int | None) -> Problem:
    """Place a problem in the file: the lines of a script written as a block begin below its field."""
    start = document.line(path)
    text = _value(document, path)
    is_block = isinstance(text, str) and text.endswith("\n")
    where = start + line if start is not None and line is not None and is_block else start
    return Problem(document.source, where, f"{name} does not parse: {message}", path)


def _value(document: Document, path: Path) -> object:
    value: object = document.value
    for segment in path:
        match value, segment:
            case dict(), str():
                value = value[segment]
            case list(), int():
                value = value[segment]
            case _:
                return None
    return value
