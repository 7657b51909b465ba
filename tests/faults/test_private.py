"""What a run writes is private, whatever the umask and what stood there; what it must not touch it leaves alone."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardflow.errors import StorageError
from shardflow.execution.reporting.report import last_lines
from shardflow.storage.context_lock import ContextLock
from shardflow.storage.runs.folders import create_run_directory
from tests.cli.shell import shardflow
from tests.execution.running import Workplace, subagent

TEXT = """
    name: private
    context: {n: 1}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - {id: a, run: 'echo out; echo err >&2; echo ''{"n": 2}'' > "$SHARDFLOW_SHARD"'}
          - {id: b, run: 'true'}
      - {id: last, behavior: main-only, run: 'true'}
    """


@pytest.fixture(params=[0o000, 0o077])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.rglob("*"))}


@pytest.mark.usefixtures("_umask")
@pytest.mark.parametrize("there", [False, True])
def test_a_run_directory_is_for_its_owner_only(place: Workplace, there: bool) -> None:
    if there:
        place.run_dir.mkdir()
        place.run_dir.chmod(0o777)
    assert place.run(TEXT).exit_code == 0
    found = modes(place.run_dir)
    assert len(found) > 20
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


def test_what_failed_tries_and_earlier_starts_left_is_for_its_owner_only(tmp_path: Path) -> None:
    workflow = {"name": "w", "phases": [{"id": "p", "behavior": "main-only", "run": "exit 1", "retry": {"max": 1}}]}
    (tmp_path / "w.yaml").write_text(json.dumps(workflow))
    for command in (("run", "w.yaml", "--run-dir", "run"), ("resume", "run")):
        assert shardflow(*command, cwd=tmp_path).returncode == 1
    found = modes(tmp_path / "run")
    assert {"earlier", "earlier/1", "groups/01-p/_tries", "groups/01-p/_tries/p"} <= set(found)
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


@pytest.mark.usefixtures("_umask")
def test_a_canonical_context_that_is_new_is_private_and_an_old_one_keeps_its_mode(place: Workplace) -> None:
    new, old = place.folder / "new.json", place.folder / "old.json"
    old.write_text('{"n": 1}')
    old.chmod(0o640)
    place.run(TEXT, context=str(new))
    place.run(TEXT, context=str(old), run_dir=str(place.folder / "second"))
    assert (modes(new)["."], modes(old)["."]) == (0o600, 0o640)


@pytest.mark.usefixtures("_umask")
def test_the_folder_of_all_runs_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create_run_directory(None, "w")
    found = modes(tmp_path / ".shardflow")
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


@pytest.mark.parametrize("what", ["a text", "two lines", "a hard link", "a link", "a pipe", "a folder"])
def test_what_stands_in_place_of_a_lock_is_left_as_it_is(tmp_path: Path, what: str) -> None:
    lock, other = tmp_path / "context.json.lock", tmp_path / "other"
    other.write_text("" if what == "a hard link" else "precious")
    match what:
        case "a text":
            lock.write_text("precious")
        case "two lines":
            lock.write_text("1\n2\n")
        case "a hard link":
            os.link(other, lock)
        case "a link":
            os.symlink(other, lock)
        case "a pipe":
            os.mkfifo(lock)
        case _:
            lock.mkdir()
    before = lock.lstat(), other.read_text(), lock.read_text() if stat.S_ISREG(lock.lstat().st_mode) else ""
    with pytest.raises(StorageError, match=r"context\.json\.lock"), ContextLock(tmp_path / "context.json"):
        pass
    after = lock.lstat(), other.read_text(), lock.read_text() if stat.S_ISREG(lock.lstat().st_mode) else ""
    assert [before[0].st_ino, *before[1:]] == [after[0].st_ino, *after[1:]]


def test_a_folder_that_cannot_be_written_to_is_told_as_what_keeps_a_context_from_being_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refused)
    told = r"c\.json\.lock: read-only file system; the context has to be in a folder that can be written to$"
    with pytest.raises(StorageError, match=told), ContextLock(tmp_path / "c.json"):
        pass


def test_a_lock_that_a_power_cut_left_is_taken(tmp_path: Path) -> None:
    (tmp_path / "context.json.lock").write_text("4711\n")
    with ContextLock(tmp_path / "context.json"):
        assert (tmp_path / "context.json.lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("put", ["mkfifo {0}", "ln -s /etc/passwd {0}", "ln -s /dev/zero {0}", "mkdir {0}"])
def test_nobody_reads_what_stands_in_place_of_a_log(place: Workplace, put: str) -> None:
    log = '"$(dirname "$SHARDFLOW_SHARD")/stderr.log"'
    report = place.run(TEXT.replace("echo out; echo err >&2;", f"rm {log}; {put.format(log)}; exit 1;"))
    assert report.exit_code == 1
    assert last_lines(subagent(report, "a").stderr, 10) == ()
