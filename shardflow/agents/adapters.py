"""The adapters by CLI, and the one judgement of what a CLI said and how it exited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shardflow.agents import claude, codex, gemini, opencode
from shardflow.agents.events import Event, events
from shardflow.agents.outcomes import AgentOutcome, Answered, Exited, NoResult, Usage
from shardflow.agents.start import AgentTask, Start
from shardflow.model.records import record
from shardflow.workflow.agents.preset import AgentCli, AgentPreset


@record
class Adapter:
    """What is known of one CLI: the command that installs it, the variables it may inherit, how it is started, how what
    it said is judged, and what it says that it used.
    """

    install: str
    allowed: tuple[str, ...]
    start: Callable[[AgentTask, AgentPreset], Start]
    judge: Callable[[list[Event]], AgentOutcome]
    used: Callable[[list[Event]], Usage]


ADAPTERS: Final = {
    AgentCli.CLAUDE: Adapter(claude.INSTALL, claude.ALLOWED, claude.start, claude.judge, claude.used),
    AgentCli.CODEX: Adapter(codex.INSTALL, codex.ALLOWED, codex.start, codex.judge, codex.used),
    AgentCli.GEMINI: Adapter(gemini.INSTALL, gemini.ALLOWED, gemini.start, gemini.judge, gemini.used),
    AgentCli.OPENCODE: Adapter(opencode.INSTALL, opencode.ALLOWED, opencode.start, opencode.judge, opencode.used),
}


@record
class Judged:
    """How a session ended, and what it used: that was paid for, however it ended."""

    outcome: AgentOutcome
    usage: Usage


def judge(cli: AgentCli, stdout: bytes, code: int, said: str = "") -> Judged:
    """Judge how it ended by what it printed and its exit code; `said` is the last it wrote to standard error."""
    adapter, told = ADAPTERS[cli], events(stdout)
    outcome = adapter.judge(told)
    is_odd = code != 0 and isinstance(outcome, Answered | NoResult)
    return Judged(Exited(code, said) if is_odd else outcome, adapter.used(told))
