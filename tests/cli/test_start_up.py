"""Start-up is felt, so what a command loads is held: nothing slow on the way of a well-formed line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import ENVIRONMENT
from tests.cli.workflows import write_workflow

SLOW = ["typer", "click", "pydantic", "rich", "asyncio", "deepdiff", "importlib.metadata", "logging"]
PROBE = """\
import sys
from shardflow.cli import command_line
code = command_line(sys.argv[1:])
assert code == 0, code
print(*sorted(sys.modules), file=sys.stderr)
"""


def modules_loaded(folder: Path, *arguments: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ended.stderr.split())


@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"], ["--dry-run"]], ids=" ".join)
def test_a_run_loads_nothing_slow(tmp_path: Path, options: list[str]) -> None:
    write_workflow(tmp_path / "w.yaml", one="true")
    assert modules_loaded(tmp_path, "run", "w.yaml", *options).isdisjoint(SLOW)


def test_merging_files_and_validating_load_nothing_slow(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", one="true")
    (tmp_path / "base.json").write_text("{}")
    assert modules_loaded(tmp_path, "merge", "base.json", "base.json", "-o", "o.json").isdisjoint(SLOW)
    assert modules_loaded(tmp_path, "validate", "w.yaml").isdisjoint(SLOW)


def test_the_version_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = modules_loaded(tmp_path, "--version")
    assert {name for name in loaded if name.startswith("shardflow")} == {
        "shardflow",
        "shardflow.cli",
        "shardflow.cli.console",
        "shardflow.exit_codes",
    }
