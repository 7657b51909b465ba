"""The shell engine's books: what the engine writes into a context, and that it never writes over what is no book."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from shardflow.model.values import Json
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.books import Feature, NoBook

OPENED = books.opened({"mine": 1}, "plan", "strict", Feature("shop", ("--web",)), "2026-01-31T10:00:00Z")
OUTPUT: Json = {"phase": "p", "path": "a.md", "subagent": "a", "size_bytes": 3, "timestamp": "t"}


def test_opened_books_are_those_of_the_shell_engine_beside_what_is_there() -> None:
    assert OPENED == {
        "mine": 1,
        "workflow": {"name": "plan", "started_at": "2026-01-31T10:00:00Z", "execution_mode": "strict"},
        "feature": {"name": "shop", "flags": ["--web"]},
        "phases": {"current": None, "completed": [], "iteration_counts": {}},
        "subagents_spawned": 0,
        "deliverables": [],
        "checkpoints": [],
        "skip_phases": [],
        "gap_checks": [],
    }


def test_a_phase_is_current_while_it_goes_on_and_completed_afterwards() -> None:
    begun = books.phase_begun(OPENED, "p")
    assert begun["phases"] == {"current": "p", "completed": [], "iteration_counts": {}}
    assert books.phase_completed(begun, "p")["phases"] == {
        "current": None,
        "completed": ["p"],
        "iteration_counts": {},
    }


def test_every_entry_is_appended_and_nothing_given_is_changed() -> None:
    before = deepcopy(OPENED)
    once = books.decided(OPENED, {"decision": "skip_phases"}, ["q", "r"])
    twice = books.decided(once, {"decision": "continue"}, ["q"])
    twice = books.gap_checked(books.iteration_counted(books.iteration_counted(twice, "p"), "p"), {"status": "complete"})
    assert twice["checkpoints"] == [{"decision": "skip_phases"}, {"decision": "continue"}]
    assert twice["skip_phases"] == ["q", "r"]
    assert (books.is_skipped(twice, "q"), books.is_skipped(twice, "p")) == (True, False)
    assert (books.iterations(twice, "p"), twice["gap_checks"]) == (2, [{"status": "complete"}])
    assert before == OPENED


SPELLINGS = frozenset({"a.md", "/out/a.md"})


@pytest.mark.parametrize(
    ("own", "count", "deliverables"),
    [
        ({}, 1, [OUTPUT]),
        ({"subagents_spawned": 1}, 1, [OUTPUT]),
        ({"subagents_spawned": 1, "deliverables": [{"path": "a.md"}]}, 1, [{"path": "a.md"}]),
        ({"deliverables": [{"path": "/out/a.md"}]}, 1, [{"path": "/out/a.md"}]),
        ({"deliverables": [{"path": "b.md"}, "a.md"]}, 1, [{"path": "b.md"}, "a.md", OUTPUT]),
        ({"subagents_spawned": 5}, 5, [OUTPUT]),
    ],
)
def test_a_subagent_is_counted_once_and_its_output_added_once(
    own: dict[str, Any], count: int, deliverables: list[Any]
) -> None:
    shard = books.subagent_ended(OPENED, {**OPENED, **own}, OUTPUT, SPELLINGS)
    assert (shard["subagents_spawned"], shard["deliverables"]) == (count, deliverables)


def test_an_output_that_an_earlier_phase_delivered_under_the_same_path_does_not_hide_this_one() -> None:
    base = books.delivered(OPENED, [{"path": "a.md"}])
    assert books.subagent_ended(base, base, OUTPUT, SPELLINGS)["deliverables"] == [{"path": "a.md"}, OUTPUT]


def test_a_subagent_without_output_is_only_counted() -> None:
    shard = books.subagent_ended({}, {"mine": 2}, None, SPELLINGS)
    assert shard == {"mine": 2, "subagents_spawned": 1}


@pytest.mark.parametrize(
    ("context", "where", "found", "kept"),
    [
        ({"deliverables": "x"}, "$.deliverables", "a text", "a list"),
        ({"subagents_spawned": 1.0}, "$.subagents_spawned", "a decimal", "an integer"),
        ({"phases": []}, "$.phases", "a list", "an object"),
        ({"phases": {"completed": None}}, "$.phases.completed", "null", "a list"),
    ],
)
def test_what_cannot_be_a_book_is_told_and_not_written_over(
    context: dict[str, Any], where: str, found: str, kept: str
) -> None:
    with pytest.raises(NoBook) as caught:
        books.opened(context, "plan", "strict", Feature("shop"), "now")
    assert str(caught.value) == f"{where} holds {found}, and the engine keeps {kept} there"
