"""The journal: appended, locked while it is written, read back whatever a crash left of it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import RunInProgress, StorageError
from shardflow.storage.runs.history import History, SealedShard, read_history
from shardflow.storage.runs.journal import LIMIT, continued_journal, is_written, new_journal, utc_text
from tests.storage.processes import printed

SEALED = {
    "phase": "look",
    "group": "01-look",
    "subagent": "a",
    "seconds": 1.5,
    "sealed": {"content": "c", "sha256": "s"},
    "warnings": [],
}


def lines(path: Path) -> list[str]:
    return [json.loads(line)["event"] for line in path.read_text().splitlines() if line]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_764_144_930_123_456_999, "2025-11-26T08:15:30.123456Z"),
        (1_764_144_930_000_001_000, "2025-11-26T08:15:30.000001Z"),
    ],
)
def test_moments_are_told_in_utc_to_the_microsecond(nanoseconds: int, text: str) -> None:
    assert utc_text(nanoseconds) == text


def test_a_journal_is_never_begun_twice_and_only_ever_appended(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        journal.write("run-started", {"pid": 7})
    with pytest.raises(StorageError, match="exists"):
        new_journal(str(path))
    with continued_journal(str(path)) as journal:
        journal.write("run-resumed", {"pid": 8})
        journal.sync()
    assert lines(path) == ["run-started", "run-resumed"]
    assert b"\n\n" not in path.read_bytes()
    assert read_history(str(path)) == History({}, frozenset(), 2, ())


def test_one_process_writes_a_journal_and_whoever_looks_sees_that(tmp_path: Path) -> None:
    path = str(tmp_path / "events.jsonl")
    look = "import sys; from shardflow.storage.runs.journal import is_written; print(is_written(sys.argv[1]))"
    with new_journal(path):
        assert is_written(path)
        assert printed(look, path) == "True\n"
        with pytest.raises(RunInProgress, match="still going on"):
            continued_journal(path)
    assert not is_written(path)
    assert printed(look, path) == "False\n"
    assert not is_written(str(tmp_path / "nowhere"))
    with continued_journal(path):  # whoever looked keeps nobody from writing it
        assert is_written(path)


FULL = """
import resource, sys
from shardflow.errors import StorageError
from shardflow.storage.runs.journal import new_journal

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

with new_journal(sys.argv[1]) as journal:
    journal.write("first", {})
    limit(100)
    for event in ("second", "third"):
        try:
            journal.write(event, {})
        except StorageError as error:
            print(str(error).rpartition(": ")[2])
    limit(resource.RLIM_INFINITY)
    journal.write("fourth", {})
"""


def test_lines_that_a_full_disk_refused_are_written_before_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert printed(FULL, path) == "file too large\nfile too large\n"
    assert lines(path) == ["first", "second", "third", "fourth"]
    assert read_history(str(path)).torn == ()


def test_a_torn_last_line_is_ended_told_and_read_past(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "subagent-finished"}\n{"event": "subag')
    with continued_journal(str(path)) as journal:
        journal.write("subagent-finished", SEALED)
    history = read_history(str(path))
    assert history.torn == (2,)
    assert history.seals == {"c": SealedShard("look", "01-look", "a", "s", 1.5, ())}


def test_what_was_sealed_for_the_same_content_before_is_kept_in_mind(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        for sha256 in "sts":
            journal.write("subagent-finished", SEALED | {"sealed": {"content": "c", "sha256": sha256, "base": "b"}})
    seal = read_history(str(path)).seals["c"]
    assert [(one.sha256, one.base, one.former) for one in (seal, *seal.former)] == [
        ("s", "b", seal.former),
        ("t", "b", ()),
    ]


def test_nothing_sealed_before_a_journal_was_altered_is_relied_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        journal.write("subagent-finished", SEALED)
        assert not journal.is_altered()
        path.write_bytes(path.read_bytes().replace(b'"s"', b'"t"'))
        assert journal.is_altered()
        journal.distrust()
        assert not read_history(str(path)).seals
        journal.write("subagent-finished", SEALED)
    assert list(read_history(str(path)).seals) == ["c"]


def replace_by_a_copy(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)


ALTERATIONS: dict[str, Callable[[Path], object]] = {
    "written over": lambda path: path.write_bytes(path.read_bytes().replace(b'"s"', b'"t"')),
    "appended to": lambda path: path.write_bytes(path.read_bytes() + b"{}\n"),
    "cut short": lambda path: os.truncate(path, 10),
    "replaced by a copy": replace_by_a_copy,
    "gone": Path.unlink,
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_whatever_others_do_to_a_journal_is_noticed_and_no_seal_holds_then(
    tmp_path: Path, alter: Callable[[Path], object]
) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        journal.write("subagent-finished", SEALED)
        assert not journal.is_altered()
        journal.write("run-finished", {})
        assert not journal.is_altered()
        alter(path)
        assert journal.is_altered()
        journal.distrust()
        assert journal.is_altered()
    assert not path.exists() or not read_history(str(path)).seals


def grow(path: Path) -> None:
    path.touch()
    os.truncate(path, LIMIT + 1)


def test_a_journal_that_was_made_huge_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        path.unlink()
        grow(path)
        assert journal.is_altered()
        journal.distrust()
    assert path.stat().st_size == LIMIT + 1
    for read in (continued_journal, read_history):
        with pytest.raises(StorageError, match="is too large: more than 1,073,741,824 bytes"):
            read(str(path))


def test_a_run_whose_first_line_is_lost_has_begun_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with new_journal(str(path)) as journal:
        journal.write("subagent-finished", SEALED)
        journal.write("run-finished", {})
    path.write_bytes(b'{"v": 1, "event": "run-sta\n' + path.read_bytes())
    history = read_history(str(path))
    assert (history.starts, history.torn, list(history.seals)) == (1, (1,), ["c"])
    path.write_bytes(b'{"v": 1, "event": "run-sta')
    assert read_history(str(path)).starts == 0


def test_a_line_the_disk_takes_in_two_parts_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, path = os.write, tmp_path / "events.jsonl"
    monkeypatch.setattr(os, "write", lambda to, data: write(to, bytes(data)[: max(1, len(data) // 2)]))
    with new_journal(str(path)) as journal:
        journal.write("subagent-finished", SEALED)
        journal.write("run-finished", {})
    assert [line["event"] for line in map(json.loads, path.read_text().splitlines())] == [
        "subagent-finished",
        "run-finished",
    ]


def test_what_shall_run_again_is_forgotten_from_there_on(tmp_path: Path) -> None:
    path = str(tmp_path / "events.jsonl")
    with new_journal(path) as journal:
        journal.write("subagent-finished", SEALED)
        journal.write("subagent-finished", SEALED | {"subagent": "b", "sealed": {"content": "d", "sha256": "t"}})
        journal.write("group-merged", {"sha256": "m"})
        journal.write("run-resumed", {"again": [["look", "a"], ["other", "b"]]})
    history = read_history(path)
    assert list(history.seals) == ["d"]
    assert history.merged == {"m"}
    assert not history.without({("look", "b")}).seals
    with continued_journal(path) as journal:
        journal.write("subagent-finished", SEALED)
    assert set(read_history(path).seals) == {"c", "d"}


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b'{"event": "run-started"}', json.dumps(SEALED).encode()])))
def test_whatever_a_journal_holds_reading_it_gives_what_can_be_read(pieces: list[bytes]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(b"\n".join(pieces))
        assert read_history(file.name).starts >= 0


HOSTILE = [
    '{"event": "run-resumed", "again": 5, "pid": "x"}',
    '{"event": "run-resumed", "again": [[], [1, 2], ["a"], null]}',
    '{"event": "subagent-finished", "sealed": {"content": "c", "sha256": "s"}, "seconds": "NaN", "warnings": 7}',
    '{"event": "subagent-finished", "sealed": {"content": [], "sha256": 1}}',
    '{"event": 1}',
    "[" * 100_000,
    "1" * 5_000,
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_journal_with_odd_lines_is_read_without_a_traceback(tmp_path: Path, line: str) -> None:
    (tmp_path / "events.jsonl").write_text(f"{line}\n")
    read_history(str(tmp_path / "events.jsonl"))
