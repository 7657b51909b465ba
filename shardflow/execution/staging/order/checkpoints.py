"""Checkpoints: somebody decides how the run goes on, is asked once, and the books have it."""

from __future__ import annotations

from collections.abc import Sequence

from shardflow.execution.phases.steps import Answer, Follow, GoOn, GoTo
from shardflow.execution.reporting.report import Status
from shardflow.execution.staging.asking import Question, Unclear, ways_to_answer
from shardflow.execution.staging.order.walk import Ends, Part, Walk
from shardflow.execution.staging.scripting import CHECKPOINT
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.answers import action_of
from shardflow.workflow.dialect.model import Abort, Option, RepeatPhase, SkipPhases
from shardflow.workflow.dialect.plan import option_plan


@record
class Decided:
    """The option somebody took, what was said about it, and when."""

    option: Option
    feedback: str
    moment: str


def passed(walk: Walk) -> Part[Follow]:
    """Pass the phase's checkpoint, if it has one, and say where the run goes from there. Raises Ends."""
    checkpoint = walk.staging.checkpoint
    if checkpoint is None or not (yield from walk.holds(CHECKPOINT, checkpoint.condition)):
        return GoOn()
    decided = yield from decided_by_somebody(
        walk, "checkpoint", checkpoint.prompt, checkpoint.options, checkpoint.show_files
    )
    entry, skipped = _entry(walk, decided)
    yield from walk.book("checkpoint", books.decided(walk.context, entry, skipped), entry)
    match decided.option.choice:
        case Abort():
            raise Ends(Status.ABORTED)
        case RepeatPhase(target):
            return GoTo(target or walk.id)
        case _:
            return GoOn()


def decided_by_somebody(
    walk: Walk, what: str, prompt: str, options: Sequence[Option], files: Sequence[str]
) -> Part[Decided]:
    """Have somebody decide; the run pauses where nobody does. Raises Ends."""
    prompt = prompt or f"phase {walk.id} is through"
    question = _question(walk, prompt, tuple(options), files)

    def ask() -> Answer | None:
        chosen = walk.run.ask(question)
        match chosen:
            case None:
                return None
            case Unclear(reason):
                raise Ends(Status.PAUSED, reason)
            case _:
                value: dict[str, Json] = {
                    "place": chosen.place,
                    "feedback": chosen.feedback,
                    "timestamp": walk.run.moment(),
                }
                return Answer(value, again=isinstance(options[chosen.place].choice, Abort))

    answer = yield from walk.ask(what, ask, {"prompt": prompt, "options": [option_plan(option) for option in options]})
    match answer:
        case {"place": int(place), "feedback": str(feedback), "timestamp": str(moment)}:
            return Decided(options[place], feedback, moment)
        case _ if walk.run.is_stopped:
            raise Ends(Status.INTERRUPTED)
        case _:
            labels = ", ".join(option.label for option in options)
            below = "\n" if "\n" in prompt else " "
            told = f"somebody has to decide: {prompt}{below}({labels}); {ways_to_answer(question)}"
            raise Ends(Status.PAUSED, told)


def _question(walk: Walk, prompt: str, options: tuple[Option, ...], files: Sequence[str]) -> Question:
    """Say what is asked; how often before is counted in the books, which a resumed run comes to again."""
    asked = [entry.get("phase") for entry in _asked(walk.context) if isinstance(entry, dict)]
    shown = tuple(walk.run.shown_file(file) for file in files)
    return Question(walk.id, prompt, options, shown, asked.count(walk.id), len(asked))


def _asked(context: dict[str, Json]) -> list[Json]:
    checkpoints, gap_checks = context.get("checkpoints"), context.get("gap_checks")
    escalated = [entry for entry in _list(gap_checks) if isinstance(entry, dict) and "decision" in entry]
    return [*_list(checkpoints), *escalated]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _entry(walk: Walk, decided: Decided) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Give the entry of the books, and the phases that are passed over from now on."""
    choice = decided.option.choice
    skipped = choice.phases if isinstance(choice, SkipPhases) else ()
    entry: dict[str, Json] = {
        "phase": walk.id,
        "decision": action_of(choice),
        "option": decided.option.label,
        "feedback": decided.feedback,
        "skipped": list(skipped),
        "timestamp": decided.moment,
    }
    if isinstance(choice, RepeatPhase):
        entry["target"] = choice.target or walk.id
    return entry, skipped
