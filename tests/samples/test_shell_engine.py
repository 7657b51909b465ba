"""The sample shell-engine: a workflow with every word of the dialect, run through each of its ways."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow
from tests.samples.runs import PATH, SAMPLES

pytestmark = pytest.mark.needs("jq", "node")

SAMPLE = SAMPLES / "shell-engine"
WORKFLOW = SAMPLE / "review.workflow.yaml"
EVERY_PHASE = ["discover", "examine", "decide", "improve", "polish", "publish"]


def review(folder: Path, *options: str | Path) -> tuple[int, dict[str, Any], str]:
    """Run the sample in a folder; give the exit code, the context and what was told."""
    done = shardflow("run", WORKFLOW, "--feature", "shop", *options, cwd=folder, environment={"PATH": PATH})
    context: dict[str, Any] = json.loads((folder / ".temp/shop/context.json").read_bytes())
    return done.returncode, context, done.stdout + done.stderr


def without_moments(text: str) -> str:
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T10:00:00Z", text)


WORDS = """
version execution_mode: strict loose adaptive behavior: parallel sequential main-only description:
subagents: always adaptive: suggested_subagents output_path model max_tokens context: main_agent script:
gap_check enabled max_iterations criteria check: on_failure message retry spawn_additional escalate abort
additionalAgents checkpoint approval_required condition prompt show_files with_feedback options label on_select
continue repeat_phase target: current skip_phases phases: skills args finalization template output
{{output_dir}} {{feature_name}} {{workflow_name}} {{.}} {{# {{^ context. phase. await default: agents: helpers:
readFile( readFiles( writeFile( files_exist( contains_todos( identifyGaps( analyzeFiles( thinkHard(
has_syntax_errors( all_tests_pass( findAmbiguousRequirements( analyzeCoverage(
"""


def test_every_word_of_the_dialect_is_used_at_least_once() -> None:
    files = [WORKFLOW, SAMPLE / "shardflow.yaml", SAMPLE / "templates/report.md.tmpl"]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [word for word in WORDS.split() if word not in text] == []


@pytest.mark.parametrize("at_a_time", ["1", "16"])
def test_the_context_is_the_expected_one_but_for_its_moments(tmp_path: Path, at_a_time: str) -> None:
    options = ("--flag=--announce", "--answers", SAMPLE / "answers.yaml", "--max-parallel", at_a_time)
    code, context, told = review(tmp_path, *options)
    assert (code, context["phases"]["completed"]) == (0, EVERY_PHASE), told
    left = (tmp_path / ".temp/shop/context.json").read_text(encoding="utf-8")
    assert without_moments(left) == (SAMPLE / "expected/context.json").read_text(encoding="utf-8")


def test_what_it_leaves_is_worth_reading(tmp_path: Path) -> None:
    review(tmp_path, "--answers", SAMPLE / "answers.yaml")
    output = tmp_path / ".temp/shop"
    report = (output / "report.md").read_text(encoding="utf-8")
    assert "2 markers were found, 1 of them are still open; 2 tests pass." in report
    assert "- `rates`: 1 functions, 0 documented, **no test**" in report
    assert "- decide: Rewrite the proposal (name the tests first)" in report
    assert "- wanted: name the tests first" in (output / "decide/proposal.md").read_text(encoding="utf-8")
    assert "- advice: clear the markers" in (output / "decide/proposal.md").read_text(encoding="utf-8")
    published = (output / "publish/index.md").read_text(encoding="utf-8")
    assert published.startswith("All tests pass.\n1 of 3 modules are tested.\n")
    assert "`convert` has no docstring" in (output / "examine/rates.md").read_text(encoding="utf-8")
    metadata = json.loads((output / "metadata.json").read_bytes())
    assert (metadata["feature"], metadata["iteration_counts"]) == ("shop", {"discover": 1})


def test_without_answers_it_pauses_and_resume_asks_again(tmp_path: Path) -> None:
    code, context, told = review(tmp_path)
    assert (code, context["phases"]["current"]) == (4, "decide")
    assert "paused: decide: somebody has to decide: Shall the library be improved?" in told
    (tmp_path / "answers.yaml").write_text("{decide: Only report}")
    done = shardflow("resume", "--answers", "answers.yaml", cwd=tmp_path, environment={"PATH": PATH})
    assert done.returncode == 0, done.stderr
    context = json.loads((tmp_path / ".temp/shop/context.json").read_bytes())
    assert context["phases"]["completed"] == ["discover", "examine", "decide", "publish"]
    assert context["skip_phases"] == ["improve", "polish"]


@pytest.mark.parametrize(
    ("answers", "code", "current"),
    [("{decide: Stop}", 4, "decide"), ("{decide: Improve, improve: Abort}", 1, "improve")],
)
def test_somebody_may_end_it(tmp_path: Path, answers: str, code: int, current: str) -> None:
    (tmp_path / "answers.yaml").write_text(answers)
    ended, context, _ = review(tmp_path, "--answers", "answers.yaml")
    assert (ended, context["phases"]["current"]) == (code, current)


def test_a_gap_check_may_end_it_and_yes_takes_the_first_option_everywhere(tmp_path: Path) -> None:
    code, context, told = review(tmp_path, "--yes", "--flag=--strict")
    assert (code, context["phases"]["completed"]) == (1, ["discover"])
    assert "ended by its gap check: Untested modules are not reviewed." in told
    code, context, _ = review(tmp_path, "--yes")
    assert (code, context["phases"]["completed"]) == (0, EVERY_PHASE)
    assert [entry["decision"] for entry in context["checkpoints"]] == ["continue", "continue"]
    assert context["gap_checks"][-1]["decision"] == "continue"


def test_looking_again_repeats_the_phases_from_there(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text("{decide: [Look again, Only report]}")
    code, context, _ = review(tmp_path, "--answers", "answers.yaml")
    assert code == 0
    assert context["phases"]["completed"] == ["discover", "examine", "discover", "examine", "decide", "publish"]
