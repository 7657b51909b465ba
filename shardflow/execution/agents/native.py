"""What an agent CLI of a native workflow is given: a prompt of what its subagent is configured with, and its shard.

Law: one that answered and left its shard as it was has done nothing that anybody will see, and has failed; one that
declares to write nothing (`writes: []`) has not.
"""

from __future__ import annotations

import os

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.base import SIZE_LIMIT, Base
from shardflow.execution.groups.inputs import Fitting
from shardflow.execution.prompts.prompts import PromptRequest, build_prompt
from shardflow.execution.reporting.endings import AgentFailed, Ending
from shardflow.model.records import record
from shardflow.storage.files import read_regular
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Phase, Subagent


@record
class NativeOutfit:
    """What the subagents of a native phase get: a prompt for agent CLIs, nothing for other programs."""

    workflow_name: str
    folder: str
    run_dir: str
    phase: Phase

    def fit(self, subagent: Subagent, base: Base, shard: str) -> Fitting:
        """Give a prompt to an agent CLI. Raises StorageError."""
        if not isinstance(subagent.program, AgentPreset):
            return Fitting({}, None)
        request = PromptRequest(
            workflow_name=self.workflow_name,
            subagent_type=subagent.type or subagent.id,
            phase={"id": self.phase.id, "description": self.phase.description},
            context=base.value,
            config={**subagent.config, **({"task": task} if (task := subagent.program.prompt) else {})},
            output_dir=self.run_dir,
            project=self.folder,
            shard=shard,
            form=subagent.shard,
        )
        try:
            text = build_prompt(request, (self.folder, os.path.dirname(self.folder))).text
        except InvalidInput as error:
            raise StorageError(str(error)) from error
        return Fitting({}, text.encode())

    def settle(self, subagent: Subagent, base: Base, shard: str) -> Ending | tuple[str, ...]:
        """Refuse a shard that an agent CLI left as it was, unless it declares to write nothing. Raises StorageError."""
        if not isinstance(subagent.program, AgentPreset) or subagent.writes == ():
            return ()
        if read_regular(shard, SIZE_LIMIT) != base.start(subagent.shard):
            return ()
        advice = "say writes: [] if it has nothing to record"
        return AgentFailed("shard_missing", f"answered, but left its shard as it was; {advice}")
