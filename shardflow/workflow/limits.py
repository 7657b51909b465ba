"""Limits of a whole run: `limits: {wall_time: 2h, subagents: 500, shard_bytes: 50000000}`, each of them optional.

wall_time     seconds from a start of the run to its stop; a resumed run has them anew
subagents     how many a start of the run may start in all, phases that run again and fan-outs included
shard_bytes   the largest shard that is merged; a larger one is invalid

How deep a shard may nest needs no limit of its own: 200 levels, as everywhere.
"""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import Place
from shardflow.model.values import Json
from shardflow.workflow.model import Limits
from shardflow.workflow.texts import read_timeout

_MOST: Final = 1 << 40


def read_limits(place: Place) -> Limits:
    """Read what `limits:` says."""
    with place.fields() as fields:
        return Limits(
            wall_time=fields.optional("wall_time", read_timeout, None),
            subagents=fields.optional("subagents", _read_count, None),
            shard_bytes=fields.optional("shard_bytes", _read_count, None),
        )


def _read_count(place: Place) -> int:
    number = place.value
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= _MOST:
        return number
    place.expect("an integer of at least 1")
    return 1


def limits_json(limits: Limits) -> dict[str, Json]:
    """Give limits as a workflow writes them."""
    said: dict[str, Json] = {
        "wall_time": limits.wall_time,
        "subagents": limits.subagents,
        "shard_bytes": limits.shard_bytes,
    }
    return {name: value for name, value in said.items() if value is not None}
