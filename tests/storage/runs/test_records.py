"""The records of a run and its groups: read as they were written, or told to be none, and why."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from shardflow.errors import NotARun
from shardflow.model.records import replaced
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import (
    FeatureSettings,
    GroupRecord,
    RunRecord,
    RunSettings,
    SubagentRecord,
    read_group_record,
    read_run_record,
    replace_group_record,
    write_first_run_record,
    write_group_record,
    write_run_record,
)
from tests.storage.processes import printed

LOCKED = """
import os, sys
from shardflow.errors import NotARun
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import read_run_record
if os.getuid() == 0:  # root may look into every folder
    os.setgid(65534)
    os.setuid(65534)
try:
    read_run_record(RunDirectory(sys.argv[1]))
except NotARun as error:
    print(error)
"""


def test_a_folder_that_may_not_be_looked_into_is_not_said_to_lack_a_record() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "run"
        folder.mkdir()
        (folder / "run.json").write_text("{}")
        folder.chmod(0)
        told = printed(LOCKED, folder)
        folder.chmod(0o755)
    assert told == f"{folder} is no run directory: it cannot be looked into: permission denied\n"


FEATURE = FeatureSettings("f", ("x", "y"), "/out", None, "/here")
SETTINGS = RunSettings("/w.yaml", "/context.json", True, "strict", 3, FEATURE)
RUN = RunRecord("w", "done", "2026-01-01T00:00:00Z", SETTINGS, "2026-01-01T00:00:01Z", ("01-a", "02-b"), more=False)
SUBAGENT = SubagentRecord("a", "copy", "failed", "exited", None, {"count": 1}, 3, {"ending": "x"})
GROUP = GroupRecord("p", "done", (SUBAGENT,), "b", "r", "l", "c", "d", ({"shard": "a"},), "s")


def altered(members: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Give members with another value at a path, or with nothing there where that is `...`."""
    name, *rest = path
    if isinstance(members, list):
        return [altered(members[0], tuple(rest), value)]
    if rest:
        return members | {name: altered(members[name], tuple(rest), value)}
    return {key: members[key] for key in members if key != name} | ({} if value is ... else {name: value})


@pytest.mark.parametrize("run", [RUN, replaced(RUN, settings=RunSettings("/w.yaml"), groups=(), more=True)])
def test_the_record_of_a_run_is_read_as_it_was_written(tmp_path: Path, run: RunRecord) -> None:
    directory = RunDirectory(str(tmp_path))
    write_first_run_record(directory, replaced(run, status="running"))
    write_run_record(directory, run)
    assert read_run_record(directory) == run


@pytest.mark.parametrize("group", [GROUP, GroupRecord("p", "failed", (), "b", "r", None, None, "d")])
def test_the_record_of_a_group_is_read_as_it_was_written(tmp_path: Path, group: GroupRecord) -> None:
    folder = GroupFolder(str(tmp_path))
    assert read_group_record(folder) is None
    write_group_record(folder, replaced(group, status="running"))
    replace_group_record(folder, group)
    assert read_group_record(folder) == group


def test_the_groups_of_a_run_that_has_not_ended_are_those_that_stand_there(tmp_path: Path) -> None:
    directory = RunDirectory(str(tmp_path))
    for name in ("02-b", "01-a"):
        (tmp_path / "groups" / name).mkdir(parents=True)
    write_first_run_record(directory, replaced(RUN, finished=None, groups=()))
    assert read_run_record(directory).groups == ("01-a", "02-b")


NO_RUN: list[tuple[tuple[str, ...], Any, str]] = [
    (("format",), 2, "has format 2; this version of shardflow reads 1"),
    (("workflow",), 5, "is no record of a run"),
    (("finished",), ..., "is no record of a run"),
    (("more",), None, "is no record of a run"),
    (("groups",), ["01-a", 5], "is no record of a run"),
    (("groups",), ["../a"], "is no record of a run"),
    (("groups",), ["a..b"], "is no record of a run"),
    (("groups",), ["-a"], "is no record of a run"),
    (("groups",), [""], "is no record of a run"),
    (("settings",), [], "is no record of a run"),
    (("settings", "workflow_file"), None, "is no record of a run: its settings cannot be read"),
    (("settings", "found_context"), ..., "is no record of a run: its settings cannot be read"),
    (("settings", "max_parallel"), "3", "is no record of a run: its settings cannot be read"),
    (("settings", "feature"), [], "is no record of a run: its feature cannot be read"),
    (("settings", "feature", "flags"), "x", "is no record of a run: its feature cannot be read"),
]


@pytest.mark.parametrize(("path", "value", "said"), NO_RUN)
def test_what_is_no_record_of_a_run_is_told(tmp_path: Path, path: tuple[str, ...], value: Any, said: str) -> None:
    directory = RunDirectory(str(tmp_path))
    write_first_run_record(directory, RUN)
    record = tmp_path / "run.json"
    record.write_text(json.dumps(altered(json.loads(record.read_text()), path, value)))
    with pytest.raises(NotARun) as told:
        read_run_record(directory)
    assert str(told.value) == f"{record} {said}"


NO_GROUP: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("phase",), None, "is no record of a group"),
    (("content",), ..., "is no record of a group"),
    (("ledger",), 5, "is no record of a group"),
    (("stale_reads",), {}, "is no record of a group"),
    (("resolutions",), ..., "is no record of a group"),
    (("subagents",), {}, "is no record of a group"),
    (("subagents", 0, "id"), "../a", "is no record of a group: a subagent in it cannot be read"),
    (("subagents", 0, "sha256"), ..., "is no record of a group: a subagent in it cannot be read"),
    (("subagents", 0, "tries"), "3", "is no record of a group: a subagent in it cannot be read"),
    (("subagents", 0, "failure"), [], "is no record of a group: a subagent in it cannot be read"),
]


@pytest.mark.parametrize(("path", "value", "said"), NO_GROUP)
def test_what_is_no_record_of_a_group_is_told(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, said: str
) -> None:
    folder = GroupFolder(str(tmp_path))
    write_group_record(folder, GROUP)
    record = tmp_path / "group.json"
    record.write_text(json.dumps(altered(json.loads(record.read_text()), path, value)))
    with pytest.raises(NotARun) as told:
        read_group_record(folder)
    assert str(told.value) == f"{record} {said}"


def test_a_folder_without_a_record_is_told_apart_from_none_at_all_and_from_half_a_record(tmp_path: Path) -> None:
    nowhere, half = tmp_path / "nowhere", tmp_path / "half"
    half.mkdir()
    (half / "run.json").write_text('{"format": 1')
    for folder, said in (
        (tmp_path, f"{tmp_path} is no run directory: it has no run.json"),
        (nowhere, f"{nowhere} is no run directory: it does not exist; 'shardflow runs' lists runs"),
        (half, f"a record of the run cannot be read: {half}/run.json:1: column 13: expected ',' or '}}'"),
    ):
        with pytest.raises(NotARun) as told:
            read_run_record(RunDirectory(str(folder)))
        assert str(told.value).startswith(said)
