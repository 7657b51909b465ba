"""Checkpoints through a pseudo-terminal, and from the command line: who is asked, what is shown, what is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.shell import shardflow
from tests.cli.test_terminal import ending, on_a_terminal

WORKFLOW = r"""
name: asking
agents: {default: {run: 'printf "first \033[31mline\n" > "$SHARDFLOW_OUTPUT"'}}
phases:
- id: plan
  behavior: parallel
  subagents: [{type: writer, config: {output_path: plan.md}}]
  checkpoint:
    prompt: "Is it \e[2J good?"
    show_files: ['{{ output_dir }}/plan.md', nowhere.md]
    options:
    - {label: Go on}
    - {label: Again, with_feedback: true, on_select: {action: repeat_phase}}
    - {label: Stop, on_select: {action: abort}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.yaml").write_text(WORKFLOW)
    return tmp_path


def context(folder: Path) -> Any:
    return json.loads((folder / ".temp/asking/context.json").read_bytes())


def test_a_prompt_that_looks_like_a_template_is_warned_of_and_asked_as_it_stands(folder: Path) -> None:
    (folder / "w.yaml").write_text(WORKFLOW.replace(r"Is it \e[2J good?", "Is {{context.n}} good?"))
    told = (
        "w.yaml:9: the prompt of a checkpoint is no template: {{ is shown as it stands at $.phases[0].checkpoint.prompt"
    )
    for line in (["validate", "w.yaml"], ["run", "w.yaml", "--dry-run"]):
        ended = shardflow(*line, cwd=folder)
        assert (ended.returncode, told in ended.stderr) == (0, True), ended.stderr
    assert "somebody has to decide: Is {{context.n}} good?" in shardflow("run", "w.yaml", cwd=folder).stderr


def test_a_person_sees_what_it_is_about_and_chooses(folder: Path) -> None:
    terminal = on_a_terminal(folder, "run", "w.yaml", NO_COLOR="1")
    terminal.expect("checkpoint of phase plan")
    terminal.expect_exact(r"Is it \x1b[2J good?")
    terminal.expect_exact("--- .temp/asking/plan.md")
    terminal.expect_exact(r"first \x1b[31mline")
    terminal.expect_exact("nowhere.md: it does not exist")
    terminal.expect_exact("2  Again")
    terminal.expect_exact("choose 1 to 3: ")
    terminal.sendline("perhaps")
    terminal.expect_exact("no option is called 'perhaps'; known are 'Go on', 'Again', 'Stop'")
    terminal.sendline("again")
    terminal.expect_exact("feedback (may be empty): ")
    terminal.sendline("shorter, please")
    terminal.expect_exact("choose 1 to 3: ")
    terminal.sendline("1")
    _, code = ending(terminal)
    assert code == 0
    assert [(entry["option"], entry["feedback"]) for entry in context(folder)["checkpoints"]] == [
        ("Again", "shorter, please"),
        ("Go on", ""),
    ]


@pytest.mark.parametrize(("leave", "code"), [(pexpect.spawn.sendeof, 4), (pexpect.spawn.sendintr, 130)])
def test_who_leaves_without_an_answer_has_not_decided(folder: Path, leave: Any, code: int) -> None:
    terminal = on_a_terminal(folder, "run", "w.yaml")
    terminal.expect_exact("choose 1 to 3: ")
    leave(terminal)
    _, ended = ending(terminal)
    assert (ended, context(folder)["checkpoints"]) == (code, [])
    terminal = on_a_terminal(folder, "resume")
    terminal.expect_exact("choose 1 to 3: ")
    terminal.sendline("3")
    _, ended = ending(terminal)
    assert (ended, context(folder)["checkpoints"][0]["decision"]) == (4, "abort")


def test_an_answer_that_fits_no_option_is_told_before_anything_runs(folder: Path) -> None:
    (folder / "answers.yaml").write_text("plan: [Again, Gone, 7]\nbuild: 1\n")
    ended = shardflow("run", "w.yaml", "--answers", "answers.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "shardflow run: answers.yaml:1: no option is called 'Gone'; known are 'Go on', 'Again', 'Stop' at $.plan[1]\n"
        "answers.yaml:1: there are 3 options, and no 7 at $.plan[2]\n"
        "answers.yaml:2: no phase 'build' that could ask at $.build; known are plan\n"
    )
    assert not (folder / ".temp").exists()


def test_a_run_that_paused_tells_how_to_answer_and_how_to_go_on(folder: Path) -> None:
    paused = shardflow("run", "w.yaml", "--run-dir", "run", cwd=folder)
    assert paused.stderr.endswith(
        " (Go on, Again, Stop); answer at a terminal or by --answers FILE, or take the first by --yes\n"
    )
    assert paused.stdout.splitlines()[-1] == "go on:         shardflow resume run"


def test_who_repeated_a_phase_as_often_as_yes_may_is_not_told_to_say_yes(folder: Path) -> None:
    (folder / "w.yaml").write_text(WORKFLOW.replace("    - {label: Go on}\n", ""))
    (folder / "answers.yaml").write_text("plan: [Again, Again, Again]\n")
    paused = shardflow("run", "w.yaml", "--answers", "answers.yaml", cwd=folder)
    assert paused.stderr.endswith("; answer at a terminal or by --answers FILE\n")
    assert "--yes" not in paused.stdout


def test_json_tells_a_paused_run_from_an_aborted_one(folder: Path) -> None:
    paused = json.loads(shardflow("run", "w.yaml", "--json", cwd=folder).stdout)
    assert (paused["status"], paused["exit_code"], paused["phases"][0]["problems"]) == (
        "paused",
        4,
        [
            {
                "message": "somebody has to decide: Is it \x1b[2J good? (Go on, Again, Stop); "
                "answer at a terminal or by --answers FILE, or take the first by --yes"
            }
        ],
    )
    (folder / "answers.yaml").write_text("[Stop]")
    aborted = json.loads(shardflow("resume", "--answers", "answers.yaml", "--json", cwd=folder).stdout)
    assert (aborted["status"], aborted["exit_code"]) == ("aborted", 4)


def test_options_of_the_dialect_are_refused_where_they_mean_nothing(folder: Path) -> None:
    (folder / "native.yaml").write_text("name: n\nphases: [{id: p, behavior: main-only, run: 'true'}]\n")
    done = shardflow("run", "native.yaml", "--yes", cwd=folder)
    assert (done.returncode, done.stderr) == (
        2,
        "shardflow run: --yes is for workflows of the dialect, and this one uses nothing of it\n",
    )
    done = shardflow("run", "native.yaml", "--feature", "n", cwd=folder)
    assert done.returncode == 0
    assert json.loads((folder / ".temp/n/context.json").read_bytes())["phases"]["completed"] == ["p"]


def test_a_dry_run_tells_the_stages_and_makes_nothing(folder: Path) -> None:
    done = shardflow("run", "w.yaml", "--dry-run", cwd=folder)
    assert done.stdout.splitlines()[1:] == [
        "context: .temp/asking/context.json",
        "plan: parallel, 1 subagent, at most 16 at a time",
        r"""  writer: printf "first \x1b[31mline\n" > "$SHARDFLOW_OUTPUT\"""".replace('\\"', '"').replace(
            "\\x1b", "\\033"
        ),
        "  checkpoint: Go on (continue), Again (repeat this phase), Stop (abort)",
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["w.yaml"]
