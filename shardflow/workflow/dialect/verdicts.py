"""What a gap check's script returned, read as a verdict: whatever it is, it is one.

    {status: complete | incomplete, gaps, action: retry | spawn_additional | escalate | abort,
     additionalAgents, message}

Law: only `complete` passes. What cannot be read did not pass, and says so among its gaps.
"""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import shown
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value
from shardflow.workflow.dialect.model import GapAction, OnFailure

_STATUS: Final = ("complete", "incomplete")


@record
class GapVerdict:
    """Whether a phase has done all it should; if not, what is missing and what to do. `agents` as they were given."""

    complete: bool
    gaps: tuple[Json, ...] = ()
    action: GapAction = GapAction.ESCALATE
    message: str = ""
    agents: tuple[Json, ...] = ()

    @property
    def status(self) -> str:
        """The status as the books spell it."""
        return _STATUS[not self.complete]


COMPLETE: Final = GapVerdict(complete=True)


def read_verdict(value: Value, otherwise: OnFailure) -> GapVerdict:
    """Read what a script returned; `otherwise` says what to do where it does not."""
    if not isinstance(value, dict):
        told = "nothing" if value is ABSENT else shown(value)
        return failed(f"the gap check returned {told}, expected an object {{status, gaps, action}}", otherwise)
    gaps = value.get("gaps")
    listed = tuple(gaps) if isinstance(gaps, list) else () if gaps is None else (gaps,)
    if (fault := _fault(value)) is not None:
        return failed(f"the gap check returned as {fault}", otherwise, listed)
    if value["status"] == "complete":
        return GapVerdict(complete=True, gaps=listed)
    action, message, agents = value.get("action"), value.get("message"), value.get("additionalAgents")
    return GapVerdict(
        complete=False,
        gaps=listed,
        action=GapAction(action) if isinstance(action, str) else otherwise.action,
        message=message if isinstance(message, str) else otherwise.message,
        agents=tuple(agents) if isinstance(agents, list) else (),
    )


def _fault(verdict: dict[str, Json]) -> str | None:
    """Say what of a verdict that is an object cannot be meant; one that is complete may say anything else."""
    status, action, agents = verdict.get("status"), verdict.get("action"), verdict.get("additionalAgents")
    if status not in _STATUS:
        return f"status {'nothing' if status is None else shown(status)}, expected one of {', '.join(_STATUS)}"
    if status == "complete" or action is None:
        return None
    if not isinstance(action, str) or action not in list(GapAction):
        return f"action {shown(action)}, expected one of {', '.join(each.value for each in GapAction)}"
    if action == GapAction.SPAWN_ADDITIONAL and not isinstance(agents, list | None):
        return f"additionalAgents {shown(agents)}, expected a list of {{type, config}}"
    return None


def failed(why: str, otherwise: OnFailure, gaps: tuple[Json, ...] = ()) -> GapVerdict:
    """Give the verdict of a gap check that could not give one: not passed, and why."""
    return GapVerdict(complete=False, gaps=(*gaps, why), action=otherwise.action, message=otherwise.message)


def verdict_json(verdict: GapVerdict) -> dict[str, Json]:
    """Write a verdict down as a script would return it."""
    return {
        "status": verdict.status,
        "gaps": list(verdict.gaps),
        "action": verdict.action.value,
        "message": verdict.message,
        "additionalAgents": list(verdict.agents),
    }
