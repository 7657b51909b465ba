"""Deaths and power cuts while sealed shards are taken over to another base, because others than these were edited."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.faults.mortal import RESUME, START, Context, Journeys, Place
from tests.faults.paces import Pace
from tests.faults.power import Campaign
from tests.faults.steps import death, with_halves

WORKFLOW = """
name: rebased
context: {a: 0, b: 0, c: 0}
phases:
  - id: list
    behavior: main-only
    run: 'echo list >> count; echo ''{"files": FILES}'' > "$SHARDFLOW_SHARD"'
    shard: patch
  - id: scan
    behavior: parallel
    subagents:
      - id: each
        foreach: {path: $.files}
        reads: []
        run: |
          echo $SHARDFLOW_ID >> count; k=$SHARDFLOW_ITEM_KEY; sed -i "s/$k\\": 0/$k\\": 1/" "$SHARDFLOW_SHARD"
"""


def edited_run(folder: Path, pace: Pace = Pace.LATE) -> Place:
    """Give a run that is done, of a workflow that was edited since."""
    place = Place(folder, WORKFLOW.replace("FILES", '["a", "b"]'), make_world=pace.set)
    assert place.act(START).code == 0
    (folder / "workflow.yaml").write_text(WORKFLOW.replace("FILES", '["b", "c", "a"]'))
    return place


@pytest.mark.timeout(7200)  # of the campaign; the short form takes some seconds
def test_killed_while_shards_are_taken_to_another_base_the_run_loses_none_and_runs_none_again(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    whole = edited_run(tmp_path / "whole")
    steps = list(with_halves(list(whole.act(RESUME).steps)))
    assert whole.problems_of_the_end(whole.context or b"", {}) == []
    assert whole.context is not None
    assert b'"a": 1,\n  "b": 1,\n  "c": 1' in whole.context
    for number, at in enumerate(steps[:: 1 if pytestconfig.getoption("--campaign") else 11]):
        place = edited_run(tmp_path / str(number))
        assert place.act(RESUME, death(at)).died, at
        sealed, before = place.sealed(), place.runs_of
        items = [name for name in sealed if name != "list"]  # which was edited
        ended = place.finish()
        assert [one.code for _, one in ended] == [0], (at, ended)
        assert place.problems_of_the_end(whole.context, sealed) == [], at
        assert [name for name in items if place.runs_of[name] != before[name]] == [], at
        assert (place.runs_of["each-a"], place.runs_of["each-b"]) == (1, 1), at


class Edited(Journeys):
    """Runs that are resumed with an edited workflow."""

    def __init__(self, folder: Path, pace: Pace) -> None:
        self.context = Context.OWN
        self._edited = (edited_run(folder / f"{pace.name}-{number}", pace) for number in count())
        place = self.before(0)
        self.acts = [(RESUME, list(place.act(RESUME).steps))]
        self.expected = place.context or b""
        self.contexts = set()  # of a context outside of the run

    def before(self, number: int) -> Place:
        """Give a new run that was edited; there is one act."""
        return next(self._edited)


@pytest.mark.timeout(7200)  # of the campaign; the short form takes some seconds
def test_whatever_a_power_cut_leaves_then_no_shard_is_lost_and_none_is_made_again(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    chances = pytestconfig.getoption("--campaign") or 0
    for pace in Pace if chances else (Pace.LATE,):
        for part in range(2 if chances else 1):
            folder = tmp_path / f"{pace.name}-{part}"
            folder.mkdir()
            campaign = Campaign(Edited(folder, pace), chances)
            campaign.cut(0, part)
            assert [problem for problem in campaign.problems if "run again: ['list']" not in problem] == []
            assert campaign.cuts > 10
