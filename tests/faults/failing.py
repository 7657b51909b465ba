"""File systems that refuse: an error at every step, and half a write at every write, enumerated by `steps.py`.

    python -m tests.faults.failing FOLDER PART [all]

prints what it found as one JSON object. Each step is struck in a run of its own, PART 0 and 1 take every other one:
with `all` by each of four errors, once and from there on as a full disk refuses; else by one of these eight, in turn.

The law: a struck run ends by itself, with exit code 0 only if nothing is missing, and otherwise with a reason in words.
The canonical context holds what it held or what a merge made of it. Resumed on a file system that works, the run ends
with the bytes of an undisturbed one, and nothing whose seal was recorded runs again.
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from tests.faults.mortal import CONFLICT, Context, Journeys, Outcome, Place
from tests.faults.steps import HALF, Refusal

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
DONE, FAILED = 0, 1
RUNS = (
    ("plain", Context.OWN),
    ("plain", Context.FOUND),
    ("disputed", Context.FOUND),
    ("arbitrated", Context.FOUND),
)


class Campaign:
    """Refusals in the runs of one workflow."""

    def __init__(self, journeys: Journeys) -> None:
        self._journeys = journeys
        self.problems: list[str] = []

    def refuse(self, act: int, at: str, number: int, *, lasting: bool) -> None:
        """Refuse at a step of an act, then go on to the end."""
        place = self._journeys.before(act)
        what = self._journeys.acts[act][0]
        told = f"{what}: {errno.errorcode[number]} {'from' if lasting else 'at'} {at}"
        ended = place.act(what, Refusal(at, number, lasting=lasting))
        self.problems.extend(f"{told}: {problem}" for problem in self._problems_of(place, ended))
        if at.startswith(HALF) and not lasting and ended.code not in (DONE, CONFLICT):
            self.problems.append(f"{told}: half a write is no error, the rest can follow: {ended.problems}")
        self.problems.extend(f"{told}: then {problem}" for problem in self._problems_behind(place))

    def _problems_of(self, place: Place, ended: Outcome) -> Iterator[str]:
        if ended.raised:
            yield ended.raised
        if ended.code not in (DONE, FAILED, CONFLICT):
            yield f"exit code {ended.code}, {ended.problems}"
        if ended.code == FAILED and not ended.problems:
            yield "failed, and does not say why"
        if place.context not in self._journeys.contexts and not self._is_nobodys(place):
            yield f"a context that never was: {place.context!r}"

    def _is_nobodys(self, place: Place) -> bool:
        """Whether the run has not begun, so that a context in its own folder is nobody's yet."""
        return self._journeys.context is Context.OWN and not place.runs_of

    def _problems_behind(self, place: Place) -> Iterator[str]:
        before, sealed = place.runs_of, place.sealed()
        ended = place.finish()
        if not ended:
            if before:
                yield f"there is no run, and subagents ran: {before}"
            return
        if bad := [one for one in ended if one[1].code not in (DONE, CONFLICT)]:
            yield f"it cannot go on: {bad}"
            return
        if again := [name for name in sealed if place.runs_of[name] != before[name]]:
            yield f"sealed, and run again: {again}"
        yield from place.problems_of_the_end(self._journeys.expected, sealed)


def main() -> None:
    folder, part, everything = Path(sys.argv[1]), int(sys.argv[2]), "all" in sys.argv[3:]
    struck: set[tuple[str, str]] = set()
    found: dict[str, Any] = {"refusals": 0, "problems": []}
    for name, context in RUNS:
        journeys = Journeys(folder, name, context)
        campaign = Campaign(journeys)
        steps = [(act, what, at) for act, (what, steps) in enumerate(journeys.acts) for at in steps]
        steps = [(act, what, at) for act, what, at in steps if everything or (what, at) not in struck]
        struck.update((what, at) for _, what, at in steps)
        for turn, (act, _, at) in list(enumerate(steps))[part::2]:
            chosen = product(ERRORS, (False, True)) if everything else [(ERRORS[turn // 4 % 4], turn // 2 % 2 == 1)]
            for number, lasting in chosen:
                campaign.refuse(act, at, number, lasting=lasting)
                found["refusals"] += 1
        found["problems"] += campaign.problems
    print(json.dumps(found))


if __name__ == "__main__":
    main()
