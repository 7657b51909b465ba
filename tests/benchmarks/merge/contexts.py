"""Seeded bases and copies of them with 1 % of the leaves changed, and what a merge that loses nothing gives.

Up to about 100 copies no two change one leaf to different values, except counters, to which every copy adds. Where
there are more copies than that, they contest leaves, and the last one by rank is to win.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Context = dict[str, Any]
Place = tuple[str, str]

FIELDS = ("title", "owner", "score", "done", "note")
BYTES_OF_A_RECORD = 216
RECORDS_OF_A_COUNTER = 20
SEED = 1


class Shape(StrEnum):
    """How the changes of a copy lie, and how it is written."""

    CLUSTERED = "clustered"
    SCATTERED = "scattered"
    REFORMATTED = "re-formatted"


@dataclass(frozen=True)
class Edits:
    """What one copy does: values it sets at places, and counters it counts up by one."""

    values: dict[Place, str]
    counted: list[str]

    def bytes_changed(self) -> int:
        """Give how many bytes name the changed places and their new values, as in a compact JSON Merge Patch."""
        values = sum(len(f'"{record}":{{"{field}":"{value}"}},') for (record, field), value in self.values.items())
        return values + sum(len(f'"{name}":00,') for name in self.counted)


@dataclass(frozen=True)
class Task:
    """A base and what each copy of it does."""

    base: Context
    edits: list[Edits]

    def copies(self) -> Iterator[Context]:
        """Give the edited copies, one after another: together they may not fit into memory."""
        for edits in self.edits:
            records, counters = dict(self.base["records"]), dict(self.base["counters"])
            for (record, field), value in edits.values.items():
                records[record] = {**records[record], field: value}
            for name in edits.counted:
                counters[name] += 1
            yield {"records": records, "counters": counters}

    def is_contested(self) -> bool:
        """Say whether two copies change one leaf that is no counter."""
        return len(self.values()) < sum(len(edits.values) for edits in self.edits)

    def values(self) -> dict[Place, str]:
        """Give what is to stand at each changed place in the end."""
        return {place: value for edits in self.edits for place, value in edits.values.items()}

    def increments(self) -> dict[str, int]:
        """Give by how much each counter is to rise."""
        rises = dict.fromkeys(self.base["counters"], 0)
        for edits in self.edits:
            for name in edits.counted:
                rises[name] += 1
        return rises

    def expected(self) -> Context:
        """Give what a merge that loses nothing must give."""
        merged = copy.deepcopy(self.base)
        for (record, field), value in self.values().items():
            merged["records"][record][field] = value
        for name, rise in self.increments().items():
            merged["counters"][name] += rise
        return merged

    def kept(self, merged: Context) -> tuple[float, float]:
        """Give the shares of changes and of counter increments that a merged context kept."""
        values, rises = self.values(), self.increments()
        set_there = sum(merged["records"][record].get(field) == value for (record, field), value in values.items())
        counted = sum(min(merged["counters"][name] - self.base["counters"][name], rise) for name, rise in rises.items())
        return set_there / len(values), counted / sum(rises.values())


def task(size: int, copies: int, shape: Shape) -> Task:
    """Make a task with a base of about `size` bytes; the same arguments make the same task."""
    generator = random.Random(SEED)
    base = _base(generator, size // BYTES_OF_A_RECORD)
    places = [(record, field) for record in base["records"] for field in FIELDS]
    counters = list(base["counters"])
    share = max(2, (len(places) + len(counters)) // 100)
    counted = max(1, share // 10)
    edits = []
    if shape is not Shape.CLUSTERED:
        generator.shuffle(places)
    for number in range(copies):
        if shape is not Shape.CLUSTERED:
            generator.shuffle(counters)
        mine = _from(places, number * (share - counted), share - counted)
        values = {place: f"changed by {number}: {generator.getrandbits(60):x}" for place in mine}
        edits.append(Edits(values, _from(counters, number * counted, counted)))
    return Task(base, edits)


def _from(things: list[Any], first: int, count: int) -> list[Any]:
    """Give `count` things from the `first` on, going round."""
    return [things[number % len(things)] for number in range(first, first + count)]


def _base(generator: random.Random, count: int) -> Context:
    def words(count: int) -> str:
        return " ".join(f"{generator.getrandbits(24):x}" for _ in range(count))

    records = {
        f"record-{number:05}": {
            "title": words(4),
            "owner": words(1),
            "score": generator.randrange(1000),
            "done": generator.random() < 0.5,
            "note": words(6),
        }
        for number in range(count)
    }
    counters = {f"counter-{number:04}": generator.randrange(100) for number in range(count // RECORDS_OF_A_COUNTER)}
    return {"records": records, "counters": counters}
