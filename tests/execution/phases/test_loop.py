"""The phase loop: groups known only at run time, changes by the engine itself, phases that run more than once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shardflow.execution.inspection.blame import blame
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.phases import loop
from shardflow.execution.phases.steps import Amend, Answer, Ask, End, Follow, GoOn, GoTo, RunGroup, Situation, Steps
from shardflow.execution.reporting.report import Status
from shardflow.execution.schedule import ScheduledPhase
from shardflow.workflow.model import Subagent
from shardflow.workflow.program import ShellCommand
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace

TEXT = """
    name: steps
    context: {n: 0}
    phases:
      - {id: one, behavior: main-only, run: 'true'}
      - {id: two, behavior: main-only, run: 'true'}
    """


def counting(name: str, command: str = "") -> Subagent:
    """A subagent that says in a file that it ran, and adds a member of its name to the context."""
    edit = f"""sed -i 's/^{{/{{"{name}": 1,/' "$SHARDFLOW_SHARD" """
    return Subagent(name, ShellCommand(f"echo {name} >> count; {command or edit}"))


def ran(place: Workplace) -> list[str]:
    return (place.folder / "count").read_text().split()


@pytest.fixture
def phases(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let phases take the steps of a test: one function a phase, by its id; the others go on at once."""

    def put(**steps: Callable[[Situation], Steps]) -> None:
        def steps_of(scheduled: ScheduledPhase, now: Situation) -> Steps:
            return steps.get(scheduled.phase.id, nothing)(now)

        monkeypatch.setattr(loop, "steps_of", steps_of)

    return put


def nothing(_now: Situation) -> Steps:
    yield from ()
    return GoOn()


def test_a_phase_chooses_its_groups_by_what_the_former_ones_left(place: Workplace, phases: Any) -> None:
    def steps(now: Situation) -> Steps:
        now = yield RunGroup((counting("a"),), 1)
        wanted = [f"b{number}" for number in range(len(now.context) + len(now.groups))]
        yield RunGroup(tuple(map(counting, wanted)), 4, "more")
        return GoOn()

    phases(one=steps)
    report = place.run(TEXT)
    assert (report.exit_code, sorted(ran(place))) == (0, ["a", "b0", "b1", "b2"])
    assert [group.name for group in report.groups] == ["01-one", "02-one-more"]
    assert place.read("run.json")["groups"] == ["01-one", "02-one-more"]
    assert sorted(place.context) == ["a", "b0", "b1", "b2", "n"]
    assert repeat_merges(str(place.run_dir)).is_same


def test_a_change_by_the_engine_is_merged_and_blamed_like_a_shard_and_one_that_changes_nothing_leaves_no_group(
    place: Workplace, phases: Any
) -> None:
    def steps(_now: Situation) -> Steps:
        yield Amend("nothing", lambda context: context)
        now = yield Amend("bookkeeping", lambda context: {**context, "n": 5})
        assert [group.name for group in now.groups] == ["01-one-bookkeeping"]
        return GoOn()

    phases(one=steps)
    assert place.run(TEXT).exit_code == 0
    assert place.context == {"n": 5}
    assert repeat_merges(str(place.run_dir)).is_same
    assert "bookkeeping" in str(blame(str(place.run_dir), ("n",)))


def test_a_phase_may_send_the_run_back_or_end_it(place: Workplace, phases: Any) -> None:
    def one(now: Situation) -> Steps:
        yield RunGroup((counting(f"a{now.iteration}"),), 1)
        return GoOn()

    def two(now: Situation) -> Steps:
        yield from ()
        follow: Follow = GoTo("one") if now.iteration < 3 else End(Status.FAILED)
        return follow

    phases(one=one, two=two)
    report = place.run(TEXT)
    assert (report.status, ran(place)) == (Status.FAILED, ["a1", "a2", "a3"])
    assert [phase.id for phase in report.phases] == ["one", "two"] * 3
    assert [group.name for group in report.groups] == ["01-one", "02-one", "03-one"]


def test_a_resumed_run_takes_the_same_steps_and_asks_for_no_change_twice(place: Workplace, phases: Any) -> None:
    moments = iter("abcdef")
    asked: list[str] = []

    def stamped(context: dict[str, Any]) -> dict[str, Any]:
        asked.append(next(moments))
        return {**context, "at": [*context.get("at", []), asked[-1]]}

    def one(now: Situation) -> Steps:
        yield RunGroup((counting("same", "true"),), 1)
        yield Amend("stamp", stamped, now.iteration)
        return GoOn()

    def two(now: Situation) -> Steps:
        if now.iteration == 1:
            return GoTo("one")
        yield RunGroup((counting("last", "[ -e fixed ]"),), 1)
        return GoOn()

    phases(one=one, two=two)
    assert place.run(TEXT).status is Status.FAILED
    (place.folder / "fixed").touch()
    report = resumed(place)
    assert (report.status, place.context, asked) == (Status.DONE, {"n": 0, "at": ["a", "b"]}, ["a", "b"])
    assert ran(place) == ["same", "same", "last", "last"]
    assert [group.name for group in report.groups if group.kept] == [
        "01-one",
        "02-one-stamp",
        "03-one",
        "04-one-stamp",
    ]
    assert repeat_merges(str(place.run_dir)).is_same


def test_a_step_that_fails_ends_the_run_and_the_phase_is_not_asked_again(place: Workplace, phases: Any) -> None:
    def one(_now: Situation) -> Steps:
        yield RunGroup((counting("a", "exit 4"),), 1)
        raise AssertionError("asked again")

    phases(one=one)
    report = place.run(TEXT)
    assert (report.status, [phase.id for phase in report.phases]) == (Status.FAILED, ["one"])


def test_subagents_that_only_the_run_knows_can_be_run_again(place: Workplace, phases: Any) -> None:
    def one(now: Situation) -> Steps:
        yield RunGroup(tuple(counting(f"{phase}{now.iteration}") for phase in "ab"), 2)
        return GoOn()

    phases(one=one)
    place.run(TEXT)
    assert resumed(place, rerun=("b1",)).exit_code == 0
    assert sorted(ran(place)) == ["a1", "b1", "b1"]
    assert resumed(place, from_phase="one").exit_code == 0
    assert sorted(ran(place)) == ["a1", "a1", "b1", "b1", "b1"]


def test_an_answer_is_kept_in_the_journal_and_nobody_is_asked_twice_unless_the_answer_was_not_for_good(
    place: Workplace, phases: Any
) -> None:
    asked: list[str] = []
    answers: list[Answer | None] = [None, Answer({"go": "no"}, again=True), Answer({"go": "yes"}), Answer({"go": "?"})]

    def ask() -> Answer | None:
        asked.append("asked")
        return answers.pop(0)

    def one(now: Situation) -> Steps:
        now = yield Ask("whether to go on", ask, {"n": 1})
        if now.answer != {"go": "yes"}:
            return End(Status.FAILED, (f"answered: {now.answer}",))
        now = yield Amend("noted", lambda context: {**context, "gone": True}, now.answer)
        assert now.answer is None
        return GoOn()

    phases(one=one)
    first = place.run(TEXT)
    assert (first.status, first.phases[0].status) == (Status.FAILED, Status.FAILED)
    assert first.phases[0].problems == ("answered: None",)
    assert resumed(place).phases[0].problems == ("answered: {'go': 'no'}",)
    assert resumed(place).status is Status.DONE
    assert resumed(place).status is Status.DONE
    assert (len(asked), place.context) == (3, {"n": 0, "gone": True})
    assert resumed(place, from_phase="one").status is Status.FAILED
    assert len(asked) == 4
