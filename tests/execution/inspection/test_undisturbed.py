"""A reader who meets another command while that records: one state is told, and none of it as altered."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from shardflow.errors import TamperedRun, UsageError
from shardflow.execution.cases.saving import recorded_case, recorded_cases
from shardflow.execution.inspection.blame import blame
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.inspection.resolving import open_merge, resolve
from shardflow.execution.inspection.rewriting import write_down
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.execution.inspection.what_if import Alternative, what_if
from shardflow.execution.rules.sources import rules_of
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeShard
from shardflow.model.paths import parse_path
from shardflow.storage.runs.journal import continued_journal
from shardflow.workflow.model import RulesFile
from tests.execution.running import Workplace, edit

TEXT = """
    name: read
    context: {{n: 0}}
    rules: {{rules: [{{path: $.n, strategy: {strategy}}}]}}
    phases:
      - id: work
        behavior: parallel
        subagents: [{{id: a, run: {a}}}, {{id: b, run: {b}}}]
    """

AS_RECORDED = Alternative(None, (), ())

READERS: dict[str, Callable[[str], object]] = {
    "merge": lambda run: repeat_merges(run).is_same or pytest.fail("told as altered"),
    "blame": lambda run: blame(run, parse_path("$.n")),
    "what if": lambda run: what_if(run, AS_RECORDED),
    "case save": lambda run: recorded_case(run, None),
    "coverage": lambda run: list(recorded_cases(run)),
}


def ran(place: Workplace, strategy: str) -> str:
    place.run(TEXT.format(strategy=strategy, a=json.dumps(edit('c["n"] = 1')), b=json.dumps(edit('c["n"] = 2'))))
    return str(place.run_dir)


class Recording:
    """Another command that has recorded everything but the group's record, and does that when the reader pauses."""

    def __init__(self, run: str, change: Callable[[str], object]) -> None:
        self._record = Path(run, "groups/01-work/group.json")
        former = self._record.read_bytes()
        change(run)
        self._next = self._record.with_name("next.json")
        shutil.copyfile(self._record, self._next)
        self._record.write_bytes(former)
        self._held = ExitStack()
        self._held.enter_context(continued_journal(f"{run}/events.jsonl"))

    def end(self) -> None:
        if self._next.exists():
            os.replace(self._next, self._record)
            self._held.close()


def under_last(run: str) -> object:
    source = Path(run).parent / "last.yaml"
    source.write_text("rules: [{path: $.n, strategy: last}]")
    other = rules_of(RulesFile(str(source)), str(source.parent))
    return write_down(what_if(run, Alternative(other, (), ())))


def decided(run: str) -> object:
    return resolve(open_merge(run), [Written("$.n", TakeShard("b"), "", "by hand")])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("strategy", "change"), [("first", under_last), ("conflict", under_last), ("conflict", decided)]
)
def test_what_another_command_has_half_recorded_is_not_told_as_altered(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, reader: str, strategy: str, change: Callable[[str], object]
) -> None:
    run = ran(place, strategy)
    recording = Recording(run, change)
    monkeypatch.setattr("time.sleep", lambda seconds: recording.end())
    READERS[reader](run)
    assert repeat_merges(run).is_same


def test_who_decides_learns_that_another_command_has_just_settled_all(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(place, "conflict")
    recording = Recording(run, under_last)
    monkeypatch.setattr("time.sleep", lambda seconds: recording.end())
    with pytest.raises(UsageError, match="has no unresolved conflict"):
        open_merge(run)


@pytest.mark.parametrize("reader", [name for name in READERS if name != "merge"])
def test_what_is_altered_is_told_though_nobody_records(place: Workplace, reader: str) -> None:
    run = ran(place, "first")
    Path(run, "groups/01-work/merge.json").write_text("{}\n")
    with pytest.raises(TamperedRun):
        READERS[reader](run)
    assert not repeat_merges(run).is_same


@pytest.mark.parametrize("reader", [name for name in READERS if name != "merge"])
def test_a_group_that_lost_its_record_in_a_run_that_is_done_is_told(place: Workplace, reader: str) -> None:
    run = ran(place, "first")
    Path(run, "groups/01-work/group.json").unlink()
    with pytest.raises(TamperedRun, match=r"01-work/group\.json"):
        READERS[reader](run)


def test_where_records_are_replaced_without_end_what_was_read_last_is_told(place: Workplace) -> None:
    run, read = ran(place, "first"), list[int]()

    def meets_another_record() -> None:
        record = Path(run, "groups/01-work/group.json")
        read.append(record.write_bytes(record.read_bytes() + b" "))
        raise TamperedRun(f"{len(read)}")

    with pytest.raises(TamperedRun, match=r"^21$"):
        undisturbed(run, meets_another_record)


def test_a_run_that_goes_on_is_waited_for_only_so_long(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ran(place, "first")
    Path(run, "groups/01-work/merge.json").write_text("{}\n")
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    with continued_journal(f"{run}/events.jsonl"), pytest.raises(TamperedRun):
        blame(run, parse_path("$.n"))
    assert 0 < sum(paused) <= 2.001
