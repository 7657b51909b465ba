"""Resolutions: what a person, a file or an arbiter decided about a conflict, as values that a merge takes into account.

A resolution speaks only where the rules leave a conflict; it never overrides a rule. It is an input of the merge like
the shards are, so a replay with the same resolutions gives the same bytes and never asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from shardflow.merge.site import Chosen, Site, Unsettled
from shardflow.model.paths import ROOT, path_text
from shardflow.model.records import record
from shardflow.model.values import Json, is_too_deep, too_deep


@record
class TakeShard:
    """Take what this shard left, a deletion too."""

    shard: str


@record
class TakeBase:
    """Keep the base value."""


@record
class TakeValue:
    """Put this value."""

    value: Json


Choice: TypeAlias = TakeShard | TakeBase | TakeValue


@record
class Resolution:
    """What to take at a conflict; `origin` tells who decided and why, and stands in the ledger."""

    choice: Choice
    origin: str


Resolutions: TypeAlias = Mapping[str, Resolution]
"""Resolutions by the text of the conflict's path."""

NO_RESOLUTIONS: Final[Resolutions] = {}


def resolved(site: Site, unsettled: Unsettled, resolution: Resolution) -> Chosen | Unsettled:
    """Settle a conflict as a resolution says; unsettled still where it names a shard that changed nothing here, or puts
    something else than an object in place of the whole document, or a value that would nest too deep here.
    """
    match resolution.choice:
        case TakeBase():
            return Chosen(site.base)
        case TakeValue(value) if site.path == ROOT and not isinstance(value, dict):
            return Unsettled(f"{unsettled.reason}; the whole document must be an object")
        case TakeValue(value) if is_too_deep(value, site.path):
            return Unsettled(f"{unsettled.reason}; a value {too_deep()} was to be taken")
        case TakeValue(value):
            return Chosen(value)
        case TakeShard(shard):
            named = [site.after(c) for c in site.candidates if c.shard == shard]
            return Chosen(named[0]) if named else Unsettled(f"{unsettled.reason}; {shard} did not change it")


def resolution_at(site: Site, resolutions: Resolutions) -> Resolution | None:
    """Give the resolution for a site, if there is one."""
    return resolutions.get(path_text(site.path)) if resolutions else None
