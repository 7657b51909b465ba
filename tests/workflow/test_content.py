"""The unit of resume: what a sealed shard depends on, and what not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shardflow.model.records import replaced
from shardflow.workflow.content import group_content, subagent_content
from shardflow.workflow.model import Item, ShardForm, Subagent
from shardflow.workflow.policies import Policy
from shardflow.workflow.program import ArgumentList, EngineMade, OfType, PythonFunction, SecretVariable, ShellCommand

PLAIN = Subagent("a", ShellCommand("x"))

COUNTS: dict[str, dict[str, object]] = {
    "id": {"id": "b"},
    "program": {"program": ShellCommand("y")},
    "environment": {"environment": {"A": "1"}},
    "cwd": {"cwd": "sub"},
    "secrets": {"secrets": {"A": SecretVariable("B")}},
    "shard": {"shard": ShardForm.PATCH},
    "item": {"item": Item("a", {"n": Decimal("1.10")})},
    "type": {"type": "scanner"},
    "config": {"config": {"output_path": "a.md"}},
    "output": {"output": "a.md"},
    "reads": {"reads": ()},
}
COUNTS_NOT = {"when", "foreach", "of", "policy", "writes"}


def test_every_field_of_a_subagent_counts_or_is_known_not_to() -> None:
    assert set(Subagent.__match_args__) == set(COUNTS) | COUNTS_NOT


@pytest.mark.parametrize("field", COUNTS)
def test_a_change_of_what_counts_changes_the_content(field: str) -> None:
    assert subagent_content("p", 1, replaced(PLAIN, **COUNTS[field]), "d") != subagent_content("p", 1, PLAIN, "d")


def test_phase_iteration_and_base_count_and_the_timeout_does_not() -> None:
    contents = {subagent_content(phase, turn, PLAIN, base) for phase in "pq" for base in "de" for turn in (1, 2)}
    assert len(contents) == 8
    assert subagent_content("p", 1, replaced(PLAIN, policy=Policy(timeout=5.0)), "d") in contents


def test_programs_that_look_alike_are_told_apart() -> None:
    programs = [
        ShellCommand("m:f"),
        ArgumentList(("m:f",)),
        ArgumentList(("m", "f")),
        PythonFunction("m", "f"),
        EngineMade("m:f"),
        OfType("m:f"),
    ]
    assert len({subagent_content("p", 1, replaced(PLAIN, program=program), "d") for program in programs}) == 6


def test_a_merge_depends_on_its_subagents_in_order_its_base_and_its_rules() -> None:
    first = ("p", "ab", "d", "r")
    others = [("q", "ab", "d", "r"), ("p", "ba", "d", "r"), ("p", "ab", "e", "r"), ("p", "ab", "d", "s")]
    assert len({group_content(*part) for part in (first, *others)}) == 5
