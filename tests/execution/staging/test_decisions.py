"""Gap checks, checkpoints and skills: what is done about gaps, who decides, and that nobody is asked twice."""

from __future__ import annotations

from typing import Any

import pytest

from shardflow.execution.reporting.report import Status
from tests.cli.shell import shardflow
from tests.execution.staging.features import FeaturePlace, problems, without

pytestmark = pytest.mark.needs("jq", "node")

VISITS = "(context.phases.iteration_counts.p || 0)"


def checked(gap_check: str, more: str = "") -> str:
    """Give a workflow whose phase `p` runs one subagent and is checked; `q` follows."""
    return f"""
name: checked
phases:
- id: p
  behavior: parallel
  subagents: [{{type: work}}]
  gap_check: {gap_check}
{more}
- {{id: q, behavior: parallel, subagents: [{{type: after}}]}}
"""


def gaps(feature: FeaturePlace) -> list[tuple[Any, ...]]:
    """List what the books say of gap checks."""
    names = ("iteration", "status", "gaps", "action_taken")
    return [tuple(entry[name] for name in names) for entry in feature.context["gap_checks"]]


def test_a_check_that_finds_nothing_lets_the_run_go_on(feature: FeaturePlace) -> None:
    text = checked("{criteria: [{name: ran, check: context.subagents_spawned > 0}, {name: sure, check: true}]}")
    assert feature.run(text).exit_code == 0
    assert gaps(feature) == [(0, "complete", [], "")]
    assert feature.ran == ["work", "after"]


def test_retry_runs_the_phase_again_until_it_is_complete(feature: FeaturePlace) -> None:
    script = f"return {VISITS} < 2 ? {{status: 'incomplete', gaps: ['more'], action: 'retry'}} : {{status: 'complete'}}"
    assert feature.run(checked(f'{{script: "{script}"}}')).exit_code == 0
    assert gaps(feature) == [
        (0, "incomplete", ["more"], "retry"),
        (1, "incomplete", ["more"], "retry"),
        (2, "complete", [], ""),
    ]
    assert feature.ran == ["work", "work", "work", "after"]
    assert feature.context["phases"]["iteration_counts"] == {"p": 2}


NEVER = "{criteria: [{name: never, check: 'false'}], max_iterations: 1, on_failure: {action: retry, message: Sad.}}"


def test_retries_come_to_an_end_and_then_somebody_decides(feature: FeaturePlace) -> None:
    report = feature.run(checked(NEVER))
    assert (report.status, report.exit_code, feature.ran) == (Status.PAUSED, 4, ["work", "work"])
    assert "Sad.\n  - never: does not hold\n(Continue, Retry, Abort)" in problems(report)[0]
    assert gaps(feature) == [(0, "incomplete", ["never: does not hold"], "retry")]
    assert feature.resume().status is Status.PAUSED
    assert feature.ran == ["work", "work"]
    report = feature.resume({"p": [{"choose": "Retry", "feedback": "once more"}, "Continue"]})
    assert (report.exit_code, feature.ran) == (0, ["work"] * 3 + ["after"])
    escalated = [entry for entry in feature.context["gap_checks"] if entry["action_taken"] == "escalate"]
    assert [(entry["decision"], entry["feedback"]) for entry in escalated] == [("retry", "once more"), ("continue", "")]
    assert feature.context["phases"]["iteration_counts"] == {"p": 2}


def test_who_ends_the_run_at_an_escalation_fails_it_and_may_think_again(feature: FeaturePlace) -> None:
    report = feature.run(checked(NEVER), {"p": "Abort"})
    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert problems(report) == ["ended by its gap check: Sad."]
    assert feature.resume({"p": "Continue"}).exit_code == 0


def test_abort_ends_the_run_with_1_and_everything_is_kept(feature: FeaturePlace) -> None:
    script = "return {status: 'incomplete', gaps: ['bad'], action: 'abort'}"
    report = feature.run(checked(f'{{script: "{script}"}}'))
    assert (report.exit_code, problems(report)) == (1, ["ended by its gap check: bad"])
    assert gaps(feature) == [(0, "incomplete", ["bad"], "abort")]
    assert feature.ran == ["work"]


def test_gaps_that_are_no_texts_are_told_as_json(feature: FeaturePlace) -> None:
    script = "return {status: 'incomplete', gaps: [{file: 'ä', at: null}, null, 5, 'as it is'], action: 'abort'}"
    report = feature.run(checked(f'{{script: "{script}"}}'))
    assert problems(report) == ['ended by its gap check: {"file":"ä","at":null}; null; 5; as it is']


def test_additional_subagents_run_as_a_parallel_group(feature: FeaturePlace) -> None:
    agents = "[{type: 'more', config: {output_path: 'm/1.md'}}, {type: 'more', config: {output_path: 'm/2.md'}}]"
    script = f"return {{status: 'incomplete', gaps: ['g'], action: 'spawn_additional', additionalAgents: {agents}}}"
    report = feature.run(checked(f'{{script: "{script}"}}'))
    assert report.exit_code == 0
    assert [entry["path"] for entry in feature.context["deliverables"]] == ["work.md", "m/1.md", "m/2.md", "after.md"]
    (entry,) = feature.context["gap_checks"]
    assert entry["agents_spawned"] == [
        {"type": "more", "config": {"output_path": "m/1.md"}},
        {"type": "more", "config": {"output_path": "m/2.md"}},
    ]
    assert [group.name for group in report.groups if "additional" in group.name] == ["04-p-additional"]


@pytest.mark.parametrize(
    ("script", "gap"),
    [
        ("throw new Error('boom')", "gap_check.script threw in line 1: Error: boom"),
        ("return 5", "the gap check returned the integer 5, expected an object {status, gaps, action}"),
        ("return {}", "the gap check returned as status nothing, expected one of complete, incomplete"),
        (
            "return {status: 'incomplete', action: 'redo'}",
            "the gap check returned as action the text 'redo', expected one of retry, spawn_additional, escalate,"
            " abort",
        ),
    ],
)
def test_a_check_that_cannot_tell_has_not_passed(feature: FeaturePlace, script: str, gap: str) -> None:
    report = feature.run(checked(f'{{script: "{script}", on_failure: {{action: abort}}}}'))
    assert (report.exit_code, gaps(feature)) == (1, [(0, "incomplete", [gap], "abort")])


def decided(options: str = "", more: str = "") -> str:
    """Give a workflow with a checkpoint behind its second phase of three."""
    return f"""
name: decided
phases:
- {{id: p, behavior: parallel, subagents: [{{type: first}}]}}
- id: q
  behavior: parallel
  subagents: [{{type: second}}]
  checkpoint: {{prompt: Good?, {options or "approval_required: true"}, {more}}}
- {{id: r, behavior: parallel, subagents: [{{type: third}}]}}
- {{id: s, behavior: parallel, subagents: [{{type: fourth}}]}}
"""


OPTIONS = """options: [{label: Go}, {label: Again, with_feedback: true, on_select: {action: repeat_phase}},
    {label: Back, on_select: {action: repeat_phase, target: p}},
    {label: Jump, on_select: {action: skip_phases, phases: [r, s]}}, {label: Stop, on_select: {action: abort}}]"""


def decisions(feature: FeaturePlace) -> list[dict[str, Any]]:
    """List what the books say of decisions."""
    return [without(entry, "timestamp") for entry in feature.context["checkpoints"]]


def test_a_run_that_nobody_answers_pauses_and_asks_again_when_resumed(feature: FeaturePlace) -> None:
    report = feature.run(decided())
    assert (report.status, report.exit_code) == (Status.PAUSED, 4)
    assert problems(report) == [
        "somebody has to decide: Good? (Continue, Abort); "
        "answer at a terminal or by --answers FILE, or take the first by --yes"
    ]
    assert (feature.ran, feature.context["phases"]["current"]) == (["first", "second"], "q")
    assert feature.resume().exit_code == 4
    assert feature.resume(["Continue"]).exit_code == 0
    assert feature.ran == ["first", "second", "third", "fourth"]
    assert decisions(feature) == [
        {"phase": "q", "decision": "continue", "option": "Continue", "feedback": "", "skipped": []}
    ]
    assert feature.resume().exit_code == 0


@pytest.mark.parametrize(
    ("answers", "ran", "taken"),
    [
        (["Go"], ["first", "second", "third", "fourth"], ["continue"]),
        ({"q": 1}, ["first", "second", "third", "fourth"], ["continue"]),
        (
            {"q": [{"choose": "again", "feedback": "longer"}, "continue"]},
            ["first", "second", "second", "third", "fourth"],
            ["repeat_phase", "continue"],
        ),
        (
            ["Back", "Go"],
            ["first", "second", "first", "second", "third", "fourth"],
            ["repeat_phase", "continue"],
        ),
        ({"q": "skip_phases"}, ["first", "second"], ["skip_phases"]),
    ],
)
def test_what_is_chosen_is_done_and_stands_in_the_books(
    feature: FeaturePlace, answers: Any, ran: list[str], taken: list[str]
) -> None:
    report = feature.run(decided(OPTIONS), answers)
    assert (report.exit_code, feature.ran) == (0, ran)
    assert [entry["decision"] for entry in decisions(feature)] == taken
    before = feature.context
    assert feature.resume().exit_code == 0  # nobody is asked, nothing runs again
    assert (feature.ran, feature.context) == (ran, before)


def test_an_answer_for_every_time_does_not_repeat_a_phase_for_ever(feature: FeaturePlace) -> None:
    report = feature.run(decided(OPTIONS), {"q": "Again"})
    assert (report.status, report.exit_code) == (Status.PAUSED, 4)
    assert problems(report) == [
        "answers.yaml: 'Again' would repeat once more what was asked 3 times already;"
        " decide at a terminal, or give a list of answers, one for each time"
    ]
    assert feature.ran == ["first", *["second"] * 4]
    assert feature.resume({"q": [1, 1, 1, "Again", "Go"]}).exit_code == 0  # a list says how often
    assert feature.ran == ["first", *["second"] * 5, "third", "fourth"]


def test_yes_does_not_repeat_a_phase_for_ever(feature: FeaturePlace) -> None:
    feature.write(decided("options: [{label: Again, on_select: {action: repeat_phase}}, {label: Go}]"))
    done = shardflow("run", feature.file, "--feature", "shop", "--yes", cwd=feature.folder)
    assert done.returncode == 4
    assert "paused: q: --yes: 'Again' would repeat once more what was asked 3 times already" in done.stderr
    assert "--yes" not in done.stdout
    assert "paused: 5 subagents in 2 phases and 3 repetitions, " in done.stdout
    assert feature.ran == ["first", *["second"] * 4]


def test_who_retries_what_a_gap_check_finds_every_time_comes_to_an_end(feature: FeaturePlace) -> None:
    report = feature.run(checked(NEVER), {"p": "Retry"})
    assert (report.status, feature.ran) == (Status.PAUSED, ["work"] * 5)


def test_a_repeated_phase_has_the_feedback_in_its_context(feature: FeaturePlace) -> None:
    feature.run(decided(OPTIONS), [{"choose": "Again", "feedback": "longer"}, "Go"])
    assert decisions(feature)[0] == {
        "phase": "q",
        "decision": "repeat_phase",
        "option": "Again",
        "feedback": "longer",
        "skipped": [],
        "target": "q",
    }


def test_skipped_phases_are_neither_run_nor_completed(feature: FeaturePlace) -> None:
    assert feature.run(decided(OPTIONS), ["Jump"]).exit_code == 0
    assert feature.context["skip_phases"] == ["r", "s"]
    assert feature.context["phases"]["completed"] == ["p", "q"]


def test_who_aborts_ends_the_run_with_4_keeps_everything_and_may_think_again(feature: FeaturePlace) -> None:
    report = feature.run(decided(OPTIONS), ["Stop"])
    assert (report.status, report.exit_code) == (Status.ABORTED, 4)
    assert (feature.ran, decisions(feature)[0]["decision"]) == (["first", "second"], "abort")
    assert feature.resume({"q": "Go"}).exit_code == 0
    assert feature.ran == ["first", "second", "third", "fourth"]


def test_an_answer_that_fits_only_the_other_question_of_its_phase_pauses_and_is_told(feature: FeaturePlace) -> None:
    passing = "{criteria: [{name: sure, check: true}]}"
    report = feature.run(checked(passing, more="  checkpoint: {prompt: Good?}"), {"p": "Retry"})
    assert report.status is Status.PAUSED
    assert problems(report) == ["answers.yaml: no option is called 'Retry'; known are 'Continue', 'Abort'"]


@pytest.mark.parametrize(
    ("condition", "asked"),
    [("context.subagents_spawned == 2", True), ("context.subagents_spawned == 3", False), ("nothing.at.all", False)],
)
def test_a_checkpoint_with_a_condition_is_asked_if_that_holds(
    feature: FeaturePlace, condition: str, asked: bool
) -> None:
    report = feature.run(decided(more=f"condition: '{condition}'"))
    assert report.status is (Status.PAUSED if asked else Status.DONE)
    notes = [line["text"] for line in feature.journal if line["event"] == "noted"]
    assert any("counts as not met" in note for note in notes) is (condition == "nothing.at.all")


def test_a_checkpoint_that_requires_no_approval_asks_nobody(feature: FeaturePlace) -> None:
    assert feature.run(decided("approval_required: false")).exit_code == 0


SKILLS = """
    name: skilled
    agents:
      default:
        run: |
          echo "$SHARDFLOW_ID" >> "$SHARDFLOW_OUTPUT_DIR/ran"; cat > "$SHARDFLOW_OUTPUT_DIR/$SHARDFLOW_ID.prompt"
          jq '.by_skill = true' "$CONTEXT_FILE" > new && mv new "$CONTEXT_FILE"
    phases:
    - id: p
      behavior: main-only
      main_agent: {script: return}
      skills: [{name: 'team:tidy', args: {level: 3}}, {name: never, condition: 'false'}]
    """


def test_skills_are_run_by_the_agent_unless_their_condition_is_false_and_count_as_no_subagent(
    feature: FeaturePlace,
) -> None:
    assert feature.run(SKILLS).exit_code == 0
    assert feature.ran == ["team-tidy"]
    assert '"level": 3' in (feature.output / "team-tidy.prompt").read_text()
    assert (feature.context["by_skill"], feature.context["subagents_spawned"]) == (True, 0)


@pytest.mark.parametrize(("killed_at", "step"), [("answered", 1), ("group-merged", 6)])
def test_killed_behind_an_event_and_resumed_a_run_decides_and_runs_nothing_twice(
    feature: FeaturePlace, killed_at: str, step: int
) -> None:
    """Events in turn are the last one that a start of the run hears."""

    class Killed(BaseException):
        pass

    text = decided(OPTIONS).replace("{type: second}", "{type: second}, {type: other}")
    feature.run(text, ["Again", "Go"])
    expected, count = feature.context, sum(line["event"] == killed_at for line in feature.journal)
    for stop in range(0, count, step):
        (feature.output / "ran").unlink()
        listened = iter(range(10_000))

        def listen(event: Any, stop: int = stop, listened: Any = listened) -> None:
            from shardflow.execution.reporting.event_json import event_json

            if event_json(event)[0] == killed_at and next(listened) == stop:
                raise Killed

        with pytest.raises(Killed):
            feature.run(text, ["Again", "Go"], listen=listen)
        report = feature.resume(["Again", "Go"])
        assert (report.exit_code, sorted(feature.ran)) == (
            0,
            sorted(["first", *["second", "other"] * 2, "third", "fourth"]),
        )
        assert shape(feature.context) == shape(expected)


def shape(value: Any) -> Any:
    """Leave the moments out of a context."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items() if name not in ("timestamp", "started_at")}
    return [shape(item) for item in value] if isinstance(value, list) else value


def test_a_run_that_was_moved_with_its_folder_goes_on_there(feature: FeaturePlace, monkeypatch: Any) -> None:
    feature.run(decided())
    elsewhere = feature.folder.with_name("elsewhere")
    feature.folder.rename(elsewhere)
    monkeypatch.chdir(elsewhere)
    (elsewhere / "answers.yaml").write_text("[Continue]")
    moved = ("--workflow", "w.yaml", "--context", ".temp/shop/context.json", "--answers", "answers.yaml")
    done = shardflow("resume", f"run-{feature.runs}", *moved, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert (elsewhere / ".temp/shop/ran").read_text().split() == ["first", "second", "third", "fourth"]
    assert not feature.folder.exists()
