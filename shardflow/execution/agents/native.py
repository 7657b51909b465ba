"""What an agent CLI of a native workflow is given: a prompt of what its subagent is configured with, and its shard.

Law: one that answered and left its shard as it was has done nothing that anybody will see, and has failed; one that
declares to write nothing (`writes: []`) has not.
"""

from __future__ import annotations

import os

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base
from shardflow.execution.groups.inputs import Fitting
from shardflow.execution.prompts.prompts import Prompt, PromptRequest, build_prompt
from shardflow.execution.reporting.endings import AgentFailed, Ending
from shardflow.model.records import record
from shardflow.storage.files import read_regular, sha256_hex
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
        try:
            prompt = self._prompt(subagent, subagent.program, base, shard)
            return Fitting({}, prompt.text.encode(), prompt.warnings)
        except InvalidInput as error:
            raise StorageError(str(error)) from error

    def told(self, subagent: Subagent, base: Base) -> str | None:
        """Give the digest of a prompt that names no places."""
        if not isinstance(subagent.program, AgentPreset):
            return ""
        try:
            return sha256_hex(self._prompt(subagent, subagent.program, base, None).text.encode())
        except (InvalidInput, StorageError):  # told when it is to be started
            return None

    def _prompt(self, subagent: Subagent, preset: AgentPreset, base: Base, shard: str | None) -> Prompt:
        """Make a prompt; without a shard, one that names no places. Raises InvalidInput, StorageError."""
        request = PromptRequest(
            workflow_name=self.workflow_name,
            subagent_type=subagent.type or subagent.id,
            phase={"id": self.phase.id, "description": self.phase.description},
            context=base.value,
            config=subagent.config,
            output_dir=self.run_dir if shard is not None else "",
            project=self.folder if shard is not None else None,
            shard=shard,
            form=subagent.shard,
            item=subagent.item,
        )
        return build_prompt(request, (self.folder, os.path.dirname(self.folder)), preset.prompt)

    def settle(self, subagent: Subagent, base: Base, shard: str) -> Ending | tuple[str, ...]:
        """Refuse a shard that an agent CLI left as it was, unless it declares to write nothing. Raises StorageError."""
        if not has_changed_nothing(subagent, base, shard):
            return ()
        advice = "say writes: [] if it has nothing to record"
        return AgentFailed("shard_missing", f"answered, but left its shard as it was; {advice}")


def has_changed_nothing(subagent: Subagent, base: Base, shard: str) -> bool:
    """Tell whether an agent CLI left its shard as it was without declaring that it would. Raises StorageError."""
    if not isinstance(subagent.program, AgentPreset) or subagent.writes == ():
        return False
    return read_regular(shard, SIZE_LIMIT) == base.start(subagent.shard)
