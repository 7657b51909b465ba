"""Standard output that was closed (`>&-`): what is not printed is told, and what a command does is done."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, ENVIRONMENT
from tests.cli.workflows import adding, write_workflow


@pytest.mark.parametrize("line", ["--version", "--help", "rules list", "rules list --json", "runs list", "run --help"])
def test_a_closed_standard_output_is_told_where_there_was_something_to_print(line: str) -> None:
    ended = in_a_shell(f"shardflow {line} >&-")
    assert ended.returncode == 1
    assert ended.stderr == "shardflow: standard output cannot be written: it is closed\n"


def test_a_closed_standard_output_is_nothing_to_who_is_quiet(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", one=adding(a=1))
    ended = in_a_shell("shardflow run w.yaml --run-dir out --quiet >&-", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((tmp_path / "out/context.json").read_text()) == {"a": 1}
    told = in_a_shell("shardflow run w.yaml --run-dir told >&-", tmp_path)
    assert (told.returncode, told.stderr) == (1, "shardflow: standard output cannot be written: it is closed\n")
    assert json.loads((tmp_path / "told/context.json").read_text()) == {"a": 1}


def test_a_closed_standard_error_is_no_failure(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", one="/nowhere/program")
    ended = in_a_shell("shardflow validate w.yaml 2>&-", tmp_path)
    assert (ended.returncode, ended.stdout.count("1 warning")) == (0, 1)


def in_a_shell(text: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    text = text.replace("shardflow", shlex.join(COMMAND), 1)
    return subprocess.run(["sh", "-c", text], env=ENVIRONMENT, cwd=folder, capture_output=True, text=True, check=False)
