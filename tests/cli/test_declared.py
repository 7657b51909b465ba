"""Declared reads and writes on the command line: what is refused, warned of, in the summary and in `--json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow
from tests.cli.workflows import adding


def workflow(folder: Path, **options: Any) -> None:
    a = {"id": "a", "run": adding(x=2), "writes": ["$.x"], "reads": ["$.y"]}
    b = {"id": "b", "run": adding(y=2, z=2), "writes": ["$.y"]}
    phase = {"id": "work", "behavior": "parallel", "subagents": [a, b]}
    context = {"x": 1, "y": 1, "z": 1}
    (folder / "w.yaml").write_text(json.dumps({"name": "w", "context": context, "phases": [phase], **options}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workflow(tmp_path)
    return tmp_path


def test_a_refused_write_is_told_with_the_nearest_declared_pattern_and_what_to_do(folder: Path) -> None:
    ended = shardflow("run", "w.yaml", "--run-dir", "run", cwd=folder)
    assert ended.returncode == 1
    told = "changed what it does not declare to write: $.z (nearest declared: $.y); declare it in its writes, or say on"
    assert f"failed: b (phase work): {told}_undeclared_write: warn" in ended.stderr
    assert f"  b: {told}_undeclared_write: warn (" in ended.stdout


def test_warned_writes_and_stale_reads_stand_in_the_warnings_the_summary_and_the_json(folder: Path) -> None:
    workflow(folder, on_undeclared_write="warn")
    ended = shardflow("run", "w.yaml", "--run-dir", "run", cwd=folder)
    assert ended.returncode == 0
    assert ended.stderr.splitlines() == [
        "warning: b: changed what it does not declare to write: $.z (nearest declared: $.y)",
        "warning: work: a reads $.y, which others changed meanwhile: $.y (b)",
    ]
    assert "stale reads:   1, of a: others of their group changed what they read\n" in ended.stdout
    ended = shardflow("run", "w.yaml", "--run-dir", "again", "--json", cwd=folder)
    [group] = json.loads(ended.stdout)["phases"][0]["groups"]
    assert group["stale_reads"] == [
        {"shard": "a", "reads": "$.y", "count": 1, "changed": [{"path": "$.y", "shards": ["b"]}]}
    ]
    one, other = group["subagents"]
    assert "undeclared" not in one
    assert other["undeclared"] == {"count": 1, "places": [{"path": "$.z", "nearest": "$.y"}]}


def test_undeclared_names_cannot_steer_a_terminal(folder: Path) -> None:
    hostile = {
        "id": "h",
        "run": adding(**{"\x1b[31m": 1}),
        "writes": ["$['\\u001b[32m']"],
        "reads": ["$['\\u001b[33m']"],
    }
    phase = {"id": "work", "behavior": "parallel", "subagents": [hostile]}
    for option in ("warn", "refuse"):
        (folder / "w.yaml").write_text(json.dumps({"name": "w", "on_undeclared_write": option, "phases": [phase]}))
        ended = shardflow("run", "w.yaml", cwd=folder)
        assert (ended.stdout + ended.stderr).replace("\n", "").isprintable()


@pytest.mark.parametrize(("others", "code"), [([{"n": 1}], 0), ([{"n": 1}, {"n": 2}], 3)])
def test_a_failure_that_is_allowed_is_told_as_such_also_where_the_others_are_in_conflict(
    folder: Path, others: list[dict[str, int]], code: int
) -> None:
    one = {"id": "bad", "run": "exit 4", "allow_failure": True}
    all_of_them = [one, *({"id": f"o{number}", "run": adding(**left)} for number, left in enumerate(others))]
    workflow(folder, phases=[{"id": "work", "behavior": "parallel", "subagents": all_of_them}])
    ended = shardflow("run", "w.yaml", "--run-dir", "run", cwd=folder)
    assert ended.returncode == code
    assert "failed, as is allowed: bad (phase work): exited with code 4, after " in ended.stderr
    ended = shardflow("resume", "run", cwd=folder)
    assert "failed, as is allowed: bad (phase work): exited with code 4, in an earlier start\n" in ended.stderr
