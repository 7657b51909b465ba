"""Which program is started where only its name is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.execution.processes.child import Child, Command
from shardflow.execution.processes.programs import Programs

LOGS = iter(range(1000))


def say(place: Path, text: str) -> Path:
    """Make a program of the name `tool` that says something."""
    place.mkdir(parents=True, exist_ok=True)
    tool = place / "tool"
    tool.write_text(f"#!/bin/sh\necho {text} $0\n")
    tool.chmod(0o700)
    return tool


def said(folder: Path, path: str | None, programs: Programs | None = None) -> str:
    """Start `tool` in a folder with this PATH, among others of a group, and give what it says."""
    log = folder / f"{next(LOGS)}.log"
    environment = {} if path is None else {b"PATH": path.encode()}
    with open("/dev/null") as stdin:
        command = Command(("tool",), str(folder), environment, f"{log}", f"{log}.err", None)
        child = Child(0, command, 1.0, stdin.fileno(), programs or Programs())
    assert child.popen.wait() == 0
    return log.read_text().split()[0]


def test_a_name_is_looked_for_in_the_childs_own_path_in_order(tmp_path: Path) -> None:
    say(tmp_path / "b", "second")
    say(tmp_path / "c", "third")
    assert said(tmp_path, f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c") == "second"


def test_what_cannot_be_started_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a/tool").mkdir(parents=True)
    say(tmp_path / "b", "private").chmod(0o600)
    say(tmp_path / "c", "third")
    assert said(tmp_path, f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c") == "third"


@pytest.mark.parametrize("path", ["here", "", "/nowhere:here", "/nowhere:./here"])
def test_a_relative_folder_counts_from_where_the_child_runs(tmp_path: Path, path: str) -> None:
    say(tmp_path / ("here" if path else "."), "near")
    assert said(tmp_path, path) == "near"


@pytest.mark.parametrize("path", ["/nowhere", "nowhere", None])
def test_a_name_that_is_nowhere_is_told(tmp_path: Path, path: str | None) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        said(tmp_path, path)
    assert caught.value.filename == "tool"


def test_what_was_found_is_taken_as_long_as_it_stands(tmp_path: Path) -> None:
    programs, path = Programs(), f"{tmp_path}/a:{tmp_path}/b"
    with pytest.raises(FileNotFoundError):
        said(tmp_path, path, programs)
    first = say(tmp_path / "b", "second")
    assert [said(tmp_path, path, programs), said(tmp_path, path, programs)] == ["second", "second"]
    say(tmp_path / "a", "first")
    first.unlink()
    assert said(tmp_path, path, programs) == "first"


def test_one_name_in_two_paths_is_two_programs(tmp_path: Path) -> None:
    programs = Programs()
    for name in ("a", "b"):
        say(tmp_path / name, name)
    assert [said(tmp_path, f"{tmp_path}/{name}", programs) for name in ("a", "b", "a")] == ["a", "b", "a"]
