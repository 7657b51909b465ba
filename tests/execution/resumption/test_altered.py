"""What a resumed run makes of a run directory that is not as it was left."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from shardflow.execution.reporting.report import Status
from tests.execution.resumption.resuming import TEXT, WHOLE, counted, failed_run, resumed
from tests.execution.running import Workplace


def test_a_shard_that_is_not_as_it_was_sealed_is_told_and_made_again(place: Workplace) -> None:
    failed_run(place)
    (place.run_dir / "groups/01-look/a/context-a.json").write_text('{"n": 1, "a": 5}')
    report = resumed(place)
    assert report.notes == ("look/a: its shard is not as it was sealed any more, so it runs again",)
    assert (place.context, counted(place)) == (WHOLE, "aabbcd")


def test_a_merged_group_that_was_altered_is_told_and_merged_again_from_its_shards(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    (place.run_dir / "groups/01-look/context.json").write_text("{}")
    report = resumed(place)
    (note,) = report.notes
    assert note.startswith("01-look is merged again: ")
    assert (place.context, counted(place)) == (WHOLE, "abcd")


def record_without_its_last_subagent(record: str) -> str:
    members = json.loads(record)
    return json.dumps(members | {"subagents": members["subagents"][:-1]})


def record_of_half_a_line(record: str) -> str:
    return record[: len(record) // 2]


@pytest.mark.parametrize("altered", [record_without_its_last_subagent, record_of_half_a_line])
def test_a_merged_group_whose_record_is_not_whole_is_merged_again_from_its_shards(
    place: Workplace, altered: Callable[[str], str]
) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    record = place.run_dir / "groups/01-look/group.json"
    record.write_text(altered(record.read_text()))
    report = resumed(place)
    assert (report.status, place.context, counted(place)) == (Status.DONE, WHOLE, "abcd")
    assert [group.name for group in report.groups if not group.kept] == ["01-look"]


def test_a_file_of_a_merged_group_that_is_gone_is_named_once(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    (place.run_dir / "groups/01-look/merge.json").unlink()
    (note,) = resumed(place).notes
    assert note.endswith("/groups/01-look/merge.json: it does not exist")
    assert note.count("merge.json") == 1


def test_a_torn_last_line_of_the_journal_is_told_and_what_it_told_of_happens_again(place: Workplace) -> None:
    failed_run(place)
    journal = place.run_dir / "events.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    sealed = next(index for index, line in enumerate(lines) if '"content"' in line)
    journal.write_text("".join(lines[:sealed]) + lines[sealed][:40])
    report = resumed(place)
    (note,) = report.notes
    assert f"torn, as a crash leaves it, at line {sealed + 1}" in note
    assert (place.context, counted(place)) == (WHOLE, "aabbcd")
