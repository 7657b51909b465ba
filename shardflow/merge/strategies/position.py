"""`index`: lists of one length, merged item by item."""

from __future__ import annotations

from collections.abc import Sequence

from shardflow.merge.site import Candidate, Chosen, Part, Site, Split, Unsettled, Verdict, unanimous
from shardflow.merge.strategies.present import is_list, over_base
from shardflow.model.diff import diff
from shardflow.model.documents import listed
from shardflow.model.values import ABSENT, Json, Value


def index(site: Site) -> Verdict:
    """Merge lists of one length item by item, by position.

    What it does
        Where base and all shards have lists of the same length, each position is settled by the rule of its own path.
        Where a length differs, a lone or unanimous change is taken and anything else is a conflict.
    Why
        Fixed tables: one slot a worker, one row a day.
    Known problems
        An item that moved is taken for a change of every position between.
    Example
        index
            base   [0, 0]
            a      [1, 0]
            b      [0, 2]
            gives  [1, 2]
    Laws
        commutative, associative, idempotent (as far as the rules inside are)
    """
    return over_base(site, "a list", is_list, lambda base, values: _by_position(site, base, values))


def _by_position(site: Site, base: list[Json] | None, values: Sequence[list[Json]]) -> Verdict:
    if base is None or any(len(value) != len(base) for value in values):
        return _whole(site, base, values)
    parts = tuple(_position(site, place, item, values) for place, item in enumerate(base))
    changed = tuple(part for part in parts if part.candidates)

    def join(results: tuple[Value, ...]) -> Value:
        by_place = {part.segment: value for part, value in zip(changed, results, strict=True)}
        joined = [by_place.get(place, item) for place, item in enumerate(base)]
        return [value for value in joined if value is not ABSENT]

    return Split(changed, join, ABSENT)


def _whole(site: Site, base: list[Json] | None, values: Sequence[list[Json]]) -> Verdict:
    agreed = unanimous(site)
    if isinstance(agreed, Chosen):
        return agreed
    if base is None:
        shards = listed([c.shard for c in site.candidates])
        return Unsettled(f"no list stood here before, so those of {shards} cannot be merged by position")
    lengths = {len(base), *map(len, values)}
    return Unsettled(f"lists of {' and '.join(map(str, sorted(lengths)))} items cannot be merged by position")


def _position(site: Site, place: int, item: Json, values: Sequence[list[Json]]) -> Part:
    said = ((c, diff(item, value[place])) for c, value in zip(site.candidates, values, strict=True))
    return Part(place, item, tuple(Candidate(c.shard, c.rank, edit) for c, edit in said if edit is not None))
