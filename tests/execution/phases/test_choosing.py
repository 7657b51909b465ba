"""Conditions and fan-out in runs: who runs, on what, in which order, and what a resumed run runs again."""

from __future__ import annotations

import json
from typing import Any

from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.events import Event, PhaseFinished, SubagentSkipped
from shardflow.execution.reporting.report import Status
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, edit

FANNED = f"""
    name: fan
    context: {{files: [{{name: b/x.py, n: 2}}, {{name: a.py, n: 1}}, {{name: 'c; touch pwned', n: 3}}], seen: []}}
    phases:
      - id: look
        behavior: BEHAVIOR
        subagents:
          - id: scan
            foreach: {{path: $.files, key: name}}
            run: |
              echo "$SHARDFLOW_ITEM_KEY" >> count; [ ! -e "stop-$SHARDFLOW_ID" ] || exit 4
              {edit('c["seen"].append(json.load(open(os.environ["SHARDFLOW_ITEM"]))["n"])')}
          - {{id: other, run: 'env | grep -c SHARDFLOW_ITEM > other.txt; true'}}
    """


def ran(place: Workplace) -> list[str]:
    return sorted((place.folder / "count").read_text().splitlines())


def test_every_item_has_a_subagent_of_its_own_and_results_stand_in_item_order(place: Workplace) -> None:
    report = place.run(FANNED.replace("BEHAVIOR", "parallel"))
    assert (report.exit_code, place.context["seen"]) == (0, [2, 1, 3])
    first, plain, hostile, other = (subagent.id for subagent in report.subagents)
    assert (plain, other) == ("scan-a.py", "other")
    assert first.startswith("scan-b-x.py-")
    assert hostile.startswith("scan-c-touch-pwned-")
    assert (place.folder / "other.txt").read_text() == "0\n"
    assert not (place.folder / "pwned").exists()
    assert place.read(f"groups/01-look/{plain}/item.json") == {"name": "a.py", "n": 1}
    assert repeat_merges(str(place.run_dir)).is_same


def test_in_a_sequential_phase_items_come_one_after_another_each_from_what_the_former_left(place: Workplace) -> None:
    report = place.run(FANNED.replace("BEHAVIOR", "sequential"))
    assert (report.exit_code, place.context["seen"]) == (0, [2, 1, 3])
    assert [group.name for group in report.groups][1] == "02-look-scan-a.py"


def test_a_resumed_run_runs_only_the_items_that_have_no_sealed_shard(place: Workplace) -> None:
    text = FANNED.replace("BEHAVIOR", "parallel")
    (place.folder / "stop-scan-a.py").touch()
    assert place.run(text).status is Status.FAILED
    (place.folder / "stop-scan-a.py").unlink()
    (place.folder / "count").unlink()
    assert resumed(place).exit_code == 0
    assert (ran(place), place.context["seen"]) == (["a.py"], [2, 1, 3])
    assert resumed(place, rerun=("look/scan-a.py",)).exit_code == 0
    assert ran(place) == ["a.py", "a.py"]
    assert resumed(place, rerun=("scan",)).exit_code == 0
    assert ran(place) == ["a.py", "a.py", "a.py", "b/x.py", "c; touch pwned"]


def test_a_list_that_is_not_there_fails_the_phase_before_anything_of_it_runs(place: Workplace) -> None:
    report = place.run(FANNED.replace("BEHAVIOR", "parallel").replace("$.files", "$.flies"))
    [phase] = report.phases
    assert (report.exit_code, phase.status, phase.groups) == (1, Status.FAILED, ())
    [problem] = phase.problems
    assert problem.endswith("/workflow.yaml:9: scan: foreach needs a list at $.flies, and finds nothing")
    assert not (place.folder / "other.txt").exists()


CHOSEN = """
    name: chosen
    context: {n: 0}
    phases:
      - id: one
        behavior: sequential
        subagents:
          - {id: never, when: {path: $.n, equals: 1}, run: exit 9}
          - {id: counts, when: {path: $.n, equals: 0}, run: RUN}
          - {id: again, when: {path: $.n, equals: 1}, run: RUN}
      - {id: two, behavior: main-only, when: {path: $.n, less_than: 2}, run: exit 9}
      - {id: three, behavior: parallel, when: {path: $.n, at_least: 2}, subagents: [
          {id: a, run: touch a}, {id: b, when: {path: $.b, is: exists}, run: exit 9}]}
    """.replace("RUN", json.dumps(edit('c["n"] += 1')))


def test_conditions_are_asked_of_the_context_as_it_is_and_who_is_skipped_is_told(place: Workplace) -> None:
    heard: list[Event] = []
    report = place.run(CHOSEN, heard.append)
    assert (report.exit_code, place.context) == (0, {"n": 2})
    assert [subagent.id for subagent in report.subagents] == ["counts", "again", "a"]
    one, two, three = report.phases
    assert one.skipped == (("never", "condition not met: $.n equals 1"),)
    assert (two.status, two.reason, two.groups) == (Status.SKIPPED, "condition not met: $.n is less than 2", ())
    assert (three.status, three.skipped) == (Status.DONE, (("b", "condition not met: $.b exists"),))
    assert [event.subagent for event in heard if isinstance(event, SubagentSkipped)] == ["never", "b"]
    assert [event.report.status for event in heard if isinstance(event, PhaseFinished)] == ["done", "skipped", "done"]
    told: list[Any] = [line for line in place.journal() if line["event"] == "subagent-skipped"]
    assert [(line["phase"], line["subagent"], line["reason"]) for line in told] == [
        ("one", "never", "condition not met: $.n equals 1"),
        ("three", "b", "condition not met: $.b exists"),
    ]


def test_a_resumed_run_comes_to_the_same_choices(place: Workplace) -> None:
    place.run(CHOSEN)
    report = resumed(place)
    assert (report.exit_code, place.context) == (0, {"n": 2})
    assert all(subagent.kept for subagent in report.subagents)


def test_a_phase_without_anybody_to_run_merges_nothing_and_is_done(place: Workplace) -> None:
    report = place.run(
        """
        name: nobody
        context: {l: []}
        phases:
          - id: one
            behavior: parallel
            subagents:
              - {id: a, foreach: {path: $.l}, run: exit 9}
              - {id: b, when: {path: $.l, is: not-empty}, run: exit 9}
        """
    )
    assert (report.exit_code, list(report.groups), place.context) == (0, [], {"l": []})
    assert report.phases[0].skipped == (("a", "its list is empty"), ("b", "condition not met: $.l is not empty"))
