"""The order of a phase, as the shell engine kept it.

    skipped? -> current -> what its mode says -> gap check (may run it again) -> skills -> checkpoint -> completed

Law: what a script returned and what a person decided is asked for once; everything else follows from that and from the
context. So a resumed run comes to the same steps, and finds them taken.
"""

from __future__ import annotations

from shardflow.execution.phases.choosing import chosen_of
from shardflow.execution.phases.steps import Answer, End, Follow, GoOn, RunGroup, Situation, Steps
from shardflow.execution.reporting.report import Status
from shardflow.execution.schedule import ScheduledPhase
from shardflow.execution.staging.order.checkpoints import passed
from shardflow.execution.staging.order.gap_checks import gaps_are_closed
from shardflow.execution.staging.order.walk import Ends, Part, Walk
from shardflow.execution.staging.scripting import ADAPTIVE, MAIN_AGENT
from shardflow.execution.staging.staged_run import StagedRun
from shardflow.model.values import Json
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.books import NoBook
from shardflow.workflow.dialect.model import Script
from shardflow.workflow.model import Behavior, Subagent


def staged_steps(scheduled: ScheduledPhase, now: Situation, run: StagedRun) -> Steps:
    """Give the steps of a phase."""
    walk = Walk(scheduled, now, run)
    try:
        return (yield from _steps(walk))
    except Ends as ends:
        return ends.end
    except NoBook as error:
        return End(Status.FAILED, (str(error),))


def _steps(walk: Walk) -> Part[Follow]:
    if books.is_skipped(walk.context, walk.id):
        walk.note("skipped, as skip_phases of the context says")
        return GoOn()
    if walk.staging.suggested:
        walk.note(f"suggested to the main agent: {', '.join(walk.staging.suggested)}")
    yield from walk.book("begins", books.phase_begun(walk.context, walk.id))
    yield from _worked(walk)
    while not (yield from gaps_are_closed(walk)):
        yield from _worked(walk)
    yield from _skills(walk)
    follow = yield from passed(walk)
    if isinstance(follow, GoOn):
        yield from walk.book("ends", books.phase_completed(walk.context, walk.id))
    return follow


def _worked(walk: Walk) -> Part[None]:
    """Do what the mode of the phase says."""
    yield from _listed(walk, walk.phase.subagents, "")
    if walk.staging.adaptive is not None:
        yield from _adapted(walk, walk.staging.adaptive)
    if walk.staging.main is not None and walk.staging.main.script is not None:
        yield from _main(walk, walk.staging.main.script)


def _listed(
    walk: Walk, subagents: tuple[Subagent, ...], suffix: str, earlier: tuple[Subagent, ...] | None = None
) -> Part[None]:
    """Run subagents by the behavior of the phase; a sequential one is one group a subagent, chosen by the former.

    `earlier` as in `Walk.group`.
    """
    if walk.phase.behavior is not Behavior.SEQUENTIAL:
        yield from walk.group((yield from _chosen(walk, subagents)), walk.scheduled.slots, suffix, earlier=earlier)
        return
    share = len(subagents)
    for subagent in subagents:
        chosen = yield from _chosen(walk, (subagent,))
        share += len(chosen) - 1
        for one in chosen:
            yield from walk.group((one,), 1, "-".join(filter(None, (suffix, one.id))), share, earlier)
            earlier = None if earlier is None else (*earlier, one)


def _chosen(walk: Walk, subagents: tuple[Subagent, ...]) -> Part[tuple[Subagent, ...]]:
    """Give those whose conditions hold, fanned out over their items."""
    chosen = yield from chosen_of(subagents, walk.now)
    if isinstance(chosen, str):
        raise Ends(Status.FAILED, chosen)
    return chosen


def _adapted(walk: Walk, script: Script) -> Part[None]:
    """Ask the script which further subagents there shall be, and run them as a second group."""

    def ask() -> Answer | None:
        ran = walk.script(ADAPTIVE, script)
        if ran.problem:
            raise Ends(Status.INTERRUPTED if ran.was_stopped else Status.FAILED, ran.problem)
        walk.returned_subagents(ran.value, ADAPTIVE)  # what cannot be used is not kept
        return Answer({"subagents": ran.value, "deliverables": walk.run.entries(walk.id, ran)})

    answer = yield from walk.ask(ADAPTIVE, ask, script.text)
    returned, written = _members(answer, "subagents", "deliverables")
    yield from _delivered(walk, "adaptive-script", written)
    yield from _listed(walk, walk.returned_subagents(returned, ADAPTIVE), "adaptive", walk.phase.subagents)


def _main(walk: Walk, script: Script) -> Part[None]:
    """Run the main agent's script; what it wrote is delivered."""

    def ask() -> Answer | None:
        ran = walk.script(MAIN_AGENT, script)
        if ran.problem:
            raise Ends(Status.INTERRUPTED if ran.was_stopped else Status.FAILED, ran.problem)
        return Answer({"deliverables": walk.run.entries(walk.id, ran)})

    answer = yield from walk.ask(MAIN_AGENT, ask, script.text)
    (written,) = _members(answer, "deliverables")
    yield from _delivered(walk, "main-agent-script", written)


def _delivered(walk: Walk, name: str, written: Json) -> Part[None]:
    if isinstance(written, list) and written:
        yield from walk.book(name, books.delivered(walk.context, written), written)


def _skills(walk: Walk) -> Part[None]:
    """Let the configured agent or command do what the phase's skills say, one after another."""
    for skill in walk.staging.skills:
        if not (yield from walk.holds(f"the condition of skill {skill.name}", skill.condition)):
            walk.note(f"skill {skill.name}: passed over, its condition does not hold")
            continue
        outfit = walk.run.skill_outfit(walk.phase)
        subagent = walk.run.skilled(skill)
        walk.now = yield RunGroup((subagent,), 1, f"skill-{subagent.id}", outfit=outfit)


def _members(answer: Json, *names: str) -> tuple[Json, ...]:
    if not isinstance(answer, dict):
        raise Ends(Status.INTERRUPTED)
    return tuple(answer.get(name) for name in names)
