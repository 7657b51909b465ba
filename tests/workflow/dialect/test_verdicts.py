"""What a gap check's script returned is a verdict, whatever it is, and only `complete` passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import ABSENT, Json
from shardflow.workflow.dialect.model import GapAction, OnFailure
from shardflow.workflow.dialect.verdicts import COMPLETE, GapVerdict, read_verdict, verdict_json
from tests.workflow.documents import json_values

OTHERWISE = OnFailure(GapAction.ABORT, "told before")

nearly_verdicts = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["complete", "incomplete", "Complete"]) | json_values,
        "action": st.sampled_from([*GapAction, "redo"]) | json_values,
        "gaps": st.lists(json_values, max_size=2) | json_values,
        "additionalAgents": st.lists(json_values, max_size=2) | json_values,
        "message": st.text() | json_values,
    },
)


@given(json_values | nearly_verdicts)
def test_only_one_that_says_complete_passes_and_none_raises(value: Json) -> None:
    verdict = read_verdict(value, OTHERWISE)
    assert verdict.complete is (isinstance(value, dict) and value.get("status") == "complete")
    assert verdict.complete or verdict.action in GapAction


@given(json_values | nearly_verdicts)
def test_a_verdict_written_down_reads_back_as_it_is(value: Json) -> None:
    verdict = read_verdict(value, OTHERWISE)
    again = read_verdict(verdict_json(verdict), OTHERWISE)
    assert again == verdict or (again.complete and verdict.complete and again.gaps == verdict.gaps)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ({"status": "complete"}, COMPLETE),
        ({"status": "complete", "gaps": ["left open"]}, GapVerdict(complete=True, gaps=("left open",))),
        (
            {"status": "incomplete", "gaps": ["g"], "action": "retry", "message": "again"},
            GapVerdict(complete=False, gaps=("g",), action=GapAction.RETRY, message="again"),
        ),
        ({"status": "incomplete"}, GapVerdict(complete=False, action=GapAction.ABORT, message="told before")),
        (
            {"status": "incomplete", "gaps": "one", "action": "spawn_additional", "additionalAgents": [{"type": "a"}]},
            GapVerdict(
                complete=False,
                gaps=("one",),
                action=GapAction.SPAWN_ADDITIONAL,
                message="told before",
                agents=({"type": "a"},),
            ),
        ),
    ],
)
def test_what_it_says_counts_and_the_workflow_says_the_rest(value: Json, verdict: GapVerdict) -> None:
    assert read_verdict(value, OTHERWISE) == verdict


def test_a_script_that_returned_nothing_has_not_passed() -> None:
    verdict = read_verdict(ABSENT, OTHERWISE)
    assert (verdict.complete, verdict.action) == (False, GapAction.ABORT)
    assert verdict.gaps == ("the gap check returned nothing, expected an object {status, gaps, action}",)


@pytest.mark.parametrize(
    ("agents", "gaps"),
    [
        (None, ()),
        ([], ()),
        ({"type": "a"}, ("additionalAgents an object, expected a list of {type, config}",)),
        ("a", ("additionalAgents the text 'a', expected a list of {type, config}",)),
    ],
)
def test_agents_that_are_no_list_are_told_and_not_passed_over(agents: Json, gaps: tuple[str, ...]) -> None:
    value: Json = {"status": "incomplete", "action": "spawn_additional", "additionalAgents": agents}
    assert read_verdict(value, OTHERWISE).gaps == tuple(f"the gap check returned as {gap}" for gap in gaps)
