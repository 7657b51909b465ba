"""Strategies that calculate, exactly: no order of shards and no order of partial merges shows in the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from typing import TypeAlias

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict, unanimous
from shardflow.merge.strategies.present import over_changed, over_counted
from shardflow.model.numbers import EXACT, EXACT_DIGITS, MAX_DIGITS, decimal_of, is_too_long, json_number
from shardflow.model.values import is_number

Number: TypeAlias = int | float | Decimal


def total(site: Site) -> Verdict:
    """Add up what each shard added to the base.

    What it does
        base + sum of (value - base) over the shards that changed it; where nothing stood, the base is 0. Integers of
        any size and decimals are exact: `0.1 + 0.2` is `0.3`. The result is an integer if all values are. Where
        something else than a number stood (null, say), only a lone change is taken.
    Why
        Counters: two shards that each turn 5 into 6 mean 7, so the same change twice counts twice.
    Known problems
        A shard that means to set the number, not to add to it, is taken for adding. Decimals are added as the
        decimal texts they are written as, not as binary fractions.
    Example
        sum
            base   5
            a      6
            b      8
            gives  9
        sum
            base   0.0
            a      0.1
            b      0.2
            gives  0.3
    Laws
        commutative, associative (but for a number that one removes while what others add comes to nothing: a conflict
        at once, and a partial merge forgets what they did)
    """
    return over_counted(site, "a number", is_number, lambda base, values: _total(0 if base is None else base, values))


def _total(base: Number, values: Sequence[Number]) -> Verdict:
    integers = [value for value in values if isinstance(value, int)]
    if isinstance(base, int) and len(integers) == len(values):
        whole = base + sum(integers) - base * len(integers)
        return Unsettled(f"the sum has more than {MAX_DIGITS:,} digits") if is_too_long(whole) else Combined(whole)
    try:
        with localcontext(EXACT):
            exact = [decimal_of(value) for value in values]
            added = sum(exact, start=decimal_of(base) * (1 - len(exact)))
    except Inexact:
        return Unsettled(f"the exact sum needs more than {EXACT_DIGITS} digits")
    number = json_number(added)
    return Unsettled("the sum is larger than any JSON number here") if number is None else Combined(number)


def mean(site: Site) -> Verdict:
    """Take the mean of the values that shards left.

    What it does
        The exact mean of the changed values, rounded once to the nearest floating-point number. A lone or unanimous
        value is taken as it is.
    Why
        Estimates and scores by several reviewers.
    Known problems
        The base value does not take part. The result is a decimal even when all values are integers that differ.
    Example
        mean
            base   0
            a      1
            b      2
            gives  1.5
    Laws
        commutative (not associative: the mean is taken once, over all shards)
    """
    return over_changed(site, "a number", is_number, lambda values: _mean(site, values))


def _mean(site: Site, values: Sequence[Number]) -> Verdict:
    if isinstance(agreed := unanimous(site), Chosen):
        return agreed
    exact = sum((Fraction(decimal_of(value)) for value in values), start=Fraction(0))
    try:
        return Combined(float(exact / len(values)))
    except OverflowError:
        return Unsettled("the mean is larger than any decimal here")
