"""Deaths of the engine at every step at which it changes the file system, enumerated by `tests/faults/steps.py`.

    python -m tests.faults.dying FOLDER PART DEATHS-TWICE

prints what it found as one JSON object: dying once at every step, of which PART 0 and 1 are every other one; then, in
the resumed run, once more, as often as told, evenly spread over all pairs of steps. A first death that did not happen
is `survived`; a second one may be, since how far things were at the first depends on which child had ended by then.
After each death the context is one that the run has at some time, whole, or not there yet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.faults.mortal import CONFLICT, RESUME, START, Context, Journeys, Place
from tests.faults.steps import death, with_halves

RUNS = (
    ("plain", Context.OWN),
    ("plain", Context.FOUND),
    ("disputed", Context.FOUND),
    ("single", Context.CREATED),
    ("arbitrated", Context.FOUND),
)


class Campaign:
    """Deaths in the runs of one workflow."""

    def __init__(self, journeys: Journeys) -> None:
        self._journeys = journeys
        self.survived = 0
        self.twice = 0
        self.problems: list[str] = []

    def die(self, number: int, at: str, then: str | None = None) -> list[str]:
        """Die at a step of the act of this number, and once more in the next one; give the steps of that next one."""
        journeys = self._journeys
        place = journeys.before(number)
        told = f"{journeys.acts[number][0]}: {at}{f', then {then}' if then else ''}"
        self.survived += not self._dies(told, place, journeys.acts[number][0], at)
        if then is not None and (what := next(place.acts(), RESUME)) != START:
            self.twice += self._dies(told, place, what, then)
        sealed, before = place.sealed(), place.runs_of
        ended = place.finish()
        if is_no_run := not ended:
            assert not place.runs_of, f"{told}: subagents ran, and there is no run"
            ended = [(START, place.act(START)), *place.finish()]
        if bad := [one for one in ended if one[1].code not in (0, CONFLICT)]:
            self.problems.append(f"{told}: cannot go on: {bad}")
        if again := [name for name in sealed if place.runs_of[name] != before[name]]:
            self.problems.append(f"{told}: sealed, and run again: {again}")
        self.problems.extend(f"{told}: {problem}" for problem in place.problems_of_the_end(journeys.expected, sealed))
        return [] if is_no_run else list(ended[0][1].steps)

    def _dies(self, told: str, place: Place, what: str, at: str) -> bool:
        sealed, before = place.sealed(), place.runs_of
        died = place.act(what, death(at)).died
        if place.context not in (None, *self._journeys.contexts):
            self.problems.append(f"{told}: what is no context of this run: {place.context!r}")
        if again := [name for name in sealed if place.runs_of[name] != before[name]]:
            self.problems.append(f"{told}: sealed, and run again: {again}")
        return died


def main() -> None:
    folder, part, twice = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    died: set[tuple[bool, str, str]] = set()
    found: dict[str, Any] = {"deaths": 0, "deaths twice": 0, "survived": 0, "problems": []}
    for name, context in RUNS:
        journeys = Journeys(folder, name, context)
        campaign = Campaign(journeys)
        deaths = [(number, what, at) for number, (what, steps) in enumerate(journeys.acts) for at in steps]
        # what two workflows do alike is done once, unless someone asks for a long campaign; but what is resumed behind
        # a step of the same name is another thing where the first merge creates the context
        is_created = context is Context.CREATED
        deaths = [(number, what, at) for number, what, at in deaths if twice or (is_created, what, at) not in died]
        died.update((is_created, what, at) for _, what, at in deaths)
        mine = [(number, at) for number, _, at in deaths[part::2]]
        pairs = [(*first, second) for first in mine for second in with_halves(campaign.die(*first))]
        chosen = pairs[:: max(1, 6 * len(pairs) // twice)] if twice else []
        for pair in chosen:
            campaign.die(*pair)
        found["deaths"] += len(mine)
        found["deaths twice"] += campaign.twice
        found["survived"] += campaign.survived
        found["problems"] += campaign.problems
    print(json.dumps(found))


if __name__ == "__main__":
    main()
