"""Strategies for lists settled as a whole: append, prepend, set, multiset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict
from shardflow.merge.strategies.present import is_list, over_base, over_counted
from shardflow.merge.strategies.structure import added_suffixes
from shardflow.model.documents import listed
from shardflow.model.values import Json, Value, frozen, same


def append(site: Site) -> Verdict:
    """Put what each shard added behind the base list, in rank order.

    What it does
        Every shard must have left the base list as the beginning of its own; what follows is appended by rank.
        Where nothing stood, the base is the empty list. Equal items of two shards are both kept. Where something else
        than a list stood (null, say), only a lone change is taken.
    Why
        Logs, deliverables, findings in order: the same as running the subagents one after another.
    Known problems
        A shard that removed, changed or reordered items of the base is a conflict, since its additions cannot be
        told from its changes: use `set` or `keyed` for such lists.
    Example
        append
            base   ["a"]
            a      ["a", "b"]
            b      ["a", "c", "d"]
            gives  ["a", "b", "c", "d"]
    Laws
        commutative up to order (rank decides it), associative
    """
    return over_counted(site, "a list", is_list, lambda base, values: _appended(site, base or []))


def _appended(site: Site, base: list[Json]) -> Verdict:
    suffixes = added_suffixes(site)
    if suffixes is None:
        wrong = [c.shard for c in site.candidates if not _starts_with(site.after(c), base)]
        return Unsettled(f"{listed(wrong)} did more to the list than append")
    return Combined([*base, *(item for suffix in suffixes for item in suffix)])


def _starts_with(value: Value, base: list[Json]) -> bool:
    return isinstance(value, list) and len(value) >= len(base) and all(map(same, base, value))


def in_turn(site: Site) -> Verdict:
    """Settle as subagents that run one after another would: who only appends adds, who does anything else decides.

    What it does
        Where every shard only appended to the list, all additions stand behind it in rank order; where nothing stood,
        the base is the empty list. Where the last rank did anything else, its change is taken, a deletion or a value
        of another kind too. Where the last rank only appended, but an earlier one rewrote the list, it is a conflict.
    Why
        Existing scripts that ran in a row and now run in parallel: what they leave is what they always left.
    Known problems
        What the last rank rewrites supersedes the additions of the others, as it does in a row, had it not seen them.
        Where nothing stood, a script that sets a list cannot be told from one that appends to nothing.
    Example
        in_turn
            base   ["a"]
            a      ["a", "b"]
            b      ["a", "c"]
            gives  ["a", "b", "c"]
        in_turn
            base   ["a"]
            a      ["a", "b"]
            b      ["c"]
            gives  ["c"]
    Laws
        none (rank decides, as it does in a row)
    """
    base = site.base if is_list(site.base) else []
    suffixes = added_suffixes(site)
    if suffixes is not None:
        return Combined([*base, *(item for suffix in suffixes for item in suffix)])
    last = site.candidates[-1]
    if is_list(site.base) and _starts_with(site.after(last), base):
        wrong = [c.shard for c in site.candidates if not _starts_with(site.after(c), base)]
        return Unsettled(f"{last.shard} appended to the list, to which {listed(wrong)} did more than append")
    return Chosen(site.after(last))


def prepend(site: Site) -> Verdict:
    """Put what each shard added before the base list, the first rank's items first.

    What it does
        Every shard must have left the base list as the end of its own; what precedes it is put in front by rank.
    Why
        Lists with the newest entry first.
    Known problems
        As for `append`. Running the subagents one after another would leave the last rank's items first.
    Example
        prepend
            base   ["a"]
            a      ["b", "a"]
            b      ["c", "a"]
            gives  ["b", "c", "a"]
    Laws
        commutative up to order (rank decides it), associative
    """
    return over_counted(site, "a list", is_list, lambda base, values: _prepended(site, base or [], values))


def _prepended(site: Site, base: list[Json], values: list[list[Json]]) -> Verdict:
    wrong = [c.shard for c, v in zip(site.candidates, values, strict=True) if not _starts_with(v[::-1], base[::-1])]
    if wrong:
        return Unsettled(f"{listed(wrong)} did more to the list than prepend")
    return Combined([*(item for value in values for item in value[: len(value) - len(base)]), *base])


def as_set(site: Site) -> Verdict:
    """Treat the list as a set: what any shard removed goes, what any shard added comes, once.

    What it does
        The members of the base that no shard removed, in the base's order, then new members by rank. Equality is
        strict, and repeated members count once.
    Why
        Tags, sources, files touched.
    Known problems
        A shard's own order and repetitions are not kept. An item removed by one shard and kept by another is removed.
        An edited item is one removed and another added, so what two shards edit differently stands there twice: use
        `keyed` for objects.
    Example
        set
            base   ["a", "b"]
            a      ["b", "c"]
            b      ["a", "b", "d"]
            gives  ["b", "c", "d"]
    Laws
        commutative up to order (rank decides it), associative (but for a list that one removes and others only reorder
        or repeat items of: a conflict at once, and a partial merge forgets what they did), idempotent
    """
    return over_base(site, "a list", is_list, lambda base, values: Combined(_united(base or [], values)))


def _united(base: list[Json], values: list[list[Json]]) -> list[Json]:
    members = _distinct(base)
    left = [_distinct(value) for value in values]
    kept = {key: item for key, item in members.items() if all(key in shard for shard in left)}
    for shard in left:
        kept.update((key, item) for key, item in shard.items() if key not in members and key not in kept)
    return list(kept.values())


def _distinct(items: Iterable[Json]) -> dict[Hashable, Json]:
    distinct: dict[Hashable, Json] = {}
    for item in items:
        distinct.setdefault(frozen(item), item)
    return distinct


def as_multiset(site: Site) -> Verdict:
    """Treat the list as a bag: how often a member stands there is counted up and down.

    What it does
        For each distinct member: its count in the base plus what each shard added or took away, never below none.
        Members of the base stand first in its order, then new ones by rank; equal members stand together. Where
        nothing or something else than a list stood, as for `append`.
    Why
        Votes, tallies, samples.
    Known problems
        The shards' own order is not kept.
    Example
        multiset
            base   ["a"]
            a      ["a", "a"]
            b      ["a", "b"]
            gives  ["a", "a", "b"]
    Laws
        commutative up to order (rank decides it; not associative: no count goes below none)
    """
    return over_counted(site, "a list", is_list, lambda base, values: Combined(_summed(base or [], values)))


def _summed(base: list[Json], values: list[list[Json]]) -> list[Json]:
    members = _distinct(item for items in (base, *values) for item in items)
    before = Counter(map(frozen, base))
    counts = Counter(before)
    for value in values:
        after = Counter(map(frozen, value))
        counts.update({key: after[key] - before[key] for key in {*after, *before}})
    return [item for key, item in members.items() for _ in range(counts[key])]
