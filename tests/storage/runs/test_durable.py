"""What is made durable in the background: all of it when `settle` returns, and failures are not kept quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.errors import StorageError
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.journal import new_journal
from tests.storage.processes import printed

TRACED = """
import os, posix, sys
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.journal import new_journal

synced = []
def fsync(descriptor):
    synced.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}")))
    posix.fsync(descriptor)

os.fsync = fsync
os.chdir(sys.argv[1])
with new_journal("events.jsonl") as journal, BackgroundSync(journal, "", ["first"]) as durable:
    print(synced)
    for name in ("a", "b"):
        durable.add(name)
    durable.settle()
    print(synced[0], set(synced) == {"first", "a", "b", ".", "events.jsonl"}, synced[-1])
"""


def test_when_settled_every_file_its_folder_and_then_the_journal_are_synced(tmp_path: Path) -> None:
    for name in ("first", "a", "b"):
        (tmp_path / name).touch()
    assert printed(TRACED, tmp_path) == "[]\nfirst True events.jsonl\n"


def test_a_file_that_cannot_be_synced_is_told_by_whoever_settles(tmp_path: Path) -> None:
    with new_journal(str(tmp_path / "events.jsonl")) as journal, BackgroundSync(journal, str(tmp_path), []) as durable:
        durable.settle()
        durable.add(str(tmp_path / "nowhere"))
        with pytest.raises(StorageError, match="nowhere"):
            durable.settle()
        with pytest.raises(StorageError, match="nowhere"):
            durable.settle()


def test_every_folder_on_the_way_is_synced_before_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "groups/01-look/a").mkdir(parents=True)
    (tmp_path / "groups/01-look/a/context-a.json").touch()
    traced = (
        TRACED.partition("with new_journal")[0]
        + """
with new_journal("events.jsonl") as journal, BackgroundSync(journal, "", []) as durable:
    durable.add("groups/01-look/a/context-a.json")
    durable.settle()
    print(*synced)
"""
    )
    way = ". groups groups/01-look groups/01-look/a/context-a.json groups/01-look/a"
    assert printed(traced, tmp_path).startswith(way)


def test_of_many_files_at_once_each_is_synced_before_its_folder_and_all_before_the_journal(tmp_path: Path) -> None:
    files = [f"{number}/context-{number}.json" for number in range(200)]
    for name in files:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    traced = (
        TRACED.partition("with new_journal")[0]
        + """
files = [f"{number}/context-{number}.json" for number in range(200)]
with new_journal("events.jsonl") as journal, BackgroundSync(journal, "", []) as durable:
    for name in files:
        durable.add(name)
    durable.settle()
    print(len(set(synced)), all(synced.index(name) < synced.index(os.path.dirname(name)) for name in files), synced[-1])
"""
    )
    assert printed(traced, tmp_path) == "402 True events.jsonl\n"


def test_of_many_files_one_that_cannot_be_synced_is_told(tmp_path: Path) -> None:
    with new_journal(str(tmp_path / "events.jsonl")) as journal, BackgroundSync(journal, str(tmp_path), []) as durable:
        for number in range(100):
            if number != 70:
                (tmp_path / f"{number}").touch()
            durable.add(str(tmp_path / f"{number}"))
        with pytest.raises(StorageError, match="70"):
            durable.settle()
