"""Orphans of a killed start are stopped before anything runs again; processes of other runs are let alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shardflow.errors import StorageError
from shardflow.execution.processes import survivors
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.resumption.orphans import stop_orphans
from shardflow.storage.runs.directory import RunDirectory


@contextmanager
def left_by(run_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start what a start of the run in this directory left running."""
    told = f"SHARDFLOW_RUN_DIR={run_dir}".encode()
    child = subprocess.Popen(["sleep", "60"], env={**os.environb, b"SHARDFLOW_RUN_DIR": os.fsencode(run_dir)})
    try:
        while told not in survivors.with_environment(told).values():
            assert child.poll() is None
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(("named", "is_ours"), [("run", True), ("link", True), ("other", False), ("gone", False)])
def test_only_what_this_run_left_is_stopped_by_whatever_name_it_knows_the_directory(
    tmp_path: Path, named: str, is_ours: bool
) -> None:
    for name in ("run", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("run")
    with left_by(tmp_path / named) as child:
        told = list(stop_orphans(RunDirectory(str(tmp_path / "run")), 5.0, Interrupts()))
        assert told == [f"left running by an earlier start, and stopped: sleep (pid {child.pid})"] * is_ours
        assert (child.poll() is not None) == is_ours


def test_nothing_runs_again_beside_what_cannot_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(survivors, "_LAST_WAIT", 0.0)
    with left_by(tmp_path) as child:
        monkeypatch.setattr(os, "kill", refuse)
        with pytest.raises(StorageError, match=rf"could not be stopped: sleep \(pid {child.pid}\)"):
            list(stop_orphans(RunDirectory(str(tmp_path)), 0.0, Interrupts()))
        monkeypatch.undo()
