"""What `shardflow run` tells before anything runs: dry runs, and what keeps a run from starting."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, ENVIRONMENT, shardflow


def test_what_keeps_a_run_from_starting_is_one_object_too(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("naem: w\nphasess: []\n")
    ended = shardflow("run", "w.yaml", "--json", cwd=tmp_path)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (2, "invalid", 2)
    assert {problem["line"] for problem in told["problems"]} == {1, 2}
    assert "w.yaml:2: " in ended.stderr


def test_a_dry_run_checks_everything_shows_what_would_run_and_runs_nothing(good: Path) -> None:
    ended = shardflow("run", good.name, "--dry-run", "--max-parallel", "1", cwd=good.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(
        "good: 1 phase, nothing run (--dry-run)\n"
        "context: context.json in the run directory\n"
        "work: parallel, 2 subagents, at most 1 at a time\n"
        "  one: python3 -c "
    )
    told = json.loads(shardflow("run", good.name, "--dry-run", "--json", cwd=good.parent).stdout)
    assert (told["status"], told["exit_code"], told["plan"]["name"]) == ("planned", 0, "good")
    assert [file.name for file in good.parent.iterdir()] == [good.name]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "folder is a folder, not a regular file"),
        ("link", "cannot read link: it is a symbolic link; name the file itself"),
        ("nowhere/c.json", "cannot make nowhere/c.json: its folder does not exist"),
        ("torn.json/c.json", "cannot make torn.json/c.json: its folder does not exist"),
        ("pipe", "pipe is a pipe, not a regular file"),
        ("torn.json", "torn.json:2: column 1: expected a key in double quotes, found the end of the text"),
    ],
)
def test_a_context_that_cannot_be_used_is_told_before_anything_runs(good: Path, name: str, told: str) -> None:
    (good.parent / "folder").mkdir()
    (good.parent / "link").symlink_to("torn.json")
    (good.parent / "torn.json").write_text("{\n")
    os.mkfifo(good.parent / "pipe")
    before = sorted(good.parent.iterdir())
    for options in ([], ["--dry-run"]):
        ended = shardflow("run", good.name, "--context", name, *options, cwd=good.parent)
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow run: {told}\n")
    assert sorted(good.parent.iterdir()) == before


def test_a_run_directory_that_cannot_be_made_is_told_with_what_next(good: Path) -> None:
    ended = shardflow("run", good.name, "--run-dir", "/proc/nowhere", cwd=good.parent)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("shardflow run: cannot make the run directory /proc/nowhere: ")
    assert ended.stderr.endswith("; give the run another --run-dir\n")


def test_a_current_folder_that_is_gone_is_told(good: Path) -> None:
    gone = good.parent / "gone"
    gone.mkdir()
    ended = subprocess.run(
        ["/bin/sh", "-c", 'rmdir "$0"; exec "$@"', str(gone), *COMMAND, "run", str(good)],
        cwd=gone,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    told = "shardflow run: the current folder is gone, or may not be looked into; change to another one\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", told)


@pytest.mark.parametrize("option", ["--context", "--run-dir", "--rules", "--agents", "--max-parallel"])
def test_an_option_that_is_empty_is_wrong_usage_before_anything_runs(good: Path, option: str) -> None:
    for words in ([option, ""], [f"{option}="]):
        ended = shardflow("run", good.name, *words, cwd=good.parent)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.endswith(
            f"Error: Invalid value for '{option}': it is empty; is a variable of the shell not set?\n"
        )
    assert [file.name for file in good.parent.iterdir()] == [good.name]


@pytest.mark.parametrize("given", ["x", "2.5", "0", "-3", "1e3"])
def test_an_option_that_is_no_number_from_its_least_on_is_refused_in_plain_words(good: Path, given: str) -> None:
    ended = shardflow("run", good.name, f"--max-parallel={given}", cwd=good.parent)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--max-parallel': expected an integer from 1 on, found '{given}'"
    )
    assert [file.name for file in good.parent.iterdir()] == [good.name]


def test_a_dry_run_tells_of_secrets_that_cannot_be_used_as_the_run_would(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "{name: w, phases: [{id: p, behavior: main-only, run: 'true', env: {TOKEN: {env: SURELY_NOT_SET}}}]}"
    )
    told = "shardflow run: w.yaml: p/p: the secret TOKEN cannot be used: "
    for options in ([], ["--dry-run"]):
        ended = shardflow("run", "w.yaml", *options, cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"{told}this process has no environment variable SURELY_NOT_SET\n"


def test_a_dry_run_warns_as_validate_does_of_ids_that_rules_prefer_and_no_subagent_has(good: Path) -> None:
    (good.parent / "r.yaml").write_text("rules: [{path: $.n, strategy: {prefer: [nobody]}}]")
    ended = shardflow("run", good.name, "--rules", "r.yaml", "--dry-run", cwd=good.parent)
    told = "warning: r.yaml:1: 'prefer' names 'nobody', and no subagent has this id; known are one, two\n"
    assert (ended.returncode, ended.stderr) == (0, told)


def test_a_context_through_a_pipe_is_refused_as_nothing_could_be_written_back(good: Path) -> None:
    told = "/dev/stdin is no file, and a context is written back to its own; write it into a file first"
    for options in ([], ["--dry-run"]):
        ended = shardflow("run", good.name, "--context", "/dev/stdin", *options, cwd=good.parent)
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow run: {told}\n")


def test_a_dry_run_of_what_cannot_start_fails_as_the_run_would(good: Path) -> None:
    (good.parent / "c.json").write_text("[]")
    for arguments in (["--context", "c.json"], ["--rules", "./none.yaml"]):
        ended = shardflow("run", good.name, "--dry-run", *arguments, cwd=good.parent)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == shardflow("run", good.name, *arguments, cwd=good.parent).stderr
