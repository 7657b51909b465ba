"""From a request to a staging: the feature's folder, its agents, the programs and rules of its workflow."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack

from shardflow.errors import InvalidWorkflow
from shardflow.execution.folding.base import Base, base_of
from shardflow.execution.schedule import BOOK_RULES
from shardflow.execution.scripts.host import ScriptHost
from shardflow.execution.staging.agent_map import equipped, load_agents
from shardflow.execution.staging.asking import Asker, nobody
from shardflow.execution.staging.checking import needs_node, script_problems, template_flaws
from shardflow.execution.staging.feature_folder import FeatureFolder, feature_folder
from shardflow.execution.staging.staged_run import Staging
from shardflow.model.documents import Problem
from shardflow.model.records import record, replaced
from shardflow.storage.runs.records import FeatureSettings
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.books import Feature, NoBook
from shardflow.workflow.model import RulesFile, Workflow


@record
class StagingRequest:
    """What the command line says about a run of the dialect. `settings` are those that a resumed run goes on with."""

    feature: str | None = None
    flags: tuple[str, ...] = ()
    agents: str | None = None
    asker: Asker = nobody
    settings: FeatureSettings | None = None

    @property
    def agents_file(self) -> str | None:
        """The file of agents that was given, now or when the run began."""
        return self.agents if self.settings is None else self.settings.agents


def prepare(
    request: StagingRequest, workflow: Workflow, file: str, data: bytes, held: ExitStack, stopped: Callable[[], bool]
) -> tuple[Staging, Workflow]:
    """Check scripts and templates, find the output folder, and fill in what is left to agents and to the dialect.

    The Node.js that checks scripts, if there are any, will run them; it ends with what is `held`.
    Raises UsageError, InvalidInput, StorageError or NodeUnusable.
    """
    document = parse_yaml(data, file)
    host = held.enter_context(ScriptHost(needs_node(document), stopped))
    if request.settings is None:
        agents = None if request.agents is None else os.path.abspath(request.agents)
        folder = feature_folder(request.feature, workflow.name)
        settings = FeatureSettings(folder.feature, request.flags, folder.path, agents, os.getcwd())
    else:
        project = request.settings.project  # may stand elsewhere by now: then it is the folder of whoever resumes
        settings = replaced(request.settings, project=project if os.path.isdir(project) else os.getcwd())
        folder = FeatureFolder(settings.folder, settings.name, workflow.name)
    if problems := [*script_problems(document, host), *template_flaws(workflow, document, settings.project)]:
        raise InvalidWorkflow(problems)
    agent_map = load_agents(workflow, os.path.dirname(file), settings.agents)
    filled_in = equipped(workflow, agent_map, file)
    ready = replaced(filled_in, rules=workflow.rules or RulesFile(BOOK_RULES), keeps_books=True)
    return Staging(document, folder, settings, agent_map, request.asker, host), ready


def opened_base(base: Base, workflow: Workflow, staging: Staging, started: str, source: str) -> Base:
    """Open the books in what a run starts from; `started` is when it did, as its record has it.

    Raises InvalidWorkflow where something else stands in the place of a book.
    """
    feature = Feature(staging.settings.name, staging.settings.flags)
    try:
        return base_of(books.opened(base.value, workflow.name, workflow.mode.value, feature, f"{started[:19]}Z"))
    except NoBook as error:
        raise InvalidWorkflow([Problem(source, None, str(error))]) from None
