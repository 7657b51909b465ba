"""What agent CLIs say that they used in a run, added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from shardflow.agents.events import count, number
from shardflow.agents.outcomes import Usage, summed
from shardflow.model.records import record
from shardflow.model.values import Json


@record
class Used:
    """The sums of what was told, by so many subagents in so many tries, by arbiters, and for prompts of scripts; a sum
    is None where none of them told it.

    Of all tries, arbiters and prompts, so many told of tokens in and out, and of dollars.
    """

    input: int | None
    output: int | None
    cost: float | Decimal | None
    told_by: tuple[int, int, int]
    subagents: int
    tries: int
    arbiters: int
    prompts: int

    def as_json(self) -> dict[str, Json]:
        """Give the sums as one usage, and by how many they were told; tries, arbiters and prompts are all of them."""
        names = ("input", "output", "cost")
        return {
            **Usage(self.input, self.output, self.cost).as_json(),
            "told_by": dict(zip(names, self.told_by, strict=True)),
            "subagent_count": self.subagents,
            "try_count": self.tries,
            "arbiter_count": self.arbiters,
            "prompt_count": self.prompts,
        }


def added_up(tries: Sequence[tuple[str, Usage]], arbiters: Sequence[Usage] = (), prompts: Sequence[Usage] = ()) -> Used:
    """Add up usages, and count who told what; each of the `tries` comes with the subagent's name."""
    every = (*(usage for _, usage in tries), *arbiters, *prompts)
    told = summed(every)
    told_by = (
        sum(one.input is not None for one in every),
        sum(one.output is not None for one in every),
        sum(one.cost is not None for one in every),
    )
    subagents = len({subagent for subagent, _ in tries})
    return Used(told.input, told.output, told.cost, told_by, subagents, len(tries), len(arbiters), len(prompts))


def recorded(told: Mapping[str, Iterable[tuple[str, Mapping[str, Json]]]]) -> Used | None:
    """Add up usages as a journal has them, by `subagent`, `arbiter` and `prompt`; None where it has none."""
    tries, arbiters, prompts = (
        [(who, _usage(usage)) for who, usage in told.get(kind, ())] for kind in ("subagent", "arbiter", "prompt")
    )
    used = added_up(tries, [usage for _, usage in arbiters], [usage for _, usage in prompts])
    return used if used.tries or used.arbiters or used.prompts else None


def _usage(told: Mapping[str, Json]) -> Usage:
    return Usage(count(told.get("input")), count(told.get("output")), number(told.get("cost")))
