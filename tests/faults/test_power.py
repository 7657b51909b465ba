"""The power is cut at every instant of a run, and it goes on from what the disk holds: see `tests/faults/power.py`.

`pytest tests/faults/test_power.py --campaign N` takes all that was asked for, too, and N states drawn by chance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaigns import found
from tests.faults.disk import Disk, Operation
from tests.faults.mortal import Context, Journeys
from tests.faults.power import Campaign


@pytest.mark.timeout(7200)  # of the campaign; the short form takes half a minute
@pytest.mark.parametrize("part", ["0", "1"])
def test_whatever_a_power_cut_leaves_a_run_goes_on_from_it_and_nothing_synced_runs_again(
    tmp_path: Path, pytestconfig: pytest.Config, part: str
) -> None:
    seen = found("power", tmp_path, part, str(pytestconfig.getoption("--campaign") or 0))
    assert seen["problems"] == []
    assert seen["cuts"] > 40


def test_all_that_a_merge_came_from_is_on_the_disk_before_the_journal_tells_of_the_merge(tmp_path: Path) -> None:
    journeys = Journeys(tmp_path, "plain", Context.FOUND)
    operations = Campaign(journeys, 0).recorded(journeys.before(0), journeys.acts[0][0])
    told = [
        at for at, one in enumerate(operations) if one.path.endswith("events.jsonl") and b"group-merged" in one.data
    ]
    synced = {Path(one.path).name for one in operations[: told[0]] if one.function == "sync"}
    written = {Path(one.path).name for one in operations[: told[0]] if one.function == "write"}
    assert {"base.json", "workflow.yaml", "run.json", "events.jsonl"} <= synced
    assert {name for name in written if name.startswith("context-")} <= synced


def disk_of(folder: Path, *operations: tuple[str, ...]) -> Disk:
    """Give a disk that holds the file `old`, behind some operations."""
    (folder / "old").write_bytes(b"1")
    disk = Disk(folder)
    for function, name, *rest in operations:
        to, data = (str(folder / rest[0]), b"") if function == "rename" else ("", "".join(rest).encode())
        disk.apply(Operation(function, str(folder / name), to, data))
    return disk


def test_the_model_keeps_what_was_synced_and_nothing_else(tmp_path: Path) -> None:
    written = [("create", "new"), ("write", "new", "2")]
    assert disk_of(tmp_path, *written).synced() == {"old": b"1"}
    assert disk_of(tmp_path, *written, ("sync", "new")).synced() == {"old": b"1"}
    assert disk_of(tmp_path, *written, ("sync", "")).synced() == {"old": b"1", "new": b""}
    assert disk_of(tmp_path, *written, ("sync", "new"), ("sync", "")).synced() == {"old": b"1", "new": b"2"}
    assert disk_of(tmp_path, *written, ("rename", "new", "old")).everything() == {"old": b"2"}
    assert disk_of(tmp_path, *written, ("rename", "new", "old"), ("sync", "")).synced() == {"old": b""}


def test_the_model_moves_a_folder_in_one_step(tmp_path: Path) -> None:
    moved = [("mkdir", "a"), ("create", "a/f"), ("mkdir", "b"), ("sync", ""), ("sync", "a"), ("rename", "a", "b/a")]
    assert disk_of(tmp_path, *moved).synced() == {"old": b"1", "a": None, "a/f": b"", "b": None}
    assert disk_of(tmp_path, *moved).synced_and_last() == {"old": b"1", "b": None, "b/a": None, "b/a/f": b""}
    assert disk_of(tmp_path, *moved, ("sync", "b")).synced() == {"old": b"1", "b": None, "b/a": None, "b/a/f": b""}


def test_the_model_leaves_any_write_the_last_one_torn(tmp_path: Path) -> None:
    disk = disk_of(tmp_path, ("write", "old", "123456"))

    def left(*choices: int) -> dict[str, bytes | None]:
        rest = iter(choices)
        return disk.left_by(lambda most: next(rest))

    assert left(0) == {"old": b"1"}
    assert left(1, 1) == {"old": b"123456"}
    assert left(1, 0, 3) == {"old": b"123"}
