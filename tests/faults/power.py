"""Power cuts: every instant of a run, and what the disk may hold after it, by the model of `tests/faults/disk.py`.

    python -m tests.faults.power FOLDER PART CHANCES

prints what it found as one JSON object. Each act of a run is recorded, operation by operation; after every one the
power is cut, and the run goes on from what is left: only what was synced, behind a rename also that one alone, and, in
a campaign of CHANCES, all that was asked for and as many times something in between, drawn by chance (seeded). PART 0
and 1 take every other operation.
How far the thread is that syncs is one pace or another (`paces.py`), of a campaign each one.

The law: the run ends with the bytes of an undisturbed one. The canonical context holds what it held or what a merge
made of it, at every instant. What a synced journal calls sealed does not run again.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.disk import Disk, Operation, Recorder
from tests.faults.mortal import CONFLICT, Context, Journeys, Place
from tests.faults.paces import Pace

State = dict[str, bytes | None]


class Campaign:
    """Power cuts in the runs of one workflow, all at one place: a run knows its files by absolute paths."""

    def __init__(self, journeys: Journeys, chances: int) -> None:
        self.cuts = 0
        self.problems: list[str] = []
        self._journeys = journeys
        self._chances = chances

    def cut(self, number: int, part: int) -> None:
        """Cut the power at every instant of the act of this number."""
        place = self._journeys.before(number)
        disk = Disk(place.folder)
        seen: set[int] = set()
        for instant, operation in enumerate(self.recorded(place, self._journeys.acts[number][0])):
            disk.apply(operation)
            for how, state in self._left(disk, instant, operation):
                known = hash(frozenset(state.items()))
                if instant % 2 == part and known not in seen:
                    self._go_on(place, f"act {number}, {how} behind {_told(operation)}", state, disk.synced())
                seen.add(known)

    def recorded(self, place: Place, what: str) -> list[Operation]:
        """Do an act of a run and give its operations, in order."""
        told = place.folder.parent / f"{place.folder.name}.operations"
        recorder = Recorder(Path(place.directory.path))
        ended = place.act(what, recorder, lambda: told.write_text(repr(recorder.operations)))
        assert ended.code in (0, CONFLICT), ended
        return list(eval(told.read_text(), {"Operation": Operation}))

    def _left(self, disk: Disk, instant: int, operation: Operation) -> Iterator[tuple[str, State]]:
        yield "synced", disk.synced()
        if operation.function == "rename":
            yield "synced and renamed", disk.synced_and_last()
        if self._chances:
            yield "everything", disk.everything()
        for chance in range(self._chances):
            draw = random.Random(f"{instant} {chance}")
            yield f"chance {chance}", disk.left_by(partial(draw.randint, 0))

    def _go_on(self, place: Place, told: str, state: State, synced: State) -> None:
        self.cuts += 1
        _restore(place.folder, synced)
        promised = place.sealed()
        _restore(place.folder, state)
        for problem in self._problems(place, promised):
            self.problems.append(f"{told}: {problem}")

    def _problems(self, place: Place, promised: dict[str, str]) -> Iterator[str]:
        journeys = self._journeys
        if place.context not in journeys.contexts and journeys.context is not Context.OWN:
            yield f"a context that never was: {place.context!r}"
        before = place.runs_of
        ended = place.finish()
        if not ended:
            if promised:
                yield f"there is no run, and the journal says that these are sealed: {sorted(promised)}"
            return
        if bad := [one for one in ended if one[1].code not in (0, CONFLICT)]:
            yield f"it cannot go on: {bad}"
            return
        if again := [name for name in promised if place.runs_of[name] != before[name]]:
            yield f"sealed, synced, and run again: {again}"
        yield from place.problems_of_the_end(journeys.expected, promised)


def _restore(folder: Path, state: State) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, data in state.items():
        if data is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(data)
    (folder / "tried").touch()  # by a subagent, of which the disk knows nothing


def _told(operation: Operation) -> str:
    return f"{operation.function} {Path(operation.path).name} {Path(operation.to).name}".strip()


def main() -> None:
    folder, part, chances = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    found: dict[str, Any] = {"cuts": 0, "problems": []}
    runs = [
        ("plain", Context.OWN, Pace.AT_ONCE),
        ("disputed", Context.FOUND, Pace.LATE),
        ("arbitrated", Context.FOUND, Pace.AT_ONCE),
    ]
    if chances:
        more = (("plain", Context.FOUND, None), ("single", Context.CREATED, None))
        runs = [(name, context, pace) for name, context, _ in (*runs, *more) for pace in Pace]
    for name, context, pace in runs:
        journeys = Journeys(folder, name, context, pace.set)
        campaign = Campaign(journeys, chances)
        for number in range(len(journeys.acts)):
            campaign.cut(number, part)
        found["cuts"] += campaign.cuts
        found["problems"] += campaign.problems
    print(json.dumps(found))


if __name__ == "__main__":
    main()
