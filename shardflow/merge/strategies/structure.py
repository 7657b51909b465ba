"""Going into an object: `deep`, and what happens where no rule speaks."""

from __future__ import annotations

from shardflow.merge.site import Candidate, Combined, Part, Site, Split, Unsettled, Verdict, unanimous
from shardflow.model.changes import Edit, Into, Put
from shardflow.model.values import ABSENT, Json, Value, same


def deep(site: Site) -> Verdict:
    """Settle an object member by member, each by the rule of its own path.

    What it does
        Goes into an object where every shard left one. Members that one shard changed, or all changed alike, are
        taken; new objects at one new place are merged too (`add_add: conflict` refuses that). Where some shard left
        no object, or something else than an object stood before (null, say), a lone or unanimous change is taken and
        anything else is a conflict.
    Why
        Most contexts are objects whose members belong to different subagents.
    Known problems
        Two objects whose members only make sense together (a pair of coordinates, a message with its checksum) can
        come out half from one shard and half from another: use `atomic` for these.
    Example
        deep
            base   {"a": 1, "b": 1}
            a      {"a": 2, "b": 1}
            b      {"a": 1, "b": 3}
            gives  {"a": 2, "b": 3}
    Laws
        commutative, associative, idempotent (as far as the rules inside are)
    """
    if all(isinstance(candidate.edit, Into) for candidate in site.candidates):
        return _into_members(site)
    if site.base is ABSENT and all(isinstance(v, dict) for v in site.values()) and _worth_opening(site):
        return _into_new_members(site)
    return unanimous(site)


def go_deep(site: Site) -> Verdict:
    """Settle what no rule speaks of: objects go deep, a list all shards only appended to is appended in rank order."""
    suffixes = added_suffixes(site)
    if suffixes is not None and isinstance(site.base, list):
        return Combined([*site.base, *(item for suffix in suffixes for item in suffix)])
    return deep(site)


def added_suffixes(site: Site) -> list[list[Json]] | None:
    """Give what each shard added behind the base list, in rank order; None if some shard did anything else.

    Where nothing stood before, every list is an addition to the empty one.
    """
    base = [] if site.base is ABSENT else site.base
    if not isinstance(base, list):
        return None
    suffixes = [_suffix(base, value) for value in site.values()]
    return None if None in suffixes else [s for s in suffixes if s is not None]


def _suffix(base: list[Json], value: Value) -> list[Json] | None:
    if not isinstance(value, list) or len(value) < len(base):
        return None
    return value[len(base) :] if all(map(same, base, value)) else None


def _worth_opening(site: Site) -> bool:
    """Equal new objects are one change, unless a rule inside (a counter, say) must see each of them."""
    return site.governed or isinstance(unanimous(site), Unsettled)


def _into_members(site: Site) -> Split:
    found: dict[str, list[Candidate]] = {}
    for candidate in site.candidates:
        if isinstance(candidate.edit, Into):
            for name, edit in candidate.edit.members.items():
                found.setdefault(name, []).append(Candidate(candidate.shard, candidate.rank, edit))
    base = site.base if isinstance(site.base, dict) else {}
    return _split(base, found, ABSENT)


def _into_new_members(site: Site) -> Split:
    found: dict[str, list[Candidate]] = {}
    for candidate, value in zip(site.candidates, site.values(), strict=True):
        for name, item in value.items() if isinstance(value, dict) else ():
            edit: Edit = Put(item)
            found.setdefault(name, []).append(Candidate(candidate.shard, candidate.rank, edit))
    return _split({}, found, {})


def _split(base: dict[str, Json], found: dict[str, list[Candidate]], opened: Value) -> Split:
    parts = tuple(Part(name, base.get(name, ABSENT), tuple(cs)) for name, cs in found.items())

    def join(results: tuple[Value, ...]) -> Value:
        joined = dict(base)
        for part, value in zip(parts, results, strict=True):
            if value is ABSENT:
                joined.pop(str(part.segment), None)
            else:
                joined[str(part.segment)] = value
        return joined

    return Split(parts, join, opened)
