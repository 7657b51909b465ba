"""What a journal tells whoever goes on with a run: what counts, what no longer does, and what was lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardflow.storage.runs.history import GivenAnswer, History, SealedAnswer, SealedShard, read_history
from shardflow.storage.runs.journal import new_journal

Line = tuple[str, dict[str, object]]

A: dict[str, object] = {"phase": "look", "group": "01-look", "subagent": "a"}
B: dict[str, object] = A | {"subagent": "b"}
ELSEWHERE: dict[str, object] = A | {"phase": "other"}
SEALED: dict[str, object] = {"ending": "succeeded", "sealed": {"content": "c", "sha256": "s"}}
ARBITER: dict[str, object] = {"phase": "look", "group": "01-look", "conflict": "x1", "path": "$.a", "seconds": 0.5}

RETRIED: Line = ("subagent-retried", A | {"content": "c", "tries": 2})
RESUMED: Line = ("run-resumed", {"pid": 7, "again": [["look", "a"], ["other", None]]})
ANSWERED: Line = ("answered", {"phase": "look", "content": "q", "answer": None})
ARBITRATED: Line = ("arbiter-finished", ARBITER | {"sealed": {"content": "k", "sha256": "t"}})
ALTERED: Line = ("journal-altered", {})


def finished(**members: object) -> Line:
    return "phase-finished", {"phase": "look", "status": "done", **members}


@pytest.fixture
def told(tmp_path: Path):
    def read(*lines: Line) -> History:
        path = str(tmp_path / "events.jsonl")
        with new_journal(path) as journal:
            for event, members in lines:
                journal.write(event, members)
        return read_history(path)

    return read


BOTH = {("look", "a"), ("other", None)}
ASKED = [
    ("nobody ended", [RESUMED], BOTH),
    ("their phase ended", [RESUMED, finished()], {("other", None)}),
    ("their phase was left in conflict", [RESUMED, finished(status="conflict")], {("other", None)}),
    ("another phase ended", [RESUMED, finished(phase="third")], BOTH),
    ("their phase failed", [RESUMED, finished(status="failed")], BOTH),
    ("a group of their phase was merged", [RESUMED, ("group-finished", A | {"status": "done", "kept": False})], BOTH),
    ("a later start asked for others", [RESUMED, ("run-resumed", {"again": [["look", "b"]]})], {*BOTH, ("look", "b")}),
]


@pytest.mark.parametrize(("lines", "asked"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED])
def test_who_was_asked_for_once_more_is_so_until_their_phase_has_ended(told, lines, asked) -> None:
    assert told(*lines).asked == asked


TRIES = [
    ("it was stopped between two tries", [RETRIED], {"c": 2}),
    ("it failed again", [RETRIED, ("subagent-retried", A | {"content": "c", "tries": 3})], {"c": 3}),
    ("it succeeded", [RETRIED, ("subagent-finished", A | SEALED)], {}),
    ("it failed for good", [RETRIED, ("subagent-finished", A | {"ending": "failed", "sealed": None})], {}),
    ("it was stopped while it ran", [RETRIED, ("subagent-finished", A | {"ending": "cancelled"})], {"c": 2}),
    ("another one succeeded", [RETRIED, ("subagent-finished", B | SEALED)], {"c": 2}),
    ("its namesake in another phase failed", [RETRIED, ("subagent-finished", ELSEWHERE | {"ending": "x"})], {"c": 2}),
    ("the journal was altered", [RETRIED, ALTERED], {}),
]


@pytest.mark.parametrize(("lines", "tries"), [case[1:] for case in TRIES], ids=[case[0] for case in TRIES])
def test_failed_tries_count_until_their_subagent_has_ended(told, lines, tries) -> None:
    assert told(*lines).tries == tries


def test_all_that_is_told_of_a_sealed_shard_is_known(told) -> None:
    sealed = {"content": "c", "sha256": "s", "base": "b"}
    more = {"seconds": 1.5, "tries": 3, "of": "each", "warnings": ["w"], "sealed": sealed}
    assert told(("subagent-finished", A | more)).seals == {
        "c": SealedShard("look", "01-look", "a", "s", 1.5, ("w",), "b", 3)
    }


@pytest.mark.parametrize("odd", [{"seconds": "NaN", "tries": "3", "warnings": "w", "of": None}, {}], ids=repr)
def test_what_is_told_of_a_shard_in_no_form_that_a_run_writes_counts_as_not_told(told, odd) -> None:
    assert told(("subagent-finished", A | SEALED | odd)).seals == {
        "c": SealedShard("look", "01-look", "a", "s", 0.0, ())
    }


def test_everyone_who_ended_is_known_by_phase_and_id_with_the_fan_out_they_belong_to(told) -> None:
    failed = {"ending": "failed", "sealed": None}
    lines = [("subagent-finished", one) for one in (A | SEALED, B | failed | {"of": "each"}, ELSEWHERE | failed)]
    assert told(*lines).ended == {("look", "a"): "", ("look", "b"): "each", ("other", "a"): ""}


QUESTIONS = [
    ("nothing else happened", [], True),
    ("all of the phase shall run again", [("run-resumed", {"again": [["look", None]]})], False),
    ("one of its subagents shall run again", [("run-resumed", {"again": [["look", "a"]]})], True),
    ("another phase shall run again", [("run-resumed", {"again": [["other", None]]})], True),
    ("the journal was altered", [ALTERED], False),
]


@pytest.mark.parametrize(("lines", "known"), [case[1:] for case in QUESTIONS], ids=[case[0] for case in QUESTIONS])
def test_what_people_and_arbiters_answered_holds_until_all_of_its_phase_is_run_again(told, lines, known) -> None:
    history = told(ANSWERED, ARBITRATED, *lines)
    answer = SealedAnswer("look", "01-look", "x1", "$.a", "t", 0.5)
    assert history.answers == ({"q": GivenAnswer("look", None)} if known else {})
    assert history.arbitrated == ({"k": answer} if known else {})


def test_what_is_asked_for_now_is_forgotten_like_what_was_asked_for_before(told) -> None:
    history = told(("subagent-finished", B | SEALED), ANSWERED, ARBITRATED, RESUMED)
    assert history.seals
    again = history.without({("look", None)})
    assert (again.seals, again.answers, again.arbitrated) == ({}, {}, {})
    assert again.asked == {*BOTH, ("look", None)}


def test_what_agent_clis_used_is_told_by_who_used_it_each_try(told) -> None:
    usage = [{"input": number, "output": 1, "cost": None} for number in range(5)]
    history = told(
        ("subagent-retried", A | {"content": "c", "tries": 1, "usage": usage[0]}),
        ("subagent-finished", A | SEALED | {"usage": usage[1]}),
        ("arbiter-finished", ARBITER | {"sealed": None, "usage": usage[2]}),
        ("prompt-finished", {"folder": "f", "usage": usage[3]}),
        ("noted", {"usage": usage[4]}),
        ("subagent-finished", B | SEALED),
    )
    used = {who: [one for _, one in usages] for who, usages in history.used.items()}
    assert used == {"subagent": usage[:2], "arbiter": usage[2:3], "prompt": usage[3:4]}
    assert [whose for whose, _ in history.used["subagent"]] == ["look/a", "look/a"]


def test_starts_are_counted(told) -> None:
    history = told(("run-started", {"pid": 7}), ("noted", {}), ("run-resumed", {"pid": 8}), ("run-resumed", {}))
    assert history.starts == 3


def test_lines_that_are_no_events_are_told_by_their_numbers(tmp_path: Path) -> None:
    lines = ["[]", "", json.dumps({"event": 1}), json.dumps({"event": "run-started"}), "{", json.dumps({"at": "x"})]
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    history = read_history(str(tmp_path / "events.jsonl"))
    assert (history.torn, history.starts) == ((1, 3, 5, 6), 1)
