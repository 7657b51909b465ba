"""Resuming: what was finished is not paid for again, what changed is, and the bytes are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from shardflow.errors import InvalidInput, RunInProgress, UsageError
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.endings import ending_name, ending_text, failure_facts
from shardflow.execution.reporting.events import Event, SubagentStarted
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.listing import KILLED, found_run
from tests.execution.resumption.resuming import TEXT, WHOLE, counted, failed_run, resumed
from tests.execution.running import Workplace, runs, subagent, wait_for


def test_only_what_failed_and_what_comes_behind_it_runs(place: Workplace) -> None:
    failed_run(place)
    report = resumed(place)
    assert (report.status, report.exit_code, place.context) == (Status.DONE, 0, WHOLE)
    assert counted(place) == "abbcd"
    assert [subagent.id for subagent in report.subagents if subagent.kept] == ["a"]
    assert place.read("run.json")["status"] == "done"
    assert repeat_merges(str(place.run_dir)).is_same


def test_a_context_that_a_merge_was_to_create_is_there_when_the_resumed_run_has_ended(place: Workplace) -> None:
    context = place.folder / "new.json"
    (place.folder / "fixed").touch()
    place.run(TEXT, context=str(context))
    context.unlink()  # as if it had died between the merge and this
    assert resumed(place).exit_code == 0
    assert (json.loads(context.read_bytes()), counted(place)) == (WHOLE, "abcd")


def test_a_run_that_is_done_keeps_everything_and_merges_nothing_again(place: Workplace) -> None:
    failed_run(place)
    resumed(place)
    before = (place.run_dir / "context.json").stat()
    report = resumed(place)
    assert all(group.kept for group in report.groups)
    assert sum(report.counts.values()) == 4
    assert counted(place) == "abbcd"
    assert (place.run_dir / "context.json").stat().st_ino == before.st_ino
    assert repeat_merges(str(place.run_dir)).is_same


@pytest.mark.parametrize(
    ("options", "ran"),
    [
        ({"rerun": ("a",)}, "a"),
        ({"rerun": ("report/d",)}, "d"),
        ({"from_phase": "report"}, "cd"),
        ({"from_phase": "look"}, "abcd"),
        ({"rerun": ("c",), "from_phase": "report"}, "cd"),
    ],
)
def test_what_is_asked_for_runs_again_and_the_same_bytes_keep_the_rest(
    place: Workplace, options: dict[str, Any], ran: str
) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    resumed(place, **options)
    assert counted(place) == "".join(sorted("abcd" + ran))
    assert place.context == WHOLE


@pytest.mark.parametrize("options", [{"rerun": ("e",)}, {"rerun": ("look/c",)}, {"from_phase": "a"}])
def test_a_name_the_workflow_lacks_is_refused_and_nothing_changes(place: Workplace, options: dict[str, Any]) -> None:
    failed_run(place)
    with pytest.raises(UsageError):
        resumed(place, **options)
    assert not (place.run_dir / "earlier").exists()
    assert place.read("run.json")["status"] == "failed"


@pytest.mark.parametrize(
    ("old", "new", "ran", "context"),
    [
        ('"a": 1}', '"a": 2}', "acd", WHOLE | {"a": 2}),
        ('"c": 1}', '"c": 2}', "cd", WHOLE | {"c": 2}),
        ('"d": 1}', '"d": 2}', "d", WHOLE | {"d": 2}),
        ("id: c, ", "id: c, env: {A: '1'}, ", "c", WHOLE),
        ("id: c, ", "id: c, timeout: 60, ", "", WHOLE),
        ("context: {n: 1}", "context: {n: 1, m: 1}", "abcd", {"n": 1, "m": 1, "a": 1, "b": 1, "c": 1, "d": 1}),
        ("- id: report", "- id: reports", "cd", WHOLE),
    ],
)
def test_after_an_edit_what_changed_runs_again_and_what_started_from_the_same_is_kept(
    place: Workplace, old: str, new: str, ran: str, context: Any
) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    (place.folder / "count").unlink()
    (place.folder / "count").touch()
    text = TEXT.replace('{"n": 1, "a": 1}', '{"n": 1, "m": 1, "a": 1}') if "m: 1" in new else TEXT
    resumed(place, text.replace(old, new))
    assert counted(place) == ran
    assert place.context == context
    assert repeat_merges(str(place.run_dir)).is_same
    assert (place.run_dir / "workflow.yaml").read_bytes() == (place.folder / "workflow.yaml").read_bytes()


def test_a_phase_put_in_front_renumbers_the_groups_and_keeps_the_shards(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    front = "phases:\n      - {id: front, behavior: main-only, run: 'true'}"
    report = resumed(place, TEXT.replace("phases:", front))
    assert [group.name for group in report.groups if group.kept] == ["02-look", "03-report-c", "04-report-d"]
    assert counted(place) == "abcd"
    assert place.context == WHOLE


def test_new_rules_merge_a_group_again_from_its_shards(place: Workplace) -> None:
    text = """
        name: rules
        context: {n: 0}
        rules: {rules: [{path: $.n, strategy: STRATEGY}]}
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {id: a, run: 'echo a >> count; echo ''{"n": 1}'' > "$SHARDFLOW_SHARD"'}
              - {id: b, run: 'echo b >> count; echo ''{"n": 2}'' > "$SHARDFLOW_SHARD"'}
        """
    assert place.run(text.replace("STRATEGY", "conflict")).status is Status.CONFLICT
    assert resumed(place).status is Status.CONFLICT
    assert resumed(place, text.replace("STRATEGY", "sum")).status is Status.DONE
    assert place.context == {"n": 3}
    assert resumed(place, text.replace("STRATEGY", "max")).status is Status.DONE
    assert (place.context, counted(place)) == ({"n": 2}, "ab")


def test_who_failed_and_may_is_kept_as_failed_with_all_that_was_told_of_it(place: Workplace) -> None:
    may_fail = TEXT.replace(
        "- id: b", "- id: b\n            allow_failure: true\n            retry: {max: 1, backoff: 0s}"
    )
    before, after = subagent(place.run(may_fail), "b"), subagent(resumed(place), "b")
    assert counted(place) == "abbcd"
    assert (after.kept, after.tries, after.rank) == (True, before.tries, before.rank) == (True, 2, 1)
    for told in (ending_name, ending_text, failure_facts):
        assert told(after.ending) == told(before.ending)


def test_what_was_told_of_everyone_in_a_merged_group_is_told_again_when_it_is_taken_back(place: Workplace) -> None:
    text = """
        name: told
        context: {n: 1, files: [{name: x}, {name: y}]}
        phases:
          - id: look
            behavior: parallel
            on_failure: continue
            on_undeclared_write: warn
            subagents:
              - {id: a, writes: [$.b], shard: patch, run: 'echo ''{"n": 2}'' > "$SHARDFLOW_SHARD"'}
              - {id: scan, foreach: {path: $.files, key: name}, run: '[ "$SHARDFLOW_ITEM_KEY" = x ]'}
        """

    def told(report: RunReport) -> list[tuple[object, ...]]:
        return [
            (one.id, one.rank, ending_name(one.ending), len(one.warnings), one.of, one.engine_made, one.shard)
            for group in report.groups
            for one in group.subagents
        ]

    before, after = told(place.run(text)), resumed(place)
    assert [one[:-1] for one in before] == [
        ("a", 0, "succeeded", 1, "", False),
        ("scan-x", 1, "succeeded", 0, "scan", False),
        ("scan-y", 2, "exited-non-zero", 0, "scan", False),
        ("failures", 0, "succeeded", 0, "", True),
    ]
    assert all(group.kept for group in after.groups)
    assert told(after) == before


def test_all_that_is_wrong_with_an_edited_workflow_and_what_it_names_is_told_at_once(place: Workplace) -> None:
    failed_run(place)
    edited = TEXT.replace("context: {n: 1}", "context: gone.json\n    rules: nowhere.yaml")
    with pytest.raises(InvalidInput) as told:
        resumed(place, edited)
    assert [(problem.line, problem.path) for problem in told.value.problems] == [
        (3, ("context",)),
        (4, ("rules",)),
    ]
    assert (told.value.exit_code, counted(place)) == (2, "ab")


FLAWED = [
    ("- id: b", "- id: b\n            env: {KEY: {env: OF_THE_TEST}}", "the context holds the value of the secret KEY"),
    ("{id: d, run: 'echo d", "{id: e, agent: claude, prompt: '{{#n}}'}\n          - {id: d, run: 'echo d", "{{#n}}"),
]


@pytest.mark.parametrize(("was", "is_now", "said"), FLAWED, ids=["secret", "prompt"])
def test_what_no_run_could_start_with_no_resumed_run_goes_on_with(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, was: str, is_now: str, said: str
) -> None:
    monkeypatch.setenv("OF_THE_TEST", "a-long-secret")
    text = TEXT.replace("context: {n: 1}", "context: {n: 1, key: a-long-secret}")
    place.run(text)
    with pytest.raises(InvalidInput) as told:
        resumed(place, text.replace(was, is_now))
    (problem,) = told.value.problems
    assert said in str(problem)
    assert (counted(place), place.read("run.json")["status"]) == ("ab", "failed")


def test_what_a_later_start_took_along_is_not_told_as_gone_when_rules_are_changed_back(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    place.run(TEXT)
    resumed(place, TEXT.replace("context:", "rules: {rules: [{path: $.z, strategy: sum}]}\n    context:", 1))
    report = resumed(place, TEXT)
    assert report.notes == ()
    assert (place.context, counted(place)) == (WHOLE, "abcd")


def test_a_killed_run_is_resumed_and_what_it_left_running_is_stopped_first(place: Workplace) -> None:
    text = f"""
        name: killed
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {{id: a, run: 'echo a >> count; echo ''{{"a": 1}}'' > "$SHARDFLOW_SHARD"'}}
              - id: b
                run: |
                  echo b >> count; [ -e again ] && exit 0
                  echo $$ > pid.tmp; {wait_for("sealed")}; mv pid.tmp pid; sleep 60; echo late > late
        """
    process = place.start(text)
    wait_until(lambda: '"content"' in place.text("events.jsonl"))
    (place.folder / "sealed").touch()
    wait_until((place.folder / "pid").exists)
    with pytest.raises(RunInProgress):
        resumed(place)
    process.kill()
    process.communicate()
    assert place.read("run.json")["status"] == "running"
    (place.folder / "again").touch()
    report = resumed(place)
    (note,) = report.notes
    assert "left running by an earlier start, and stopped" in note
    assert not runs(int((place.folder / "pid").read_text()))
    assert (place.context, counted(place)) == ({"a": 1}, "abb")


def test_a_done_run_that_dies_while_it_sets_its_groups_aside_is_killed_and_not_altered(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: str, *mode: int) -> None:
        if path == str(place.run_dir / "groups"):
            raise SystemExit
        make(path, *mode)

    make = os.mkdir
    (place.folder / "fixed").touch()
    assert place.run(TEXT).exit_code == 0
    monkeypatch.setattr(os, "mkdir", die)
    with pytest.raises(SystemExit):
        resumed(place)
    monkeypatch.undo()
    assert found_run(RunDirectory(str(place.run_dir))).standing == KILLED
    assert [group.verdict for group in repeat_merges(str(place.run_dir)).groups] == []
    assert resumed(place).exit_code == 0
    assert (place.context, counted(place)) == (WHOLE, "abcd")


def test_an_interrupted_run_is_resumed(place: Workplace) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, SubagentStarted) and event.subagent == "c":
            os.kill(os.getpid(), signal.SIGTERM)

    (place.folder / "fixed").touch()
    assert place.run(TEXT, listen).exit_code == 143
    assert resumed(place).exit_code == 0
    assert place.context == WHOLE
    assert counted(place) in ("abccd", "abcd")  # c may have been stopped before it could write anything


def test_while_it_goes_on_a_resumed_run_says_that_it_runs(place: Workplace) -> None:
    text = TEXT.replace("echo c >> count;", "echo c >> count; cp run/run.json seen;")
    place.run(text)
    (place.folder / "fixed").touch()
    assert resumed(place, text).exit_code == 0
    seen = json.loads((place.folder / "seen").read_text())
    assert (seen["status"], seen["finished"], place.read("run.json")["status"]) == ("running", None, "done")


def test_a_run_directory_may_be_moved_before_it_is_resumed(place: Workplace) -> None:
    failed_run(place)
    moved = place.folder / "elsewhere"
    shutil.move(place.run_dir, moved)
    report = resumed(place, run_dir=str(moved))
    assert report.exit_code == 0
    assert counted(place) == "abbcd"
    assert json.loads((moved / "context.json").read_text()) == WHOLE


def test_a_resumed_run_that_fails_again_can_be_resumed_again(place: Workplace) -> None:
    place.run(TEXT)
    assert resumed(place).exit_code == 1
    (place.folder / "fixed").touch()
    assert resumed(place).exit_code == 0
    assert (place.context, counted(place)) == (WHOLE, "abbbcd")
    assert sorted(os.listdir(place.run_dir / "earlier")) == ["1", "2"]


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
