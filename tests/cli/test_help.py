"""Help and usage errors, pinned word for word: they are read by people, and a change of them is a decision.

`SHARDFLOW_PIN=1 pytest tests/cli/test_help.py` writes the texts anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from shardflow import __version__
from shardflow.cli.declarations import GROUPS, all_commands
from shardflow.cli.parameters import Command
from tests.cli.shell import reader_that_left, shardflow

EXPECTED = Path(__file__).with_name("expected")
ASKED = [(), *((group,) for group in GROUPS), *(command.words for command in all_commands())]
LINES = {"-".join(["help", *words]): [*words, "--help"] for words in ASKED}
LINES |= {
    "nothing": [],
    "unknown-command": ["rum", "w.yaml"],
    "unknown-second-word": ["rules", "lst"],
    "second-word-missing": ["rules"],
    "missing-argument": ["run"],
    "unknown-option": ["run", "w.yaml", "--contxt", "c.json"],
    "spare-argument": ["run", "w.yaml", "x.yaml"],
    "missing-value": ["run", "w.yaml", "--context"],
    "number-too-small": ["run", "w.yaml", "--max-parallel", "0"],
    "no-number": ["run", "w.yaml", "--max-parallel", "two"],
    "no-shard": ["merge", "base.json"],
    "output-for-a-run": ["merge", ".", "--output", "c.json"],
    "no-such-workflow": ["run", "nowhere.yaml"],
    "hostile-option": ["run", "--\x1b[31m\x9bred"],
}


@pytest.mark.parametrize("name", LINES)
def test_help_and_errors_say_what_is_pinned(name: str, tmp_path: Path) -> None:
    ended = shardflow(*LINES[name], cwd=tmp_path)
    told = f"exit code {ended.returncode}\n{ended.stdout}{ended.stderr}".replace(str(tmp_path), "<here>")
    file = EXPECTED / f"{name}.txt"
    if os.environ.get("SHARDFLOW_PIN"):
        file.write_text(told)
    assert told == file.read_text()


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.name)
def test_the_help_of_a_command_shows_every_option_and_an_example(command: Command) -> None:
    told = shardflow(*command.words, "--help").stdout
    assert f"\n    shardflow {command.name} " in told
    assert all(name in told for name in command.options)


def test_the_version_is_told_the_same_with_and_without_typer() -> None:
    assert shardflow("--version").stdout == f"shardflow {__version__}\n"
    assert shardflow("--version", "run").stdout == f"shardflow {__version__}\n"


@pytest.mark.parametrize("line", [["--version"], ["--help"], ["run", "--help"], ["--show-completion", "bash"]])
def test_what_is_told_to_a_reader_that_left_is_no_error_and_to_a_full_disk_is_one(line: list[str]) -> None:
    quiet = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "PYTHONUNBUFFERED": "1"}
    with reader_that_left() as stdout:
        ended = shardflow(*line, stdout=stdout, environment=quiet)
    assert (ended.returncode, ended.stderr) == (0, "")
    with open("/dev/full", "w") as stdout:
        ended = shardflow(*line, stdout=stdout, environment=quiet)
    assert ended.returncode == 1
    assert ended.stderr == "shardflow: standard output cannot be written: no space left on device\n"


def test_who_asks_for_an_object_gets_one_for_wrong_usage_too() -> None:
    ended = shardflow("run", "w.yaml", "--contxt", "c.json", "--json")
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (2, "error", 2)
    [problem] = told["problems"]
    assert problem["message"].startswith("No such option: --contxt")
    assert problem["message"] in ended.stderr
    assert shardflow("run", "w.yaml", "--contxt", "c.json").stdout == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_for_the_shells_people_use(shell: str) -> None:
    ended = shardflow("--show-completion", shell, environment={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert ended.returncode == 0
    assert "_SHARDFLOW_COMPLETE" in ended.stdout


def test_the_shell_gets_completions_of_commands_and_options() -> None:
    asked = {"_SHARDFLOW_COMPLETE": "complete_bash", "COMP_CWORD": "1", "COMP_WORDS": "shardflow "}
    assert shardflow(environment=asked).stdout.split() == list(
        dict.fromkeys(command.words[0] for command in all_commands())
    )
    asked = {"_SHARDFLOW_COMPLETE": "complete_bash", "COMP_CWORD": "2", "COMP_WORDS": "shardflow run --dr"}
    assert shardflow(environment=asked).stdout.split() == ["--dry-run"]
    asked = {"_SHARDFLOW_COMPLETE": "complete_bash", "COMP_CWORD": "2", "COMP_WORDS": "shardflow rules l"}
    assert "list" in shardflow(environment=asked).stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("rules show fin", ["findings"]),
        ("rules show ma", ["majority", "max", "max_by"]),
        ("merge r --rules s", ["strict"]),
        ("merge r --only s", ["superseded"]),
        ("merge r --format ", ["table", "json", "markdown", "deepdiff"]),
        ("blame r --format m", ["markdown"]),
        ("runs list --status d", ["decided", "done"]),
        ("runs prune --status an", ["any"]),
        ("run w.yaml --rules ./r", []),
    ],
)
def test_the_shell_gets_completions_of_values(line: str, offered: list[str]) -> None:
    words = f"shardflow {line}"
    asked = {"_SHARDFLOW_COMPLETE": "complete_bash", "COMP_CWORD": str(words.count(" ")), "COMP_WORDS": words}
    assert shardflow(environment=asked).stdout.split() == offered
