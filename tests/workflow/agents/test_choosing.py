"""An exact name goes over a glob, a glob over the default, and only then does the file count."""

from __future__ import annotations

from itertools import permutations

import pytest

from shardflow.workflow.agents.choosing import choose_programs
from shardflow.workflow.agents.model import AgentEntry
from shardflow.workflow.program import ShellCommand


def entries(file: str, *patterns: str) -> list[AgentEntry]:
    return [AgentEntry(pattern, ShellCommand(f"{file} {pattern}")) for pattern in patterns]


def chosen(name: str, *files: list[AgentEntry]) -> str | None:
    entry = choose_programs([name], files).programs.get(name)
    if entry is None:
        return None
    assert isinstance(entry.program, ShellCommand)
    return entry.program.text


@pytest.mark.parametrize(
    ("given", "workflow", "beside", "winner"),
    [
        (["scan"], ["scan"], ["scan"], "given scan"),
        ([], ["scan"], ["scan"], "workflow scan"),
        (["s*"], ["scan"], [], "workflow scan"),
        (["default"], ["s*"], ["scan"], "beside scan"),
        (["default"], ["s*"], [], "workflow s*"),
        (["default"], ["default"], [], "given default"),
        ([], [], ["default"], "beside default"),
        (["s*"], ["sc*"], [], "given s*"),
        (["sc?n", "s*"], [], [], "given sc?n"),
        (["[rs]can"], [], [], "given [rs]can"),
        (["SCAN", "S*"], ["other"], [], None),
        ([], [], [], None),
    ],
)
def test_precedence(given: list[str], workflow: list[str], beside: list[str], winner: str | None) -> None:
    files = entries("given", *given), entries("workflow", *workflow), entries("beside", *beside)
    assert chosen("scan", *files) == winner


def test_where_an_exact_name_stands_in_its_file_does_not_matter() -> None:
    for order in permutations(entries("f", "*", "scan", "default")):
        assert chosen("scan", list(order)) == "f scan"


def test_a_type_called_like_a_glob_is_found_by_its_exact_name() -> None:
    assert chosen("a*", entries("f", "default", "a*")) == "f a*"


def test_every_type_without_a_program_is_told_with_the_nearest_name_and_how_to_give_one() -> None:
    files = [entries("f", "code-reviewer", "test-*")]
    found = choose_programs(["code-reviwer", "test-writer", "planner"], files)
    assert (list(found.programs), found.lacking) == (["test-writer"], ("code-reviwer", "planner"))
    assert found.lacking_text() == (
        "2 types have no program: 'code-reviwer' (did you mean 'code-reviewer'?), 'planner'; give one under agents: "
        "in the workflow, in shardflow.yaml beside it, or with --agents FILE, such as code-reviwer: {run: ./program}, "
        "or default: {agent: claude}"
    )


def test_nothing_is_said_when_no_type_lacks_a_program() -> None:
    assert choose_programs(["a"], [entries("f", "*")]).lacking_text() == ""
