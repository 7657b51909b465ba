"""Workflows of the shell engine from documents: every word of the dialect is read, every violation told."""

from __future__ import annotations

import pytest

from shardflow.errors import InvalidWorkflow
from shardflow.model.values import Json
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.dialect.model import (
    Abort,
    Checkpoint,
    Continue,
    Criterion,
    Expression,
    Finalization,
    GapAction,
    GapCheck,
    MainAgent,
    Mode,
    OnFailure,
    Option,
    PhaseStaging,
    RepeatPhase,
    Script,
    Skill,
    SkipPhases,
)
from shardflow.workflow.model import Behavior, OnMissingOutput, Phase, Subagent, Workflow
from shardflow.workflow.plan import plan
from shardflow.workflow.program import OfType
from shardflow.workflow.reading.workflow import passed_over, read_workflow
from tests.workflow.documents import HOW_A_PHASE_RUNS

WHOLE = """
name: feature
description: plans and builds a feature
version: 1.2
execution_mode: strict
phases:
- id: discover
  name: Discovery
  description: looks around
  behavior: parallel
  subagents:
  - type: scanner
    config: {output_path: '{{output_dir}}/scan.md', model: sonnet, max_tokens: 4000, context: [plan], depth: 3}
  - type: scanner
  main_agent: {description: sums up, script: 'return 1'}
  gap_check:
    enabled: true
    max_iterations: 2
    criteria: [{name: found, check: context.deliverables.length > 0}, {name: sure, check: true}]
    on_failure: {action: retry, message: look again}
  skills: [{name: tidy, condition: 1 < 2, args: {deep: true}}]
  checkpoint:
    condition: context.subagents_spawned > 1
    prompt: Good?
    show_files: [scan.md]
    options:
    - {label: 'Yes'}
    - {label: Again, with_feedback: true, on_select: {action: repeat_phase, target: current}}
    - {label: Discover, on_select: {action: repeat_phase, target: discover}}
    - {label: Skip, on_select: {action: skip_phases, phases: [plan, build]}}
    - {label: Stop, on_select: {action: abort}}
- id: plan
  behavior: main-only
  execution_mode: loose
  suggested_subagents: [planner, {type: critic}]
  main_agent: {script: 'return 2'}
  checkpoint: {approval_required: true}
- id: build
  behavior: sequential
  execution_mode: adaptive
  subagents: {always: [{type: builder}], adaptive: {script: 'return []'}}
  gap_check: {script: 'return {}'}
- {id: close, behavior: main-only, main_agent: {script: return}, gap_check: {enabled: false}}
finalization: {template: final.md, output: report.md}
"""


def read(text: str, source: str = "w.yaml") -> Workflow:
    return read_workflow(parse_yaml(text.encode(), source))


def problems(text: str, source: str = "w.yaml") -> list[str]:
    with pytest.raises(InvalidWorkflow) as caught:
        read(text, source)
    return [str(problem) for problem in caught.value.problems]


def phase(fields: str) -> str:
    """Give a workflow with one phase `p`, all of it on line 2."""
    return f"name: w\nphases: [{{id: p, {fields}}}]"


def test_every_word_of_the_dialect_is_read() -> None:
    workflow = read(WHOLE, "feature.workflow.yaml")
    discover, planning, build, close = workflow.phases
    assert (workflow.version, workflow.mode, workflow.keeps_books) == ("1.2", Mode.STRICT, True)
    assert workflow.finalization == Finalization("final.md", "report.md")
    config: dict[str, Json] = {
        "output_path": "{{output_dir}}/scan.md",
        "model": "sonnet",
        "max_tokens": 4000,
        "context": ["plan"],
        "depth": 3,
    }
    assert discover == Phase(
        id="discover",
        description="looks around",
        behavior=Behavior.PARALLEL,
        subagents=(
            Subagent("scanner", OfType("scanner"), type="scanner", config=config),
            Subagent("scanner-2", OfType("scanner"), type="scanner", output="scanner.md"),
        ),
        staging=PhaseStaging(
            name="Discovery",
            main=MainAgent(Script("return 1"), "sums up"),
            gap_check=GapCheck(
                (
                    Criterion("found", Expression("context.deliverables.length > 0")),
                    Criterion("sure", Expression("true")),
                ),
                2,
                OnFailure(GapAction.RETRY, "look again"),
            ),
            skills=(Skill("tidy", {"deep": True}, Expression("1 < 2")),),
            checkpoint=Checkpoint(
                (
                    Option("Yes", Continue()),
                    Option("Again", RepeatPhase(None), with_feedback=True),
                    Option("Discover", RepeatPhase("discover")),
                    Option("Skip", SkipPhases(("plan", "build"))),
                    Option("Stop", Abort()),
                ),
                "Good?",
                Expression("context.subagents_spawned > 1"),
                ("scan.md",),
            ),
        ),
    )
    assert (planning.subagents, planning.staging.mode) == ((), Mode.LOOSE)
    assert planning.staging.suggested == ("planner", "critic")
    assert planning.staging.checkpoint == Checkpoint((Option("Continue", Continue()), Option("Abort", Abort())))
    assert [subagent.id for subagent in build.subagents] == ["builder"]
    assert build.staging.adaptive == Script("return []")
    assert build.staging.gap_check == GapCheck(Script("return {}"), 3, OnFailure(GapAction.ESCALATE))
    assert close.staging == PhaseStaging(main=MainAgent(Script("return")))


def test_the_plan_of_such_a_workflow_is_the_same_workflow() -> None:
    planned = plan(read(WHOLE))
    assert plan(read_workflow(parse_yaml(b"0", "x").__class__("w.yaml", planned))) == planned


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "execution_mode: loose, behavior: parallel, subagents: [{type: a}]",
            [
                "phase 'p': expected behavior main-only in a loose phase, found 'parallel' at $.phases[0].behavior;"
                " or give the phase another execution_mode than loose",
                "a main-only phase has no subagents at $.phases[0].subagents;"
                " a loose phase has suggested_subagents, which are only told",
                f"phase 'p': nothing to run at $.phases[0]; {HOW_A_PHASE_RUNS}",
            ],
        ),
        (
            "execution_mode: adaptive, behavior: main-only, subagents: {always: [{type: a}]}",
            [
                "phase 'p': expected behavior parallel or sequential in an adaptive phase, found 'main-only' at"
                " $.phases[0].behavior; or give the phase another execution_mode than adaptive"
            ],
        ),
        (
            "execution_mode: adaptive, behavior: parallel, subagents: [{type: a}]",
            [
                "expected an object {always: a list, adaptive: {script}} of one or both, in an adaptive phase, found a"
                " list at $.phases[0].subagents; a list of subagents belongs in a strict phase: say execution_mode:"
                " strict"
            ],
        ),
        (
            "execution_mode: adaptive, behavior: parallel",
            [
                "field 'subagents' is missing at $.phases[0]; expected an object {always: a list, adaptive: {script}}"
                " of one or both, in an adaptive phase"
            ],
        ),
        (
            "behavior: parallel, subagents: {always: [{type: a}]}",
            [
                "phase 'p': expected a list of subagents in a strict phase, found an object at $.phases[0].subagents;"
                " or say execution_mode: adaptive"
            ],
        ),
        (
            "behavior: main-only, main_agent: {description: d}",
            ["phase 'p': field 'script' is missing at $.phases[0].main_agent; expected JavaScript"],
        ),
        (
            "behavior: main-only, main_agent: {script: return}, run: ls",
            ["'main_agent' and 'run' exclude each other at $.phases[0].run; keep one of them"],
        ),
        (
            "behavior: main-only, run: ls, execution_mode: lose",
            ["unknown execution mode 'lose' at $.phases[0].execution_mode; did you mean 'loose'?"],
        ),
        (
            "behavior: parallel, subagents: {always: [{type: a}]}, execution_mode: adaptiv",
            ["unknown execution mode 'adaptiv' at $.phases[0].execution_mode; did you mean 'adaptive'?"],
        ),
        (
            "execution_mode: adaptive, behavior: main-only, run: ls",
            [
                "phase 'p': expected behavior parallel or sequential in an adaptive phase, found 'main-only' at"
                " $.phases[0].behavior; or give the phase another execution_mode than adaptive"
            ],
        ),
        (
            "behavior: main-only, run: ls, gap_check: {max_iterations: -1}",
            [
                "a gap check that checks nothing at $.phases[0].gap_check;"
                " give it a script, or criteria: [{name, check}]",
                "expected an integer from 0 to 1000, found the integer -1 at $.phases[0].gap_check.max_iterations",
            ],
        ),
        (
            "behavior: main-only, run: ls, gap_check: {script: '', criteria: [{check: x}], on_failure: {action: redo}}",
            [
                "unknown action of a gap check 'redo' at $.phases[0].gap_check.on_failure.action;"
                " known are abort, escalate, retry, spawn_additional",
                "expected JavaScript, found the text '' at $.phases[0].gap_check.script",
                "field 'name' is missing at $.phases[0].gap_check.criteria[0]; expected a text",
                "'script' and 'criteria' exclude each other at $.phases[0].gap_check.criteria; keep one of them",
            ],
        ),
        (
            "behavior: main-only, run: ls, checkpoint: {options: [{label: A, on_select: abort}]}",
            [
                "expected an object, found the text 'abort' at $.phases[0].checkpoint.options[0].on_select;"
                " say {action: NAME}, one of continue, repeat_phase, skip_phases, abort",
            ],
        ),
        (
            "behavior: main-only, run: ls, checkpoint: {options: [{label: A, on_select: {action: goto}},"
            " {label: B, on_select: {action: repeat_phase, target: q}},"
            " {label: C, on_select: {action: skip_phases, phases: [p, q]}}]}",
            [
                "unknown action of an option 'goto' at $.phases[0].checkpoint.options[0].on_select.action;"
                " known are abort, continue, repeat_phase, skip_phases",
                "no phase 'q' to go to at $.phases[0].checkpoint.options[1].on_select.target; known are p",
                "no phase 'q' to go to at $.phases[0].checkpoint.options[2].on_select.phases[1]; known are p",
            ],
        ),
        (
            "behavior: parallel, subagents: [{type: a, config: {max_tokens: many, output_path: ''}}]",
            [
                "expected a text that is not blank, found the text '' at $.phases[0].subagents[0].config.output_path",
                "expected an integer of at least 1, found the text 'many' at"
                " $.phases[0].subagents[0].config.max_tokens",
            ],
        ),
    ],
)
def test_a_violation_is_told_with_phase_field_and_what_was_expected(fields: str, expected: list[str]) -> None:
    assert sorted(problems(phase(fields))) == sorted(f"w.yaml:2: {problem}" for problem in expected)


@pytest.mark.parametrize("field", ["description", "execution_mode", "finalization"])
def test_a_file_of_the_shell_engine_says_all_that_it_asked_for(field: str) -> None:
    fields = {
        "name": "w",
        "description": "d",
        "execution_mode": "strict",
        "phases": "[{id: p, behavior: main-only, run: ls}]",
        "finalization": "{template: a.md, output: b.md}",
    }
    del fields[field]
    text = "\n".join(f"{name}: {value}" for name, value in fields.items())
    assert problems(text, "x/w.workflow.yaml") == [
        f"x/w.workflow.yaml:1: field '{field}' is missing;"
        " the shell engine's files (*.workflow.yaml) have it; others may leave it out"
    ]
    assert read(text, "x/w.yaml").name == "w"


@pytest.mark.parametrize(("field", "expected"), [("name", "a text"), ("phases", "a list")])
def test_what_every_workflow_must_say_is_told_once_in_a_file_of_the_shell_engine(field: str, expected: str) -> None:
    rest = "description: d\nexecution_mode: strict\nfinalization: {template: a.md, output: b.md}"
    text = phase("behavior: main-only, run: ls") + "\n" + rest
    lines = [line for line in text.splitlines() if not line.startswith(field)]
    assert problems("\n".join(lines), "w.workflow.yaml") == [
        f"w.workflow.yaml:1: field '{field}' is missing; expected {expected}"
    ]


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        (phase("behavior: main-only, run: ls"), False),
        (phase("behavior: parallel, name: first, subagents: [{type: a, run: ls}]"), False),
        (phase("behavior: main-only, run: ls") + "\nexecution_mode: strict", True),
        (phase("behavior: main-only, run: ls") + "\nfinalization: {template: a.md, output: b.md}", True),
        (phase("behavior: main-only, main_agent: {script: return}"), True),
        (phase("behavior: main-only, run: ls, checkpoint: {}"), True),
        (phase("behavior: main-only, run: ls, skills: []"), True),
        (phase("behavior: parallel, subagents: [{type: a}]"), True),
        (phase("behavior: parallel, subagents: [{id: a, run: ls, config: {}}]"), True),
        (phase("execution_mode: adaptive, behavior: parallel, subagents: {always: [{id: a, run: ls}]}"), True),
    ],
)
def test_books_are_kept_for_workflows_that_use_a_word_of_the_dialect(text: str, keeps: bool) -> None:
    assert read(text).keeps_books is keeps


def test_a_missing_output_is_a_failure_unless_the_workflow_says_otherwise() -> None:
    text = phase("behavior: main-only, run: ls, on_missing_output: warn")
    assert (read(text).on_missing_output, read(text).phases[0].on_missing_output) == (
        OnMissingOutput.FAIL,
        OnMissingOutput.WARN,
    )


def test_fields_that_nobody_knows_are_passed_over_in_a_file_of_the_shell_engine_and_told() -> None:
    text = WHOLE.replace("version: 1.2", "author: somebody").replace("  name: Discovery", "  estimate: 2h")
    assert read(text, "feature.workflow.yaml").phases[0].id == "discover"
    found = passed_over(parse_yaml(text.encode(), "feature.workflow.yaml"))
    assert [str(problem).split(";")[0] for problem in found] == [
        "feature.workflow.yaml:4: unknown field 'author' at $.author",
        "feature.workflow.yaml:8: unknown field 'estimate' at $.phases[0].estimate",
    ]
    assert len(problems(text)) == 2
    assert passed_over(parse_yaml(b"nmae: x", "w.yaml")) == ()


def test_a_field_without_a_value_says_nothing_in_a_file_of_the_shell_engine() -> None:
    text = (
        "name: w\ndescription: d\nexecution_mode: strict\nversion:\nphases:\n- id: p\n  name: P\n  description: x\n"
        "  behavior: parallel\n  execution_mode:\n  subagents: [{type: a, config: }]\n  suggested_subagents:\n"
        "  main_agent:\n  gap_check:\n  checkpoint:\n  skills:\nfinalization: {template: a.md, output: b.md}\n"
    )
    (found,) = read(text, "w.workflow.yaml").phases
    assert found.staging == PhaseStaging(name="P")
    assert problems(text.replace("behavior: parallel", "behavior:"), "w.workflow.yaml") == [
        "w.workflow.yaml:6: phase 'p': field 'behavior' is missing at $.phases[0];"
        " expected one of parallel, sequential, main-only"
    ]
    assert (
        "w.yaml:13: expected an object, found null at $.phases[0].main_agent; give the field a value or leave it out"
        in (problems(text))
    )


def test_a_main_only_phase_may_have_an_empty_list_of_subagents_beside_its_main_agent() -> None:
    text = phase("behavior: main-only, subagents: [], main_agent: {script: return}")
    assert read(text).phases[0].subagents == ()


@pytest.mark.parametrize(
    ("version", "text"), [("2", "2"), ("1.5", "1.5"), ("1.0.0", "1.0.0"), ("20261126", "20261126")]
)
def test_a_version_is_a_text_or_a_number(version: str, text: str) -> None:
    assert read(phase("behavior: main-only, run: ls") + f"\nversion: {version}").version == text


@pytest.mark.parametrize("version", ["9" * 5000, "true", "[1]"])
def test_what_is_no_version_is_told(version: str) -> None:
    (problem,) = problems(phase("behavior: main-only, run: ls") + f"\nversion: {version}")
    assert problem.startswith("w.yaml:3: expected a text, found ")
