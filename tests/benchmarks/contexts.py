"""Seeded contexts for the benchmarks of merging: a base of about 1 MB and copies with 1 % of the leaves changed.

No two copies change one leaf to different values, except counters, to which every copy adds: so it is known what
a merge that loses nothing must give, and `kept` counts what one kept.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

Context = dict[str, Any]
Place = tuple[str, str]

RECORDS = 4700
COUNTERS = 200
COUNTED_BY_EACH = 20
FIELDS = ("title", "owner", "score", "done", "note")


@dataclass(frozen=True)
class Task:
    """A base, its edited copies, and what they did: values set at places, and how much was added to each counter."""

    base: Context
    copies: list[Context]
    changed: dict[Place, Any]
    added: dict[str, int]


def task(copies: int, seed: int = 1) -> Task:
    """Make a task; the same seed makes the same one."""
    generator = random.Random(seed)
    base = _base(generator)
    places = [(record, field) for record in base["records"] for field in FIELDS]
    generator.shuffle(places)
    share = len(places) // 100
    changed: dict[Place, Any] = {}
    added = dict.fromkeys(base["counters"], 0)
    edited = []
    for number in range(copies):
        mine = places[number * share : (number + 1) * share - COUNTED_BY_EACH]
        values = {place: f"changed by {number}: {generator.getrandbits(60):x}" for place in mine}
        counted = generator.sample(sorted(added), COUNTED_BY_EACH)
        changed.update(values)
        added.update({name: added[name] + 1 for name in counted})
        edited.append(_edited(base, values, counted))
    return Task(base, edited, changed, added)


def kept(made: Task, merged: Context) -> tuple[float, float]:
    """Give the shares of lone changes and of counter increments that a merged context kept."""
    records, counters = merged["records"], merged["counters"]
    lone = sum(records[record].get(field) == value for (record, field), value in made.changed.items())
    wanted = sum(made.added.values())
    counted = sum(min(counters[name] - made.base["counters"][name], added) for name, added in made.added.items())
    return lone / len(made.changed), counted / wanted


def _base(generator: random.Random) -> Context:
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
        for number in range(RECORDS)
    }
    counters = {f"counter-{number:03}": generator.randrange(100) for number in range(COUNTERS)}
    return {"records": records, "counters": counters}


def _edited(base: Context, values: dict[Place, Any], counted: list[str]) -> Context:
    records, counters = dict(base["records"]), dict(base["counters"])
    for (record, field), value in values.items():
        records[record] = {**records[record], field: value}
    for name in counted:
        counters[name] += 1
    return {"records": records, "counters": counters}
