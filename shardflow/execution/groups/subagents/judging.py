"""How a child ended: from its exit, and for an agent CLI from what it printed, to an ending or to nothing said yet.

Law: it succeeded only if its shard can be sealed, so the best that is said of a child alone is nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from shardflow.execution.processes.child import Cause, Exit
from shardflow.execution.processes.survivors import named
from shardflow.execution.reporting.endings import (
    Cancelled,
    DiedBySignal,
    Ending,
    ExitedNonZero,
    InvalidShard,
    TimedOut,
)
from shardflow.model.documents import Problem
from shardflow.model.records import record
from shardflow.storage.runs.directory import SubagentFolder
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Subagent
from shardflow.workflow.program import PythonFunction

if TYPE_CHECKING:
    from shardflow.agents.outcomes import Usage  # loaded only where agent CLIs are called

_NOT_RETURNED: Final = (
    "its process ended with exit code 0 before its function returned, so the shard is not whole; return instead"
)


@record
class Judgement:
    """How a child failed, None for one whose shard decides; what an agent CLI was warned of, and what it used."""

    ending: Ending | None
    warnings: tuple[str, ...] = ()
    usage: Usage | None = None


def judge(subagent: Subagent, how: Exit, places: SubagentFolder) -> Judgement:
    """Judge a subagent by its exit, an agent CLI by what it printed before all else, a function by having returned."""
    ending = ending_of(how, subagent.policy.timeout, subagent.policy.idle_timeout)
    if ending is None and isinstance(subagent.program, PythonFunction) and os.path.lexists(places.calling):
        return Judgement(InvalidShard((Problem(places.shard, None, _NOT_RETURNED),)))
    if not isinstance(subagent.program, AgentPreset):
        return Judgement(ending)
    from shardflow.execution.agents.calling import verdict_of

    verdict = verdict_of(subagent.program, ending, how.code, places.stdout, places.stderr)
    return Judgement(verdict.ending, verdict.warnings, verdict.usage)


def ending_of(how: Exit, timeout: float | None, idle_timeout: float | None = None) -> Ending | None:
    """Say how a child ended; None for one whose shard decides."""
    match how:
        case Exit(cause=Cause.RUN_STOPPED):
            return Cancelled(started=True)
        case Exit(cause=Cause.OTHERS_FAILED):
            return Cancelled(started=True, others_failed=True)
        case Exit(cause=Cause.TIMEOUT):
            return TimedOut(timeout or 0.0)
        case Exit(cause=Cause.IDLE):
            return TimedOut(idle_timeout or 0.0, is_idle=True)
        case Exit(code=0):
            return None
        case Exit(code=code) if code < 0:
            return DiedBySignal(-code)
        case Exit(code=code):
            return ExitedNonZero(code)


def left_running(how: Exit) -> tuple[str, ...]:
    """Tell of what a child left behind."""
    left = f"left running when it exited, and stopped: {named(how.survivors)}" if how.survivors else ""
    stuck = f"could not be stopped and still run: {named(how.unstoppable)}" if how.unstoppable else ""
    return tuple(filter(None, (left, stuck)))


def reason_of(error: Exception) -> str:
    """Say why a child could not be started."""
    if isinstance(error, OSError) and error.strerror:
        about = error.filename  # of a program: bytes, as the system was asked with
        where = f": {os.fsdecode(about) if isinstance(about, bytes) else about}" if about else ""
        return f"{error.strerror.lower()}{where}"
    return str(error)
