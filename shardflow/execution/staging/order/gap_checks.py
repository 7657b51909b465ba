"""Gap checks: whether a phase has done all it should, and what is done about it if not.

complete                     the phase goes on
retry                        it runs again, up to `max_iterations` times; then somebody decides
spawn_additional             the subagents that the script returned run as a parallel group, then the phase goes on
escalate                     somebody decides: go on, run it again, or end the run
abort                        the run has failed
"""

from __future__ import annotations

from shardflow.execution.phases.steps import Answer
from shardflow.execution.reporting.report import Status
from shardflow.execution.scripts.model import Returned
from shardflow.execution.staging.order.checkpoints import decided_by_somebody
from shardflow.execution.staging.order.walk import Ends, Part, Walk
from shardflow.execution.staging.scripting import GAP_CHECK, Ran
from shardflow.model.records import replaced
from shardflow.model.values import Json
from shardflow.storage.json.canonical import line_bytes
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.model import (
    ESCALATED_OPTIONS,
    Abort,
    Criterion,
    GapAction,
    GapCheck,
    RepeatPhase,
    Script,
)
from shardflow.workflow.dialect.plan import gap_check_plan
from shardflow.workflow.dialect.verdicts import COMPLETE, GapVerdict, failed, read_verdict, verdict_json


def gaps_are_closed(walk: Walk) -> Part[bool]:
    """Check the phase, if it is to be checked: true if it goes on, false if it runs again. Raises Ends."""
    check = walk.staging.gap_check
    if check is None:
        return True
    verdict, moment, written = yield from _verdict(walk, check)
    if written:
        yield from walk.book("gap-script", books.delivered(walk.context, written), list(written))
    iteration = books.iterations(walk.context, walk.id)
    entry = _entry(walk.id, iteration, verdict, moment)
    if verdict.complete:
        yield from _booked(walk, entry)
        return True
    for gap in _told(verdict):
        walk.note(f"gap: {gap}")
    match _action(walk, check, verdict, iteration):
        case GapAction.RETRY:
            yield from _booked(walk, entry, again=True)
            return False
        case GapAction.SPAWN_ADDITIONAL:
            yield from _spawned(walk, entry, verdict)
            return True
        case GapAction.ABORT:
            yield from _booked(walk, entry)
            raise Ends(Status.FAILED, _why(verdict))
        case GapAction.ESCALATE:
            return (yield from _escalated(walk, entry, verdict))


def _entry(phase: str, iteration: int, verdict: GapVerdict, moment: str) -> dict[str, Json]:
    entry: dict[str, Json] = {
        "phase": phase,
        "iteration": iteration,
        "status": verdict.status,
        "gaps": list(verdict.gaps),
        "action_taken": "" if verdict.complete else verdict.action.value,
        "agents_spawned": [],
        "timestamp": moment,
    }
    return {**entry, "message": verdict.message} if verdict.message else entry


def _verdict(walk: Walk, check: GapCheck) -> Part[tuple[GapVerdict, str, tuple[Json, ...]]]:
    """Have the phase checked; give the verdict, when it was given, and what the script wrote."""

    def ask() -> Answer | None:
        verdict, runs = _checked(walk, check)
        if any(ran.was_stopped for ran in runs):
            raise Ends(Status.INTERRUPTED)
        written = [entry for ran in runs for entry in walk.run.entries(walk.id, ran)]
        value: dict[str, Json] = {"verdict": verdict_json(verdict), "timestamp": walk.run.moment(), "written": written}
        return Answer(value, again=not verdict.complete and verdict.action is GapAction.ABORT)

    answer = yield from walk.ask("gap_check", ask, gap_check_plan(check))
    if not isinstance(answer, dict) or not isinstance(answer["written"], list):
        raise Ends(Status.INTERRUPTED)
    return read_verdict(answer["verdict"], check.on_failure), str(answer["timestamp"]), tuple(answer["written"])


def _checked(walk: Walk, check: GapCheck) -> tuple[GapVerdict, list[Ran]]:
    if isinstance(check.test, Script):
        ran = walk.script(GAP_CHECK, check.test)
        if not isinstance(ran.outcome, Returned):
            walk.note(f"{ran.problem}; it counts as not passed")
            return failed(ran.problem, check.on_failure), [ran]
        return read_verdict(ran.outcome.value, check.on_failure), [ran]
    runs = [(criterion, walk.script(_named(criterion), criterion.check)) for criterion in check.test]
    gaps = tuple(_gap(criterion, ran) for criterion, ran in runs if not ran.is_true)
    for gap in (ran.problem for _, ran in runs if ran.problem):
        walk.note(f"{gap}; it counts as not met")
    verdict = COMPLETE if not gaps else replaced(failed("", check.on_failure), gaps=gaps)
    return verdict, [ran for _, ran in runs]


def _named(criterion: Criterion) -> str:
    return f"the criterion {criterion.name!r}"


def _gap(criterion: Criterion, ran: Ran) -> str:
    return ran.problem or f"{criterion.name}: does not hold"


def _action(walk: Walk, check: GapCheck, verdict: GapVerdict, iteration: int) -> GapAction:
    """Give what can be done: retries come to an end, and nobody can be spawned who was not named."""
    if verdict.action is GapAction.RETRY and iteration >= check.max_iterations:
        walk.note(f"repeated {iteration} times, and gaps are left: somebody has to decide")
        return GapAction.ESCALATE
    if verdict.action is GapAction.SPAWN_ADDITIONAL and not verdict.agents:
        walk.note("the gap check names no additional agents to spawn: somebody has to decide")
        return GapAction.ESCALATE
    return verdict.action


def _spawned(walk: Walk, entry: dict[str, Json], verdict: GapVerdict) -> Part[None]:
    subagents = walk.returned_subagents(list(verdict.agents), "gap_check")
    yield from _booked(walk, {**entry, "agents_spawned": list(verdict.agents)})
    yield from walk.group(subagents, walk.run.slots(walk.phase), "additional", earlier=walk.phase.subagents)


def _escalated(walk: Walk, entry: dict[str, Json], verdict: GapVerdict) -> Part[bool]:
    """Let somebody decide; true if the phase goes on, false if it runs again."""
    gaps = "".join(f"\n  - {gap}" for gap in _told(verdict))
    prompt = f"{verdict.message or 'Gaps were found.'}{gaps}"
    decided = yield from decided_by_somebody(walk, "escalation", prompt, ESCALATED_OPTIONS, ())
    entry = {
        **entry,
        "action_taken": GapAction.ESCALATE.value,
        "decision": {"Continue": "continue", "Retry": "retry", "Abort": "abort"}[decided.option.label],
        "feedback": decided.feedback,
    }
    again = isinstance(decided.option.choice, RepeatPhase)
    yield from _booked(walk, entry, again=again)
    if isinstance(decided.option.choice, Abort):
        raise Ends(Status.FAILED, _why(verdict))
    return not again


def _booked(walk: Walk, entry: dict[str, Json], *, again: bool = False) -> Part[None]:
    changed = books.gap_checked(walk.context, entry)
    if again:
        changed = books.iteration_counted(changed, walk.id)
    yield from walk.book("gap-check", changed, entry)


def _why(verdict: GapVerdict) -> str:
    gaps = "; ".join(_told(verdict))
    return f"ended by its gap check: {verdict.message or gaps or 'incomplete'}"


def _told(verdict: GapVerdict) -> list[str]:
    """Give the gaps as people read them: a text as it is, anything else as JSON."""
    return [gap if isinstance(gap, str) else line_bytes(gap).decode().rstrip() for gap in verdict.gaps]
