"""Which program runs a type: the maps of agents of a run, and a workflow with every type's program filled in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from shardflow.errors import InvalidWorkflow, StorageError, UsageError
from shardflow.model.documents import Problem
from shardflow.model.records import record, replaced
from shardflow.storage.files import read_regular
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.choosing import ChosenPrograms, choose_programs
from shardflow.workflow.agents.model import AgentEntry, AgentsFile, HelperCommand
from shardflow.workflow.agents.reading import read_agents_file
from shardflow.workflow.dialect.model import Skill
from shardflow.workflow.model import Phase, Subagent, Workflow
from shardflow.workflow.policies import Policy
from shardflow.workflow.program import OfType
from shardflow.workflow.texts import id_of

BESIDE: Final = "shardflow.yaml"
"""The file of agents and helpers that is looked for beside a workflow."""

T = TypeVar("T")
_LIMIT: Final = 16 << 20


@record
class AgentMap:
    """The places where entries stand, the one that counts most first, and the commands that answer for helpers."""

    places: tuple[tuple[AgentEntry, ...], ...]
    helpers: Mapping[str, HelperCommand]

    @property
    def entries(self) -> tuple[AgentEntry, ...]:
        """All entries, of every place."""
        return tuple(entry for place in self.places for entry in place)

    def choose(self, types: Iterable[str]) -> ChosenPrograms:
        """Choose a program for each type."""
        return choose_programs(types, self.places)

    def equip(self, subagents: tuple[Subagent, ...]) -> tuple[Subagent, ...]:
        """Give each subagent its program. Raises InvalidWorkflow where a type has none."""
        chosen = self.choose(dict.fromkeys(_types(subagents)))
        if chosen.lacking:
            raise InvalidWorkflow([Problem("agents", None, chosen.lacking_text())])
        return tuple(_equipped(subagent, chosen) for subagent in subagents)


def load_agents(workflow: Workflow, folder: str, given: str | None) -> AgentMap:
    """Load the maps of a run: `given` on the command line, of the workflow, and of `shardflow.yaml` in its folder.

    Raises InvalidAgents or InvalidYaml with every problem of a file, UsageError for a given one that cannot be read, or
    StorageError.
    """
    first = AgentsFile() if given is None else _read_given(given)
    beside = os.path.join(folder, BESIDE)
    last = _read(beside) if os.path.lexists(beside) else AgentsFile()
    helpers = {**last.helpers, **workflow.helpers, **first.helpers}
    return AgentMap((first.agents, workflow.agents, last.agents), helpers)


def equipped(workflow: Workflow, agents: AgentMap, file: str) -> Workflow:
    """Give the workflow with the program of every type that it names. Raises InvalidWorkflow where one has none."""
    chosen = agents.choose(dict.fromkeys(types_of(workflow)))
    if chosen.lacking:
        raise InvalidWorkflow([Problem(file, None, chosen.lacking_text())])
    return replaced(workflow, phases=tuple(_phase_equipped(phase, chosen) for phase in workflow.phases))


def types_of(workflow: Workflow) -> Iterator[str]:
    """Give the types that a workflow needs a program for, skills among them."""
    for phase in workflow.phases:
        yield from _types(phase.subagents)
        yield from (skill.name for skill in phase.staging.skills)


def skilled(skill: Skill, agents: AgentMap) -> Subagent:
    """Give the subagent that does what a skill says."""
    config = {"prompt": skill.name, "args": skill.args} if skill.args is not None else {"prompt": skill.name}
    name, program = id_of(skill.name, "skill"), OfType(skill.name)
    (subagent,) = agents.equip((Subagent(name, program, type=skill.name, config=config),))
    return subagent


def _types(subagents: Iterable[Subagent]) -> Iterator[str]:
    return (subagent.program.type for subagent in subagents if isinstance(subagent.program, OfType))


def _phase_equipped(phase: Phase, chosen: ChosenPrograms) -> Phase:
    return replaced(phase, subagents=tuple(_equipped(subagent, chosen) for subagent in phase.subagents))


def _equipped(subagent: Subagent, chosen: ChosenPrograms) -> Subagent:
    if not isinstance(subagent.program, OfType):
        return subagent
    entry = chosen.programs[subagent.program.type]
    return replaced(
        subagent,
        program=entry.program,
        environment={**_without(subagent.secrets, entry.environment), **subagent.environment},
        secrets={**_without(subagent.environment, entry.secrets), **subagent.secrets},
        policy=subagent.policy.over(Policy(timeout=entry.timeout)),
    )


def _without(own: Mapping[str, object], inherited: Mapping[str, T]) -> dict[str, T]:
    """Give the variables that a subagent has from its entry: one of its own is that one, a secret or not."""
    return {name: value for name, value in inherited.items() if name not in own}


def _read_given(path: str) -> AgentsFile:
    try:
        return _read(path)
    except StorageError as error:
        raise UsageError(str(error), file=path) from error


def _read(path: str) -> AgentsFile:
    return read_agents_file(parse_yaml(read_regular(os.path.realpath(path), _LIMIT), path))
