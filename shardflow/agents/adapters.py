"""The adapters by CLI, and the one judgement of what a CLI said and how it exited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shardflow.agents import claude, codex, gemini, opencode
from shardflow.agents.outcomes import AgentOutcome, Answered, Exited, NoResult
from shardflow.agents.start import AgentTask, Start
from shardflow.model.records import record
from shardflow.workflow.agents.preset import AgentCli, AgentPreset


@record
class Adapter:
    """What is known of one CLI: the variables it may inherit, how it is started, how what it printed is judged."""

    allowed: tuple[str, ...]
    start: Callable[[AgentTask, AgentPreset], Start]
    judge: Callable[[bytes], AgentOutcome]


ADAPTERS: Final = {
    AgentCli.CLAUDE: Adapter(claude.ALLOWED, claude.start, claude.judge),
    AgentCli.CODEX: Adapter(codex.ALLOWED, codex.start, codex.judge),
    AgentCli.GEMINI: Adapter(gemini.ALLOWED, gemini.start, gemini.judge),
    AgentCli.OPENCODE: Adapter(opencode.ALLOWED, opencode.start, opencode.judge),
}


def judge(cli: AgentCli, stdout: bytes, code: int, said: str = "") -> AgentOutcome:
    """Judge how it ended by what it printed and its exit code; `said` is the last it wrote to standard error."""
    outcome = ADAPTERS[cli].judge(stdout)
    return Exited(code, said) if code != 0 and isinstance(outcome, Answered | NoResult) else outcome
