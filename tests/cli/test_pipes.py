"""What a person names may be a pipe of the shell, `<(...)` or `/dev/stdin`; what stands in a folder may not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, ENVIRONMENT, shardflow

pytestmark = pytest.mark.needs("bash")

FIRST = "rules: [{path: $.n, strategy: first}]"
WORKFLOW = {
    "name": "w",
    "context": {"n": 1},
    "phases": [
        {
            "id": "work",
            "behavior": "parallel",
            "subagents": [
                {"id": name, "run": f"""echo '{{"n": {value}}}' > "$SHARDFLOW_SHARD" """}
                for name, value in (("x", 2), ("y", 3))
            ],
        },
        {"id": "last", "behavior": "main-only", "run": "[ -e ready ]"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in (("base", 1), ("x", 2), ("y", 3)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"n": value}))
    (tmp_path / "w.yaml").write_text(json.dumps(WORKFLOW))
    (tmp_path / "first.yaml").write_text(FIRST)
    return tmp_path


def bash(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `shardflow` is the command."""
    function = f"shardflow() {{ '{COMMAND[0]}' -m shardflow \"$@\"; }}; {line}"
    command = ["bash", "-c", function]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "line",
    [
        "shardflow merge base.json x.json y.json --json --rules <(cat first.yaml)",
        "cat first.yaml | shardflow merge base.json x.json y.json --json --rules /dev/stdin",
        "shardflow merge base.json x.json y.json --json --rules /dev/stdin < first.yaml",
        "cat first.yaml | shardflow merge base.json x.json y.json --json --rules -",
        "shardflow merge base.json x.json y.json --json --rules - < first.yaml",
        "cat base.json | shardflow merge - x.json y.json --json --rules <(cat first.yaml)",
        "shardflow merge <(cat base.json) x.json y.json --json --rules <(cat first.yaml)",
    ],
)
def test_rules_and_a_base_come_through_a_pipe_and_the_rules_are_told_the_same_whatever_it_is(
    folder: Path, line: str
) -> None:
    ended = bash(folder, line)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert told["context"] == {"n": 2}
    assert [decision["rule"]["origin"] for decision in told["decisions"]] == ["pipe:1"]


@pytest.mark.parametrize(
    "line",
    [
        "shardflow rules lint <(cat first.yaml)",
        "shardflow rules show <(cat first.yaml)",
        "shardflow rules explain '$.n' --rules <(cat first.yaml)",
        "shardflow run w.yaml --dry-run --rules <(cat first.yaml)",
        "cat first.yaml | shardflow rules lint -",
    ],
)
def test_a_command_that_looks_at_rules_twice_reads_their_pipe_once(folder: Path, line: str) -> None:
    ended = bash(folder, line)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [told for told in ("first", "1 rule", "2 phases") if told in ended.stdout], ended.stdout


def test_two_outputs_of_commands_are_compared(folder: Path) -> None:
    ended = bash(folder, "shardflow diff <(cat x.json) <(cat y.json)")
    assert (ended.returncode, ended.stderr, "$.n" in ended.stdout) == (1, "", True)


@pytest.mark.parametrize("line", ["cat x.json | shardflow diff - y.json", "shardflow diff y.json - < x.json"])
def test_a_dash_is_standard_input(folder: Path, line: str) -> None:
    (folder / "-").write_text("no JSON")
    ended = bash(folder, line)
    assert (ended.returncode, ended.stderr, "$.n" in ended.stdout) == (1, "", True)
    assert bash(folder, "shardflow diff ./- y.json").stderr.startswith("shardflow diff: ./-:1: ")


def test_resolutions_come_through_a_pipe(folder: Path) -> None:
    assert bash(folder, "shardflow run w.yaml --run-dir run").returncode == 3
    ended = bash(folder, """shardflow merge run --resolutions <(echo 'resolutions: [{path: $.n, take: {shard: y}}]')""")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((folder / "run/context.json").read_text()) == {"n": 3}


def test_a_run_takes_rules_through_a_pipe_and_asks_for_them_again_when_it_is_resumed(folder: Path) -> None:
    assert bash(folder, "shardflow run w.yaml --run-dir run --rules <(cat first.yaml)").returncode == 1
    assert json.loads((folder / "run/context.json").read_text()) == {"n": 2}
    assert bash(folder, "shardflow merge run").returncode == 0
    (folder / "ready").touch()
    ended = bash(folder, "shardflow resume run 63< <(echo 'rules: []') 3< <(echo 'rules: []')")
    told = "its rules came through a pipe, which is gone; give the same ones again: --rules FILE"
    assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr
    ended = bash(folder, "shardflow resume run --json --rules <(cat first.yaml)")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [group["kept"] for phase in json.loads(ended.stdout)["phases"] for group in phase["groups"]] == [True, False]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("shardflow merge base.json x.json <(cat y.json)", "no file; a workflow or a shard goes by the name of one"),
        ("cat y.json | shardflow merge base.json x.json -", "/dev/stdin is no file; a workflow or a shard goes by the"),
        ("cat w.yaml | shardflow run -", "/dev/stdin is no file; a workflow or a shard goes by the name of one"),
        ("cat base.json | shardflow merge -", "or a base and at least one shard; no /dev/stdin is there"),
        ("shardflow run <(cat w.yaml)", "no file; a workflow or a shard goes by the name of one"),
        ("shardflow validate <(cat w.yaml)", "no file; a workflow or a shard goes by the name of one"),
        ("shardflow merge run --with z=<(cat y.json)", "no file; a workflow or a shard goes by the name of one"),
        ("shardflow merge base.json x.json --rules <(echo 'extends: beside.yaml')", "no rule set 'beside.yaml'"),
        ("shardflow merge base.json x.json --rules /dev/stdin", "is a device, not a regular file"),
        ("shardflow merge base.json x.json --rules /dev/fd/77", "cannot read /dev/fd/77: bad file descriptor"),
        ("shardflow merge base.json x.json --rules <(head -c 20000000 /dev/zero)", "too large: more than 16,777,216"),
        ("shardflow merge base.json x.json --rules <(echo 'rules: 5')", "/dev/fd/63:1:"),
    ],
)
def test_what_must_be_a_file_of_its_own_and_what_is_no_pipe_is_refused(folder: Path, line: str, told: str) -> None:
    bash(folder, "touch ready; shardflow run w.yaml --run-dir run --rules first.yaml")
    ended = bash(folder, line)
    assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize("name", ["--rules=./named.yaml", "named.yaml"])
def test_a_pipe_that_stands_in_a_folder_is_refused_without_waiting_for_it(folder: Path, name: str) -> None:
    os.mkfifo(folder / "named.yaml")
    ended = shardflow("merge", "base.json", "x.json", name, cwd=folder)
    assert (ended.returncode, "named.yaml is a pipe, not a regular file" in ended.stderr) == (2, True), ended.stderr


def test_a_file_names_no_pipe(folder: Path) -> None:
    told = "cannot read /dev/stdin: it is a symbolic link"
    (folder / "w.yaml").write_text(json.dumps({**WORKFLOW, "rules": "/dev/stdin"}))
    ended = bash(folder, "cat first.yaml | shardflow run w.yaml --run-dir run")
    assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr
    (folder / "more.yaml").write_text("extends: /dev/stdin\n")
    ended = bash(folder, "cat first.yaml | shardflow rules lint more.yaml")
    assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr
