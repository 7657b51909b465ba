"""The unit of resume: what a sealed shard depends on, and what not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shardflow.model.records import replaced
from shardflow.model.values import Json
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.content import arbitration_content, group_content, question_content, subagent_content
from shardflow.workflow.model import Item, ShardForm, Subagent
from shardflow.workflow.policies import Policy
from shardflow.workflow.program import (
    ArgumentList,
    EngineMade,
    OfType,
    Program,
    PythonFunction,
    SecretVariable,
    ShellCommand,
)

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


PRESET = AgentPreset(AgentCli.CLAUDE, "m", ("Read",), ("--x",), ("KEY",), "Look.")
PARTS: list[tuple[Program, list[Program]]] = [
    (ShellCommand("x"), [ShellCommand("y")]),
    (ArgumentList(("x", "y")), [ArgumentList(("x",)), ArgumentList(("y", "x"))]),
    (PythonFunction("m", "f"), [PythonFunction("m", "g"), PythonFunction("n", "f")]),
    (OfType("t"), [OfType("u")]),
    (EngineMade("d"), [EngineMade("e")]),
    (
        PRESET,
        [
            replaced(PRESET, cli=AgentCli.CODEX),
            replaced(PRESET, model=None),
            replaced(PRESET, tools=None),
            replaced(PRESET, tools=()),
            replaced(PRESET, arguments=("KEY",), pass_environment=("--x",)),
            replaced(PRESET, arguments=()),
            replaced(PRESET, pass_environment=()),
            replaced(PRESET, prompt=""),
        ],
    ),
]


@pytest.mark.parametrize(("program", "others"), PARTS, ids=[type(program).__name__ for program, _ in PARTS])
def test_every_part_of_a_program_counts(program: Program, others: list[Program]) -> None:
    contents = {subagent_content("p", 1, replaced(PLAIN, program=one), "d") for one in (program, *others)}
    assert len(contents) == 1 + len(others)


def test_what_a_prompt_is_made_of_counts_beside_what_is_read_and_is_not_taken_for_it() -> None:
    reads = replaced(PLAIN, reads=())
    said = [(PLAIN, "d", ""), (reads, "d", ""), (reads, "d", "t"), (reads, "t", ""), (reads, "t", "d")]
    assert len({subagent_content("p", 1, subagent, base, told) for subagent, base, told in said}) == len(said)


def test_numbers_count_exactly_and_the_order_of_names_does_not() -> None:
    numbers: list[Json] = [
        Decimal("0.1000000000000000055"),
        Decimal("0.1000000000000000056"),
        0.1,
        "0.1000000000000000055",
    ]
    items = [replaced(PLAIN, item=Item("a", number)) for number in numbers]
    assert len({subagent_content("p", 1, one, "d") for one in items}) == len(numbers)
    there, back = ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    assert subagent_content("p", 1, replaced(PLAIN, environment=there), "d") == subagent_content(
        "p", 1, replaced(PLAIN, environment=back), "d"
    )


def test_an_answer_depends_on_all_that_was_asked() -> None:
    asked = [("p", 1, "n", "i", "d"), ("q", 1, "n", "i", "d"), ("p", 2, "n", "i", "d"), ("p", 1, "m", "i", "d")]
    asked += [("p", 1, "n", "j", "d"), ("p", 1, "n", "i", "e")]
    assert len({question_content(*one) for one in asked}) == len(asked)
    arbitrated = [("p", 1, "a", "q"), ("q", 1, "a", "q"), ("p", 2, "a", "q"), ("p", 1, "b", "q"), ("p", 1, "a", "r")]
    assert len({arbitration_content(*one) for one in arbitrated}) == len(arbitrated)


def test_a_merge_depends_on_its_subagents_in_order_its_base_and_its_rules() -> None:
    first = ("p", "ab", "d", "r")
    others = [("q", "ab", "d", "r"), ("p", "ba", "d", "r"), ("p", "ab", "e", "r"), ("p", "ab", "d", "s")]
    assert len({group_content(*part) for part in (first, *others)}) == 5
