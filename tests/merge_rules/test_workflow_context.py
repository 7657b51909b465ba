"""Rule set workflow-context: N shell subagents with jq in parallel leave the bytes they leave one after another."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow

pytestmark = pytest.mark.needs("jq")

SUBAGENTS = 5

# jq before 1.7 writes the last two in its own way wherever it touches a file, in parallel as in a row
CONTEXT: dict[str, Any] = {
    "workflow": {"name": "w", "started_at": "2026-01-31T10:00:00Z", "execution_mode": "strict"},
    "feature": {"name": "user-profile", "flags": ["--frontend"]},
    "phases": {"current": "discovery", "completed": ["plan"], "iteration_counts": {"discovery": 1}},
    "subagents_spawned": 3,
    "deliverables": [{"phase": "plan", "path": "plan.md", "subagent": "planner", "size_bytes": 812}],
    "checkpoints": [],
    "skip_phases": [],
    "gap_checks": [],
    "ratio": 1.0,
    "wide": 18446744073709551617,
}

SCRIPTS = {
    "counting and delivering": '.subagents_spawned += 1 | .deliverables += [{path: $id, subagent: $id, size_bytes: 5}]',
    "the same deliverable": '.deliverables += [{path: "report.md"}]',
    "checkpoints and gap checks": '.checkpoints += [{phase: $id}] | .gap_checks += [{phase: $id, gaps: []}]',
    "phases": '.phases.completed += [$id] | .phases.iteration_counts.discovery += 1 | .phases.current = null',
    "counts of their own": '.phases.iteration_counts[$id] += 1',
    "one value for all": '.phases.current = $id | .status = $id',
    "a value of their own": '.results[$id] = {found: 3, by: $id}',
    "a list at a new place": '.notes += [$id]',
    "a list nobody named": '.feature.flags += ["--" + $id]',
    "a list set anew": ".feature.flags = [$id]",
    "skipped phases": '.skip_phases += [$id]',
    "deleting": 'del(.feature.flags) | del(.workflow.started_at)',
    "another kind of value": '.feature.name = [1]',
    "nothing": '.',
}  # fmt: skip


def shell(script: str) -> str:
    """Give the shell line of a subagent as existing ones are written: jq rewrites the file that CONTEXT_FILE names."""
    return f"""jq --arg id "$SHARDFLOW_ID" '{script}' "$CONTEXT_FILE" > new && mv new "$CONTEXT_FILE" """


def ids() -> list[str]:
    return [f"agent-{number}" for number in range(SUBAGENTS)]


def one_after_another(folder: Path, context: dict[str, Any], script: str) -> bytes:
    file = folder / "in-a-row.json"
    file.write_text(json.dumps(context, indent=2) + "\n")
    for name in ids():
        environment = {**os.environ, "SHARDFLOW_ID": name, "CONTEXT_FILE": str(file)}
        subprocess.run(["/bin/sh", "-c", shell(script)], cwd=folder, env=environment, check=True)
    return file.read_bytes()


def in_parallel(folder: Path, context: dict[str, Any], script: str) -> tuple[int, bytes]:
    subagents = []
    for name in ids():
        (folder / name).mkdir()
        subagents.append({"id": name, "run": shell(script), "cwd": name})
    phase = {"id": "work", "behavior": "parallel", "subagents": subagents}
    workflow = {"name": "w", "context": context, "rules": "workflow-context", "phases": [phase]}
    (folder / "w.yaml").write_text(json.dumps(workflow))
    code = shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=folder).returncode
    return code, (folder / "run/context.json").read_bytes()


@pytest.mark.parametrize("script", SCRIPTS)
def test_subagents_in_parallel_leave_the_bytes_that_they_leave_in_a_row(tmp_path: Path, script: str) -> None:
    text = SCRIPTS[script]
    assert in_parallel(tmp_path, CONTEXT, text) == (0, one_after_another(tmp_path, CONTEXT, text))


@pytest.mark.parametrize("script", ["counting and delivering", "counts of their own", "a list at a new place"])
def test_so_they_do_from_an_empty_context(tmp_path: Path, script: str) -> None:
    text = SCRIPTS[script]
    assert in_parallel(tmp_path, {}, text) == (0, one_after_another(tmp_path, {}, text))


STOPPED = {
    "a list that is not only appended to": ".deliverables[0].path = $id",
    "an object that one replaces and others change": 'if $id == "agent-0" then .feature = 1 else .feature.x = $id end',
}


@pytest.mark.parametrize("script", STOPPED)
def test_what_the_header_names_as_a_known_problem_is_a_conflict_and_never_settled_in_silence(
    tmp_path: Path, script: str
) -> None:
    code, context = in_parallel(tmp_path, CONTEXT, STOPPED[script])
    assert (code, json.loads(context)) == (3, CONTEXT)


ALL_AT_ONCE = """.subagents_spawned += 1
  | .deliverables += [{phase: "discovery", path: ($id + ".md"), subagent: $id, size_bytes: 5}]
  | .results[$id] = {found: 3, by: $id} | .phases.iteration_counts[$id] += 1 | .status = ("done by " + $id)"""


@pytest.mark.parametrize("engine", ["native", "with the engine's own books"])
def test_fifty_scripts_at_once_leave_entry_for_entry_what_fifty_in_a_row_leave(tmp_path: Path, engine: str) -> None:
    """The script is one that existing workflows have; with books, the engine counts nobody twice who counts itself."""
    count = 50
    (tmp_path / "row").mkdir()
    (tmp_path / "together").mkdir()
    file = tmp_path / "row/context.json"
    file.write_text(json.dumps(CONTEXT, indent=2) + "\n")
    for number in range(count):
        environment = {**os.environ, "SHARDFLOW_ID": f"agent-{number}", "CONTEXT_FILE": str(file)}
        line = ["/bin/sh", "-c", shell(ALL_AT_ONCE)]
        subprocess.run(line, cwd=tmp_path / "row", env=environment, check=True)
    in_a_row = json.loads(file.read_bytes())

    at_once = shell(ALL_AT_ONCE).replace("new", '"$CONTEXT_FILE.new"')
    listed = [{"id": f"agent-{number}", "run": at_once} for number in range(count)]
    phase = {"id": "work", "behavior": "parallel", "max_parallel": count, "subagents": listed}
    workflow = {"name": "w", "context": CONTEXT, "phases": [phase]}
    more = {"rules": "workflow-context"} if engine == "native" else {"execution_mode": "strict"}
    (tmp_path / "together/w.yaml").write_text(json.dumps(workflow | more))
    ran = shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=tmp_path / "together")
    together = json.loads((tmp_path / "together/run/context.json").read_bytes())

    assert (ran.returncode, ran.stderr) == (0, "")
    assert in_a_row["subagents_spawned"] == CONTEXT["subagents_spawned"] + count
    if engine != "native":
        # the engine says of this run who runs it, and that the phase is through
        assert together["phases"]["completed"] == [*in_a_row["phases"]["completed"], "work"]
        for member in ("workflow", "feature"):
            together[member] = in_a_row[member]
        together["phases"] |= {"current": in_a_row["phases"]["current"], "completed": in_a_row["phases"]["completed"]}
    assert together == in_a_row
