"""Concurrency, proved by order and by subagents that wait for each other, never by time."""

from __future__ import annotations

from shardflow.execution.reporting.events import Event, SubagentFinished, SubagentStarted
from tests.execution.running import Workplace, edit, wait_for

BARRIER = "touch at-$SHARDFLOW_ID; for id in a b c d e; do " + wait_for("at-$id") + "; done"


def test_all_subagents_of_a_parallel_phase_run_at_the_same_time(place: Workplace) -> None:
    report = place.run(
        f"""
        name: barrier
        phases:
          - id: meet
            behavior: parallel
            subagents:
              - {{id: a, run: '{BARRIER}'}}
              - {{id: b, run: '{BARRIER}'}}
              - {{id: c, run: '{BARRIER}'}}
              - {{id: d, run: '{BARRIER}'}}
              - {{id: e, run: '{BARRIER}'}}
        """
    )
    assert report.exit_code == 0


def test_a_free_slot_is_filled_at_once_not_when_a_batch_is_over(place: Workplace) -> None:
    report = place.run(
        f"""
        name: window
        max_parallel: 2
        phases:
          - id: work
            behavior: parallel
            subagents:
              - {{id: long, run: '{wait_for("last")}'}}
              - {{id: short-1, run: 'true'}}
              - {{id: short-2, run: 'true'}}
              - {{id: short-3, run: 'touch last'}}
        """
    )
    assert report.exit_code == 0


def test_never_more_than_max_parallel_run_and_they_start_by_rank(place: Workplace) -> None:
    heard: list[Event] = []
    ids = [f"s{number}" for number in range(9)]
    subagents = "\n".join(f"              - {{id: {name}, run: 'true'}}" for name in ids)
    place.run(
        f"""
        name: bounded
        phases:
          - id: work
            behavior: parallel
            max_parallel: 3
            subagents:
{subagents}
        """,
        heard.append,
    )
    running = most = 0
    for event in heard:
        running += isinstance(event, SubagentStarted) - isinstance(event, SubagentFinished)
        most = max(most, running)
    assert most == 3
    assert [event.subagent for event in heard if isinstance(event, SubagentStarted)] == ids


def test_the_request_goes_over_the_phase_and_the_phase_over_the_workflow(place: Workplace) -> None:
    text = f"""
        name: order
        max_parallel: 1
        phases:
          - id: work
            behavior: parallel
            max_parallel: 2
            subagents:
              - {{id: a, run: '{wait_for("b")}; touch a'}}
              - {{id: b, run: 'touch b'}}
        """
    assert place.run(text).exit_code == 0
    heard: list[Event] = []
    one_by_one = text.replace(wait_for("b"), "true")
    place.run(one_by_one, heard.append, max_parallel=1, run_dir=str(place.folder / "other"))
    kinds = [type(event) for event in heard if isinstance(event, SubagentStarted | SubagentFinished)]
    assert kinds == [SubagentStarted, SubagentFinished] * 2


def test_the_result_does_not_depend_on_who_finished_first(place: Workplace) -> None:
    add = edit('c["l"] = [me]')
    report = place.run(
        f"""
        name: order
        context: {{l: []}}
        phases:
          - id: work
            behavior: parallel
            subagents:
              - id: a
                run: |
                  {wait_for("c")}; {add}; touch a
              - id: b
                run: |
                  {wait_for("a")}; {add}
              - id: c
                run: |
                  {add}; touch c
        """
    )
    assert report.exit_code == 0
    assert place.context == {"l": ["a", "b", "c"]}


def test_sequential_subagents_see_what_the_former_ones_left_merged(place: Workplace) -> None:
    add = edit("c[me] = len(c)")
    report = place.run(
        f"""
        name: chain
        phases:
          - id: steps
            behavior: sequential
            subagents:
              - id: one
                run: |
                  {add}
              - id: two
                run: |
                  {add}
          - id: last
            behavior: main-only
            run: |
              {add}
        """
    )
    assert report.exit_code == 0
    assert place.context == {"one": 0, "two": 1, "last": 2}
    assert [group.name for group in report.groups] == ["01-steps-one", "02-steps-two", "03-last"]
    assert place.read("groups/02-steps-two/base.json") == {"one": 0}
