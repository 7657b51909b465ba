"""What agent CLIs say that they used in a run, added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from shardflow.agents.outcomes import Usage, summed
from shardflow.model.records import record
from shardflow.model.values import Json

_LARGEST: Final = 10**15
"""More of anything is what nobody used: a journal may say what it likes."""


@record
class Used:
    """The sums of what was told, by so many subagents and arbiters; a sum is None where none of them told it.

    Of all these, so many told of tokens in and out, and of dollars.
    """

    input: int | None
    output: int | None
    cost: float | Decimal | None
    told_by: tuple[int, int, int]
    subagents: int
    arbiters: int

    def as_json(self) -> dict[str, Json]:
        """Give the sums as one usage, and by how many they were told; `subagents` and `arbiters` are all of them."""
        names = ("input", "output", "cost")
        return {
            **Usage(self.input, self.output, self.cost).as_json(),
            "told_by": dict(zip(names, self.told_by, strict=True)),
            "subagents": self.subagents,
            "arbiters": self.arbiters,
        }


def added_up(subagents: tuple[Usage, ...], arbiters: tuple[Usage, ...]) -> Used:
    """Add up usages, and count who told what."""
    every = (*subagents, *arbiters)
    with_input = tuple(one for one in every if one.input is not None)
    with_output = tuple(one for one in every if one.output is not None)
    with_cost = tuple(one for one in every if one.cost is not None)
    return Used(
        summed(with_input).input if with_input else None,
        summed(with_output).output if with_output else None,
        summed(with_cost).cost if with_cost else None,
        (len(with_input), len(with_output), len(with_cost)),
        len(subagents),
        len(arbiters),
    )


def recorded(subagents: Iterable[Mapping[str, Json]], arbiters: Iterable[Mapping[str, Json]]) -> Used | None:
    """Add up usages as a journal has them; None where it has none."""
    used = added_up(tuple(map(_usage, subagents)), tuple(map(_usage, arbiters)))
    return used if used.subagents or used.arbiters else None


def _usage(told: Mapping[str, Json]) -> Usage:
    return Usage(_tokens(told.get("input")), _tokens(told.get("output")), _dollars(told.get("cost")))


def _tokens(told: Json) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < _LARGEST else None


def _dollars(told: Json) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return float(told) if 0 <= told < _LARGEST else None
