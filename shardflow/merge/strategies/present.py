"""The shared start of strategies that work on values of one kind: deletions and wrong kinds are settled before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard, TypeVar

from shardflow.merge.site import Site, Unsettled, Verdict, contest, unanimous
from shardflow.model.documents import listed
from shardflow.model.values import ABSENT, Json, Value, a_kind

T = TypeVar("T")


def is_list(value: Value) -> TypeGuard[list[Json]]:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def is_text(value: Value) -> TypeGuard[str]:
    """Tell whether a value is a text."""
    return isinstance(value, str)


def over_changed(
    site: Site, wanted: str, fits: Callable[[Value], TypeGuard[T]], work: Callable[[list[T]], Verdict]
) -> Verdict:
    """Call `work(values)` with the values that shards left, in rank order; the base does not take part.

    Deletions by all are agreed, by some are unsettled. A value of another kind is unsettled, never a guess.
    """
    values = [value for value in site.values() if fits(value)]
    if len(values) == len(site.candidates):
        return work(values)
    droppers = site.droppers()
    if len(droppers) == len(site.candidates):
        return unanimous(site)
    return Unsettled(contest(site) if droppers else _misfits(site, wanted, fits))


def over_base(
    site: Site, wanted: str, fits: Callable[[Value], TypeGuard[T]], work: Callable[[T | None, list[T]], Verdict]
) -> Verdict:
    """Call `work(base, values)` as `over_changed` does; the base is None where nothing stood.

    A base of another kind leaves nothing to count from: a lone or unanimous change is taken then.
    """
    base = site.base
    if base is ABSENT:
        return over_changed(site, wanted, fits, lambda values: work(None, values))
    if fits(base):
        return over_changed(site, wanted, fits, lambda values: work(base, values))
    return over_changed(site, wanted, fits, lambda _: _from_nothing(site, wanted))


def over_counted(
    site: Site, wanted: str, fits: Callable[[Value], TypeGuard[T]], work: Callable[[T | None, list[T]], Verdict]
) -> Verdict:
    """Call `work(base, values)` as `over_base` does, for strategies under which the same change twice counts twice.

    A base of another kind leaves nothing to count from, so only a lone change is taken then.
    """
    if site.base is ABSENT or fits(site.base) or len(site.candidates) == 1:
        return over_base(site, wanted, fits, work)
    who = listed([c.shard for c in site.candidates])
    reason = f"the base value is {a_kind(site.base)} where {wanted} is needed, and {who} changed it"
    return over_changed(site, wanted, fits, lambda _: Unsettled(reason))


def _misfits(site: Site, wanted: str, fits: Callable[[Value], TypeGuard[T]]) -> str:
    misfits = [(c.shard, site.after(c)) for c in site.candidates if not fits(site.after(c))]
    shard, value = misfits[0]
    return f"{shard} left {a_kind(value)} where {wanted} is needed"


def _from_nothing(site: Site, wanted: str) -> Verdict:
    agreed = unanimous(site)
    if isinstance(agreed, Unsettled):
        return Unsettled(f"the base value is {a_kind(site.base)} where {wanted} is needed, and {agreed.reason}")
    return agreed
