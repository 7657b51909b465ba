"""`shardflow validate`: all errors of all files, those of the files they name among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import shardflow

VALID = """\
name: valid
phases:
  - id: one
    behavior: parallel
    subagents:
      - {id: a, run: "true"}
      - {id: b, run: "true"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "valid.yaml").write_text(VALID)
    return tmp_path


def test_a_valid_workflow_is_said_to_be_valid(folder: Path) -> None:
    ended = shardflow("validate", "valid.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "valid.yaml: valid, 1 phase, 2 subagents\n", "")


def test_all_errors_of_all_files_are_told_with_their_lines(folder: Path) -> None:
    (folder / "typo.yaml").write_text(VALID.replace("behavior", "behaviour").replace("id: b", "id: a"))
    (folder / "torn.yaml").write_text("name: [")
    ended = shardflow("validate", "typo.yaml", "missing.yaml", "valid.yaml", "torn.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "valid.yaml: valid, 1 phase, 2 subagents\n")
    assert "typo.yaml:4: " in ended.stderr
    assert "typo.yaml:7: " in ended.stderr
    assert "\ntorn.yaml:2: " in ended.stderr
    assert "\ncannot read missing.yaml: it does not exist\n" in ended.stderr
    assert ended.stderr.endswith("invalid: 3 of 4 workflows\n")


def test_rules_and_contexts_are_checked_too_each_once(folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules:\n  - {path: $.n, strategy: summ}\n")
    (folder / "w.yaml").write_text(f"rules: ./rules.yaml\ncontext: context.json\n{VALID}    rules: ./rules.yaml\n")
    ended = shardflow("validate", "w.yaml", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.count("unknown strategy 'summ'") == 1
    assert "rules.yaml:2: " in ended.stderr
    assert "did you mean 'sum'?" in ended.stderr
    assert "context.json" in ended.stderr


def test_names_of_files_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "\x1b[31m.yaml").write_text("[")
    ended = shardflow("validate", "\x1b[31m.yaml", "\x9bgone", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.replace("\n", "").isprintable()
