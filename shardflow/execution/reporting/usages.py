"""What agent CLIs say that they used in one start of a run, added up."""

from __future__ import annotations

from decimal import Decimal

from shardflow.agents.outcomes import Usage, summed
from shardflow.model.records import record


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
