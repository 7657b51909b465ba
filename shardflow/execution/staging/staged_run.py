"""All that the phases of one run of the dialect share: its folder, its scripts, its agents, and who decides."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shardflow.errors import InvalidWorkflow
from shardflow.execution.reporting.events import Event, Noted
from shardflow.execution.scripts.folder import OutputFolder
from shardflow.execution.scripts.helpers import THINKING, Helpers, no_agent
from shardflow.execution.scripts.host import HelperError, ScriptHost
from shardflow.execution.staging.agent_map import AgentMap, skilled
from shardflow.execution.staging.asking import Asker, ChosenOption, Question, Unclear
from shardflow.execution.staging.feature_folder import FeatureFolder, moment_text
from shardflow.execution.staging.finalization import Finalized, finalize, template_places
from shardflow.execution.staging.outfit import StagedOutfit
from shardflow.execution.staging.scripting import Ran, Scripts
from shardflow.model.documents import Document, IdleFields, Problem
from shardflow.model.fields import read_document, unknown_fields
from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.runs.records import FeatureSettings
from shardflow.workflow.dialect.model import Skill
from shardflow.workflow.dialect.outputs import NoPlace, output_place
from shardflow.workflow.dialect.recognising import is_of_the_shell_engine
from shardflow.workflow.model import Phase, Subagent, Workflow
from shardflow.workflow.reading.subagents import read_subagents
from shardflow.workflow.reading.workflow import passed_over

if TYPE_CHECKING:
    from shardflow.execution.scripts.programs import ScriptPrograms  # loaded only where a script asks one


@record
class Staging:
    """How a run of the dialect is staged.

    document    the workflow as its file has it
    folder      the output folder of its feature
    settings    what a resumed run goes on with
    agents      which program runs a type
    asker       who decides where a person must
    host        runs the scripts
    """

    document: Document
    folder: FeatureFolder
    settings: FeatureSettings
    agents: AgentMap
    asker: Asker
    host: ScriptHost


class StagedRun:
    """A run of the dialect while it goes on. `workflow` has its programs, which the document leaves to agents."""

    def __init__(
        self,
        staging: Staging,
        workflow: Workflow,
        max_parallel: int | None,
        tell: Callable[[Event], None],
        stopped: Callable[[], bool],
        programs: Callable[[], ScriptPrograms],
    ) -> None:
        self._staging = staging
        self._workflow = workflow
        self._max_parallel = max_parallel
        self._tell = tell
        self._stopped = stopped
        self._notes: dict[str, None] = {}
        folder = OutputFolder(staging.folder.path, (staging.settings.project,))
        helpers = Helpers(folder, self._think, dict.fromkeys(staging.agents.helpers, self._answer))
        self._written = _written_phases(staging.document)
        self.scripts = Scripts(staging.host, helpers, staging.folder.path, self._written, tell)
        self._programs = programs

    def _think(self, prompts: Sequence[str]) -> Sequence[str | HelperError]:
        entry = self._staging.agents.choose((THINKING,)).programs.get(THINKING)
        return no_agent(prompts) if entry is None else self._programs().think(entry, prompts)

    def _answer(self, helper: str, arguments: list[Json]) -> Json:
        return self._programs().command(self._staging.agents.helpers[helper], helper, arguments)

    def finalize(self, context: dict[str, Json], run_dir: str) -> Finalized:
        """Write what is written when all phases are through."""
        places = template_places(self._staging.document.source, self._staging.settings.project)
        return finalize(self._workflow, self._staging.folder, places, context, run_dir)

    def passed_over(self) -> tuple[str, ...]:
        """Tell what nobody knows, and is passed over, of the workflow's file and of what its scripts returned."""
        return (*map(_passed_over, passed_over(self._staging.document)), *self._notes)

    def note(self, phase: str, text: str) -> None:
        """Tell something about a phase that is no failure."""
        self._tell(Noted(phase, text))

    @property
    def is_stopped(self) -> bool:
        """Whether the run is asked to stop."""
        return self._stopped()

    def moment(self) -> str:
        """Give the moment now, as the books write it."""
        return moment_text(time.time())

    def ask(self, question: Question) -> ChosenOption | Unclear | None:
        """Have somebody decide; None if nobody is there."""
        return self._staging.asker(question, self._stopped)

    def slots(self, phase: Phase) -> int:
        """Give how many subagents of a parallel group of this phase run at the same time."""
        return self._max_parallel or phase.max_parallel or self._workflow.max_parallel

    def shown_file(self, path: str) -> str:
        """Give the file that a checkpoint shows, relative to the output folder, if it is none of that."""
        folder = self._staging.folder
        try:
            return folder.absolute(output_place(path, folder.feature, folder.workflow))
        except NoPlace:
            return os.path.join(folder.path, path)

    def entries(self, phase: str, ran: Ran) -> list[Json]:
        """Give what a script wrote, as entries of the books."""
        moment = self.moment()
        return [
            {
                "phase": phase,
                "path": written.path,
                "subagent": "main-agent-script",
                "size_bytes": written.size_bytes,
                "timestamp": moment,
            }
            for written in ran.deliverables
        ]

    def outfit(self, phase: Phase) -> StagedOutfit:
        """Give what the subagents of a phase get beyond their shards."""
        folder = os.path.dirname(os.path.abspath(self._staging.document.source))
        written = self._written.get(phase.id)
        return StagedOutfit(
            phase,
            written if isinstance(written, dict) else {},
            self._staging.folder,
            (folder, os.path.dirname(folder)),
            phase.on_missing_output or self._workflow.on_missing_output,
        )

    def skill_outfit(self, phase: Phase) -> StagedOutfit:
        """Give what a skill of a phase gets: it is no subagent, is not counted, and owes no output."""
        return replaced(self.outfit(phase), counted=False)

    def skilled(self, skill: Skill) -> Subagent:
        """Give the subagent that does what a skill says."""
        return skilled(skill, self._staging.agents)

    def subagents_of(self, value: Json, source: str) -> tuple[Subagent, ...]:
        """Read subagents that a script returned, as those of the workflow's file are read. Raises InvalidWorkflow."""
        if value is None or value == []:
            return ()
        document = Document(source, value)
        if is_of_the_shell_engine(self._staging.document):
            document = replaced(document, idle_fields=IdleFields.PASS_OVER)
            self._notes |= dict.fromkeys(map(_passed_over, unknown_fields(document, read_subagents)))
        return self._staging.agents.equip(read_document(document, read_subagents, InvalidWorkflow))


def _written_phases(document: Document) -> dict[str, Json]:
    """Give the phases as the workflow writes them, by id."""
    phases = document.value["phases"] if isinstance(document.value, dict) else []
    listed = phases if isinstance(phases, list) else []
    return {str(phase["id"]): phase for phase in listed if isinstance(phase, dict)}


def _passed_over(problem: Problem) -> str:
    return f"{problem}; passed over"
