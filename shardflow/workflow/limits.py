"""Limits of a whole run: `limits: {wall_time: 2h, subagents: 500, shard_bytes: 50000000, nesting: 20}`, each optional.

wall_time     seconds from a start of the run to its stop; a resumed run has them anew
subagents     how many a start of the run may start in all, phases that run again and fan-outs included
shard_bytes   the largest shard that is merged; a larger one is invalid
nesting       how many objects and lists may stand inside of one another in what a shard changes, the context itself
              counted; at most the 200 that hold everywhere
"""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import Place
from shardflow.model.values import MAX_DEPTH, Json
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
            nesting=fields.optional("nesting", _read_nesting, None),
        )


def _read_count(place: Place) -> int:
    return place.integer(1, _MOST)


def _read_nesting(place: Place) -> int:
    return place.integer(1, MAX_DEPTH)


def limits_json(limits: Limits) -> dict[str, Json]:
    """Give limits as a workflow writes them."""
    said: dict[str, Json] = {
        "wall_time": limits.wall_time,
        "subagents": limits.subagents,
        "shard_bytes": limits.shard_bytes,
        "nesting": limits.nesting,
    }
    return {name: value for name, value in said.items() if value is not None}
