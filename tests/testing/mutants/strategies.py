"""Strategies with one mistake each. They bear the name of the strategy they should be, for its page to be held up."""

from __future__ import annotations

from collections import Counter
from itertools import count

from shardflow.merge.rules import Strategy
from shardflow.merge.site import Chosen, Combined, Unsettled
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.model.values import ABSENT, Json, same

MUTANTS: dict[str, Strategy] = {}
"""Each mutant by what is wrong with it: the strategy, as a rule has it."""


def mutant(wrong, strategy, argument=None):
    """Register a function from a site to a verdict, asked where the real strategy would combine or choose."""

    def register(function):
        real = STRATEGIES[strategy].bind(argument)

        def settle(site):
            verdict = real(site)
            try:
                return function(site) if isinstance(verdict, Chosen | Combined) else verdict
            except (TypeError, ValueError, AttributeError):  # values of another kind, which it was not written for
                return verdict

        MUTANTS[f"{strategy}: {wrong}"] = Strategy(strategy, argument, settle, structural=False)
        return function

    return register


def replacing(wrong, strategy, argument=None):
    """Register a function that is asked in every case, also where the real strategy would leave a conflict."""

    def register(function):
        MUTANTS[f"{strategy}: {wrong}"] = Strategy(strategy, argument, function, structural=False)
        return function

    return register


def values(site):
    return list(site.values())


def start(site, nothing):
    return nothing if site.base is ABSENT else site.base


def really(strategy, site) -> list[Json]:
    """Give the list that the real strategy combines or chooses; TypeError where it makes something else."""
    verdict = STRATEGIES[strategy].bind(None)(site)
    if not isinstance(verdict, Chosen | Combined) or not isinstance(verdict.value, list):
        raise TypeError(f"{strategy} gives no list")
    return verdict.value


@mutant("adds binary floats", "sum")
def _(site):
    base = float(start(site, 0))
    return Combined(base + sum(float(value) - base for value in values(site)))


@mutant("counts the same change once", "sum")
def _(site):
    distinct = [v for n, v in enumerate(values(site)) if not any(same(v, other) for other in values(site)[:n])]
    return Combined(start(site, 0) + sum(v - start(site, 0) for v in distinct)) if all_ints(site) else real_sum(site)


def all_ints(site):
    return all(isinstance(value, int) for value in [start(site, 0), *values(site)])


def real_sum(site):
    return STRATEGIES["sum"].bind(None)(site)


@mutant("adds the base once a shard", "sum")
def _(site):
    return Combined(sum(values(site))) if all_ints(site) else real_sum(site)


@mutant("forgets the base", "sum")
def _(site):
    return Combined(sum(v - start(site, 0) for v in values(site))) if all_ints(site) else real_sum(site)


@mutant("forgets the third shard", "sum")
def _(site):
    kept = values(site)[:2]
    return Combined(start(site, 0) + sum(v - start(site, 0) for v in kept)) if all_ints(site) else real_sum(site)


@mutant("ignores removals", "set")
def _(site):
    return Combined(distinct([*start(site, []), *(item for value in values(site) for item in value)]))


def distinct(items):
    return [item for n, item in enumerate(items) if not any(same(item, other) for other in items[:n])]


@mutant("takes 1, 1.0 and true for one member", "set")
def _(site):
    base = start(site, [])
    kept = [item for item in base if all(item in value for value in values(site))]
    new = [item for value in values(site) for item in value if item not in base]
    members = []
    for item in kept + new:
        if item not in members:
            members.append(item)
    return Combined(members)


@mutant("sorts what it unites", "set")
def _(site):
    return Combined(sorted(really("set", site), key=repr))


@mutant("keeps an item that only one shard removed", "set")
def _(site):
    base = start(site, [])
    kept = [item for item in distinct(base) if any(any(same(item, one) for one in value) for value in values(site))]
    new = [item for value in values(site) for item in value if not any(same(item, one) for one in base)]
    return Combined(distinct(kept + new))


@mutant("drops repeated items", "append")
def _(site):
    return Combined(distinct(really("append", site)))


@mutant("puts the last rank first", "append")
def _(site):
    base = start(site, [])
    return Combined([*base, *(item for value in reversed(values(site)) for item in value[len(base) :])])


@replacing("appends whole lists, base and all", "append")
def _(site):
    lists = [value for value in values(site) if isinstance(value, list)]
    return Combined([*start(site, [])] + [item for value in lists for item in value]) if whole(site, lists) else no()


def whole(site, lists):
    return len(lists) == len(site.candidates) and isinstance(start(site, []), list)


def no():
    return Unsettled("it is of another kind")


@replacing("takes what is shorter for appended to", "append")
def _(site):
    lists = [value for value in values(site) if isinstance(value, list)]
    base = start(site, [])
    return Combined([*base, *(i for value in lists for i in value[len(base) :])]) if whole(site, lists) else no()


@mutant("puts new items behind", "prepend")
def _(site):
    base = start(site, [])
    return Combined([*base, *(item for value in values(site) for item in value[: len(value) - len(base)])])


@mutant("counts as a set", "multiset")
def _(site):
    return Combined(distinct(really("multiset", site)))


@mutant("counts up only", "multiset")
def _(site):
    counts: Counter[str] = Counter()
    for value in values(site):
        for item in value:
            counts[repr(item)] = max(counts[repr(item)], sum(same(item, other) for other in value))
    members = distinct([*start(site, []), *(item for value in values(site) for item in value)])
    return Combined([item for item in members for _ in range(counts[repr(item)])])


@mutant("lets the base win", "max")
def _(site):
    base = [] if site.base is ABSENT else [site.base]
    return Chosen(max([*base, *values(site)]))


@mutant("compares texts of numbers", "max")
def _(site):
    return Chosen(max(values(site), key=str))


@mutant("picks the largest", "min")
def _(site):
    return Chosen(max(values(site)))


@mutant("takes the mean of the first and the last", "mean")
def _(site):
    numbers = [float(value) for value in values(site)]
    return Combined((numbers[0] + numbers[-1]) / 2)


@mutant("picks the lowest", "rank", [0, 1, 2, 3])
def _(site):
    return Chosen(min(values(site)))


@mutant("ignores the last word of its order", "rank", [0, 1, 2, 3])
def _(site):
    return Chosen(max((v for v in values(site) if v != 3), default=3))


@replacing("needs one vote less", "quorum", 3)
def _(site):
    return STRATEGIES["quorum"].bind(2)(site)


@replacing("takes what one vote less agrees on", "quorum", 2)
def _(site):
    return Chosen(values(site)[0])


@replacing("takes the first of two that have as many votes", "majority")
def _(site):
    votes = [sum(same(value, other) for other in values(site)) for value in values(site)]
    return Chosen(values(site)[votes.index(max(votes))])


@mutant("takes the last", "first")
def _(site):
    return Chosen(values(site)[-1])


@mutant("takes the first", "last")
def _(site):
    return Chosen(values(site)[0])


@replacing("asks in rank order, not in its own", "prefer", ["s1", "s0"])
def _(site):
    return Chosen(
        next(
            (v for c, v in zip(site.candidates, values(site), strict=True) if c.shard in ("s0", "s1")), values(site)[0]
        )
    )


@mutant("is true if any is", "all")
def _(site):
    return Chosen(any(values(site)))


@mutant("counts the base, too", "any")
def _(site):
    return Chosen(any([site.base is True, *values(site)]))


@replacing("keeps the base in silence where shards disagree", "atomic")
def _(site):
    first = values(site)[0]
    return Chosen(first if all(same(first, value) for value in values(site)) else site.base)


@replacing("lets the later rank win where shards disagree", "conflict")
def _(site):
    return Chosen(values(site)[-1])


@replacing("gives null where nothing shall stand", "last")
def _(site):
    value = values(site)[-1]
    return Combined(None) if value is ABSENT else Chosen(value)


@replacing("invents a value and says that it chose it", "last")
def _(site):
    value = values(site)[-1]
    return Chosen(value + 1) if isinstance(value, int) else Chosen(value)


@mutant("appends to the base in place", "append")
def _(site):
    base = start(site, [])
    for value in values(site):
        base.extend(value[len(base) :])
    return Combined(base)


_asked = count()


@mutant("takes another shard each time it is asked", "first")
def _(site):
    return Chosen(values(site)[next(_asked) % len(values(site))])


@mutant("depends on where a value lies in memory", "last")
def _(site):
    return Chosen(values(site)[id(site) // 64 % len(values(site))])


@mutant("truncates long integers to floats", "last")
def _(site):
    value = values(site)[-1]
    return Combined(float(value)) if isinstance(value, int) and abs(value) > 2**53 else Chosen(value)
