"""`shardflow runs`: what is listed, what one run shows, and that nothing is removed that somebody may need."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shardflow.cli.commands.runs import STANDINGS
from shardflow.execution.inspection.runs import ANY
from tests.cli.shell import COMMAND, ENVIRONMENT, shardflow
from tests.cli.workflows import write_workflow

GOOD = "name: good\nphases: [{id: one, behavior: main-only, run: 'true'}]\n"
BAD = """name: bad one
phases:
  - id: both
    behavior: parallel
    subagents:
      - {id: a, run: 'true'}
      - {id: b, run: exit 3, retry: {max: 1, backoff: 0}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a run that is done and one that failed."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    assert shardflow("run", "good.yaml", cwd=tmp_path).returncode == 0
    assert shardflow("run", "bad.yaml", cwd=tmp_path).returncode == 1
    return tmp_path


@pytest.fixture
def waiting(folder: Path) -> Iterator[str]:
    """The name of a run that goes on for as long as the test does."""
    (folder / "long.yaml").write_text(GOOD.replace("good", "long").replace("'true'", "'touch on; sleep 300'"))
    with subprocess.Popen(
        [*COMMAND, "run", "long.yaml"], cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    ) as run:
        while not (folder / "on").exists():
            assert run.poll() is None
        yield next(name for name in names(folder) if "long" in name)
        run.terminate()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / ".shardflow/runs"))


def listed(folder: Path, *options: str) -> list[dict[str, Any]]:
    told = shardflow("runs", *options, "--json", cwd=folder)
    assert told.returncode == 0
    runs: list[dict[str, Any]] = json.loads(told.stdout)["runs"]
    return runs


def test_runs_are_listed_with_status_age_and_duration_the_last_first(folder: Path) -> None:
    first, second = listed(folder)
    assert [(run["workflow"], run["status"]) for run in (first, second)] == [("bad one", "failed"), ("good", "done")]
    assert list(first) == [
        *("name", "run_dir", "workflow", "status", "started", "finished"),
        *("age_seconds", "seconds", "context_file", "group_count"),
    ]
    assert second["age_seconds"] >= first["age_seconds"] >= first["seconds"] >= 0
    lines = shardflow("runs", cwd=folder).stdout.splitlines()
    assert lines[0].split() == ["run", "status", "workflow", "age", "took", "groups"]
    assert [line.split()[:2] for line in lines[1:]] == [[run["name"], run["status"]] for run in (first, second)]
    assert shardflow("runs", "list", cwd=folder).stdout.splitlines()[0] == lines[0]


def test_the_help_names_every_status() -> None:
    told = " ".join(shardflow("runs", "list", "--help").stdout.split())
    [named] = re.findall(r"Only these: (.+?)\.", told)
    assert set(named.split(", ")) == STANDINGS - {ANY}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--status", "failed"], ["bad one"]),
        (["--status", "killed"], []),
        (["--workflow", "g*"], ["good"]),
        (["--newest", "1"], ["bad one"]),
        (["--older-than", "1d"], []),
        (["--older-than", "0s"], ["bad one", "good"]),
        (["--in", "elsewhere"], []),
    ],
)
def test_only_those_that_are_asked_for_are_listed(folder: Path, options: list[str], wanted: list[str]) -> None:
    assert [run["workflow"] for run in listed(folder, *options)] == wanted


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--status", "dnoe"], "did you mean 'done'?"),
        (["--older-than", "yesterday"], "such as 90s, 30m, 12h or 7d"),
        (["show", "nowhere"], "is no run directory"),
        (["prune"], "say which runs to remove"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(folder: Path, options: list[str], why: str) -> None:
    told = shardflow("runs", *options, cwd=folder)
    assert (told.returncode, why in told.stderr) == (2, True)


def test_a_number_of_runs_below_none_is_wrong_usage_and_removes_nothing(folder: Path) -> None:
    before = names(folder)
    for words in (["--keep", "-1"], ["--keep=-1"]):
        ended = shardflow("runs", "prune", *words, cwd=folder)
        assert (ended.returncode, ended.stdout) == (2, "")
    assert names(folder) == before


def test_a_folder_of_runs_that_cannot_be_read_is_told_and_does_not_pass_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / ".shardflow").mkdir()
    (tmp_path / ".shardflow/runs").symlink_to("runs")
    for command in ("runs", "resume"):
        ended = shardflow(command, cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.endswith("cannot read .shardflow/runs: it is a symbolic link\n")


def test_a_folder_without_runs_is_told_and_one_without_such_runs_if_some_are_asked_for(tmp_path: Path) -> None:
    told = [shardflow("runs", "--in", "x", *more, cwd=tmp_path).stdout for more in ((), ("--status", "failed"))]
    assert told == ["no runs in x\n", "no runs in x like that\n"]


def test_a_run_whose_process_is_gone_was_killed(folder: Path) -> None:
    record = folder / ".shardflow/runs" / next(name for name in names(folder) if "bad" in name) / "run.json"
    told = json.loads(record.read_text()) | {"status": "running", "finished": None, "groups": []}
    record.write_text(json.dumps(told))
    first, _ = listed(folder)
    assert (first["status"], "seconds" in first, "finished" in first) == ("killed", False, False)


def test_one_run_shows_its_groups_and_how_each_subagent_ended(folder: Path) -> None:
    name = next(name for name in names(folder) if "bad" in name)
    told = shardflow("runs", "show", name, cwd=folder).stdout
    assert f"{name}: failed\n" in told
    assert "01-both: failed\n  a: succeeded\n  b: exited with code 3 (2 tries)\n" in told
    assert f"go on:         shardflow resume .shardflow/runs/{name}\n" in told
    one = json.loads(shardflow("runs", "show", name, "--json", cwd=folder).stdout)["run"]
    assert (one["status"], one["starts"], one["bytes"] > 0) == ("failed", 1, True)
    [group] = one["groups"]
    assert [(sub["id"], sub["ending"], sub.get("exit_code"), sub["sealed"]) for sub in group["subagents"]] == [
        ("a", "succeeded", None, True),
        ("b", "exited-non-zero", 3, False),
    ]


def test_why_a_subagent_failed_is_shown_whole(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", a="ln $SHARDFLOW_SHARD other; exit 0")
    shardflow("run", "w.yaml", "--run-dir", "out", cwd=tmp_path)
    told = shardflow("runs", "show", "out", cwd=tmp_path).stdout
    assert "it has another name too (a hard link); a shard is a file of its own\n" in told


def test_a_group_that_has_not_ended_shows_who_has_succeeded_so_far(folder: Path) -> None:
    name = next(name for name in names(folder) if "bad" in name)
    (folder / ".shardflow/runs" / name / "groups/01-both/group.json").unlink()
    told = shardflow("runs", "show", name, cwd=folder).stdout
    assert "\n01-both: not ended\n  a: succeeded\ngo on: " in told
    one = json.loads(shardflow("runs", "show", name, "--json", cwd=folder).stdout)["run"]
    succeeded = {"id": "a", "ending": "succeeded", "detail": "succeeded", "tries": 1, "sealed": True}
    assert one["groups"][0]["subagents"] == [succeeded]


def test_what_a_run_took_that_was_started_again_is_said_to_hold_the_time_between(folder: Path) -> None:
    assert "between" not in shardflow("runs", "show", names(folder)[0], cwd=folder).stdout
    name = next(name for name in names(folder) if "bad" in name)
    shardflow("resume", name, cwd=folder)
    assert " s, the time between its starts included\n" in shardflow("runs", "show", name, cwd=folder).stdout


@pytest.mark.parametrize(
    "line",
    [["runs", "show", "NAME"], ["blame", "NAME"], ["merge", "NAME"], ["case", "save", "NAME", "x"], ["resume", "NAME"]],
    ids=lambda line: " ".join(line),
)
def test_every_command_finds_a_run_by_the_name_that_the_list_shows(folder: Path, line: list[str]) -> None:
    (folder / "good.yaml").write_text(GOOD.replace("good", "a good name that goes on and on and on"))
    assert shardflow("run", "good.yaml", cwd=folder).returncode == 0
    name = shardflow("runs", cwd=folder).stdout.splitlines()[1].split()[0]
    ended = shardflow(*(name if word == "NAME" else word for word in line), cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("line", [["runs", "show"], ["blame"], ["resume"]], ids=" ".join)
def test_a_run_that_is_not_there_is_told_with_where_names_stand(folder: Path, line: list[str]) -> None:
    ended = shardflow(*line, "nowhere", cwd=folder)
    assert ended.returncode == 2
    assert "nowhere is no run directory: it does not exist; 'shardflow runs' lists runs\n" in ended.stderr


def test_only_runs_that_are_done_are_removed_unless_others_are_named(folder: Path) -> None:
    told = shardflow("runs", "prune", "--older-than", "0s", "--dry-run", cwd=folder)
    assert "good" in told.stdout
    assert len(names(folder)) == 2
    told = shardflow("runs", "prune", "--older-than", "0s", cwd=folder)
    assert told.stdout.endswith("1 run removed\n")
    [left] = names(folder)
    assert "bad" in left
    told = shardflow("runs", "prune", "--older-than", "0s", "--status", "any", "--json", cwd=folder)
    assert [run["name"] for run in json.loads(told.stdout)["removed"]] == [left]
    assert names(folder) == []


def test_the_last_runs_are_kept_and_what_an_interrupted_removal_left_goes(folder: Path) -> None:
    (folder / ".shardflow/runs/.pruned-old/groups").mkdir(parents=True)
    before = names(folder)
    assert shardflow("runs", "prune", "--keep", "2", "--status", "any", cwd=folder).stdout == "0 runs removed\n"
    assert names(folder) == before[1:]
    shardflow("runs", "prune", "--keep", "1", "--status", "any", cwd=folder)
    [left] = names(folder)
    assert "bad" in left


def test_a_run_that_goes_on_is_told_and_never_removed(folder: Path, waiting: str) -> None:
    assert [run["status"] for run in listed(folder)] == ["running", "failed", "done"]
    assert "seconds" not in listed(folder)[0]
    shardflow("runs", "prune", "--older-than", "0s", "--status", "any", cwd=folder)
    assert names(folder) == [waiting]


def test_a_link_to_a_run_elsewhere_is_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "run"
    good = next(name for name in names(folder) if "good" in name)
    (folder / ".shardflow/runs" / good).rename(elsewhere)
    (folder / ".shardflow/runs" / good).symlink_to(elsewhere)
    shardflow("runs", "prune", "--older-than", "0s", "--status", "any", cwd=folder)
    assert (elsewhere / "run.json").exists()
