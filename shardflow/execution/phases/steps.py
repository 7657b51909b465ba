"""Steps: what a phase asks of the run, one after another, each chosen from the context as it is then.

A phase is a generator. It is given the situation, yields a step, is sent the situation that the step left, and so on;
what it returns says where the run goes from there:

    def steps(scheduled: ScheduledPhase, now: Situation) -> Steps:
        now = yield RunGroup(scheduled.phase.subagents, scheduled.slots)
        if now.context.get("gaps"):
            now = yield RunGroup(closers_of(now.context["gaps"]), scheduled.slots, suffix="gaps")
        now = yield Amend("bookkeeping", counted)
        return GoOn()

Law: which step comes next depends on nothing but the workflow and the situation. So a resumed run asks for the same
steps again, finds by their content which of them were taken, and takes the rest. What depends on anything else (a
clock, a person, chance) belongs into a step, whose outcome is kept: a subagent's shard, an `Amend`, an `Ask`.

A step that does not end well (failed, in conflict, interrupted) ends the phase and the run; the phase is not asked
again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias

from shardflow.execution.groups.inputs import Outfit
from shardflow.execution.reporting.report import GroupReport, Status
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.workflow.model import Subagent


@record
class RunGroup:
    """Run these subagents as one group on the context as it is now, and merge what they leave.

    slots     how many of them run at the same time
    suffix    tells the group from others of its phase: its folder is `NN-PHASE-SUFFIX`, or `NN-PHASE` without one
    outfit    what they get beyond their shards, if anything
    is_last   nothing follows in this phase, whatever the group leaves: a conflict in it is the last thing to settle
    share     how many subagents of the phase its `on_failure` is about, where they are not just those of this group
    """

    subagents: tuple[Subagent, ...]
    slots: int
    suffix: str = ""
    is_last: bool = False
    outfit: Outfit | None = None
    share: int | None = None


@record
class Amend:
    """Have the engine itself change the context: recorded, merged, replayed and blamed as the shard of a group of one.

    name      the id of that shard, and its group's suffix
    change    gives the new context; must leave the one it is given alone. Not asked when an earlier start of the run
              was, with the same inputs and the same context
    inputs    all that the change depends on besides the context and its name, as JSON
    """

    name: str
    change: Callable[[dict[str, Json]], dict[str, Json]]
    inputs: Json = None


@record
class Skip:
    """Tell that a subagent of the workflow does not run, and why; that may hold foreign text."""

    subagent: str
    reason: str


@record
class Answer:
    """What was answered, as JSON. `again` tells that a resumed run shall ask once more."""

    value: Json
    again: bool = False


@record
class Ask:
    """Ask outside of the context: a script, a person. The answer stands in the journal and goes to the phase alone.

    name      what is asked, for the journal
    ask       gives the answer, or None if there is none for now; not called when an earlier start of the run has the
              answer to the same question
    inputs    all that the question depends on besides phase, context and name, as JSON
    """

    name: str
    ask: Callable[[], Answer | None]
    inputs: Json = None


Step: TypeAlias = RunGroup | Amend | Skip | Ask


@record
class Situation:
    """How things stand when a phase chooses its next step.

    context     the context as it is now; not to be changed
    iteration   how often this phase has begun in this run, from 1
    groups      the reports of this phase's groups so far, in order; an `Amend` that changed nothing has none
    answer      what was answered, if the last step was an `Ask`; None for no answer
    """

    context: dict[str, Json]
    iteration: int
    groups: tuple[GroupReport, ...] = ()
    answer: Json = None


@record
class GoOn:
    """The run goes on with the next phase."""


@record
class GoTo:
    """The run goes on with the phase of this id, which may have run before."""

    phase: str


@record
class End:
    """The phase and the run end here, with this status; `problems` say what failed besides a group."""

    status: Status
    problems: tuple[str, ...] = ()


Follow: TypeAlias = GoOn | GoTo | End
Steps: TypeAlias = Generator[Step, Situation, Follow]
