"""The options every rule has, applied around its strategy: deletions, same changes, two new objects, expected kinds."""

from __future__ import annotations

from typing import Final

from shardflow.merge.rules import AddAdd, Expected, OnDelete, OnSame, Rule
from shardflow.merge.site import Candidate, Chosen, Site, Split, Unsettled, Verdict, unanimous
from shardflow.model.changes import Drop
from shardflow.model.documents import listed
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Value, a_kind, is_number, kind


@record
class Ruling:
    """What a rule says of a site: the verdict, and the deletions its `on_delete: keep` set aside before."""

    verdict: Verdict
    overruled: tuple[Candidate, ...] = ()


def ruled(site: Site, rule: Rule) -> Ruling:
    """Ask the rule's strategy, within the rule's options."""
    expected = rule.options.expected
    if expected is not None and (wrong := _unexpected(site, expected)) is not None:
        return Ruling(wrong)
    if len(site.candidates) == 1 or rule.options.on_delete is None:
        return Ruling(_asked(site, rule))
    droppers = site.droppers()
    match rule.options.on_delete if 0 < len(droppers) < len(site.candidates) else None:
        case OnDelete.CONFLICT:
            return Ruling(unanimous(site))
        case OnDelete.DELETE:
            return Ruling(Chosen(ABSENT))
        case OnDelete.KEEP:
            keepers = tuple([c for c in site.candidates if not isinstance(c.edit, Drop)])
            return Ruling(_asked(replaced(site, candidates=keepers), rule), droppers)
        case _:
            return Ruling(_asked(site, rule))


def _asked(site: Site, rule: Rule) -> Verdict:
    verdict = rule.strategy.settle(site)
    if isinstance(verdict, Split) and verdict.opened == {} and rule.options.add_add is AddAdd.CONFLICT:
        verdict = _one_opening(site, verdict)
    opens_or_settles = not isinstance(verdict, Split) or verdict.opened is not ABSENT
    return _one_author(site, verdict) if opens_or_settles and rule.options.same_change is _REFUSED else verdict


_REFUSED: Final = OnSame.CONFLICT


def _unexpected(site: Site, expected: Expected) -> Unsettled | None:
    for candidate in site.candidates:
        value = site.after(candidate)
        if value is not ABSENT and not _is(value, expected):
            return Unsettled(f"{candidate.shard} left {a_kind(value)} where the rule expects {expected}")
    return None


def _is(value: Value, expected: Expected) -> bool:
    return is_number(value) if expected is Expected.NUMBER else kind(value) == expected.value


def _one_opening(site: Site, split: Split) -> Verdict:
    return split if isinstance(unanimous(site), Chosen) else Unsettled(f"{_shards(site)} added different objects")


def _one_author(site: Site, verdict: Verdict) -> Verdict:
    if len(site.candidates) > 1 and isinstance(unanimous(site), Chosen):
        return Unsettled(f"{_shards(site)} made the same change, which this rule forbids")
    return verdict


def _shards(site: Site) -> str:
    return listed([c.shard for c in site.candidates])
