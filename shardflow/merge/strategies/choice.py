"""Strategies that take one of the values that stand there, whatever it is; a deletion is a value like any other."""

from __future__ import annotations

from collections.abc import Hashable

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict, unanimous
from shardflow.model.documents import listed
from shardflow.model.paths import ROOT
from shardflow.model.values import ABSENT, Json, Value, frozen, is_too_deep, too_deep


def conflict(site: Site) -> Verdict:
    """Refuse contested changes: two different changes at or below this path are a conflict.

    What it does
        Takes a lone change, and one that all shards made alike (`same_change: conflict` refuses even that).
        Everything else is a conflict. The value is looked at as a whole: two shards that change different members
        of one object contest it.
    Why
        To say in the rules that a person has to look when two subagents touch this.
    Known problems
        Coarser than no rule at all, which goes into objects.
    Example
        conflict
            base   1
            a      2
            b      3
            gives  conflict
        conflict
            base   1
            a      2
            b      2
            gives  2
    Laws
        commutative, associative, idempotent
    """
    return unanimous(site)


def atomic(site: Site) -> Verdict:
    """Keep a value in one piece: it comes whole from one shard, or not at all.

    What it does
        Settles exactly as `conflict` does; the two names tell a reader two intentions.
    Why
        For objects and lists whose parts only make sense together: a pair of coordinates, a message with its
        checksum, a list whose order is its meaning.
    Known problems
        Two shards that change different members of the value are in conflict. To have one of them win, use `prefer`,
        `first` or `last`, which also take the value whole.
    Example
        atomic
            base   [0, 0]
            a      [0, 0, 1]
            b      [0, 0, 2]
            gives  conflict
    Laws
        commutative, associative, idempotent
    """
    return unanimous(site)


def first(site: Site) -> Verdict:
    """Take the value of the first shard, by rank, that changed it.

    What it does
        The change of the lowest rank wins, a deletion too; the others are superseded and stand in the ledger.
    Why
        When subagents are listed from the most to the least trusted.
    Known problems
        The others' work is dropped here, by this rule; inside of an object or list too, which is taken whole. Shards
        that did not change the value have no say.
    Example
        first
            base   1
            a      1
            b      2
            c      3
            gives  2
    Laws
        associative, idempotent (rank decides, never the order of files or of finishing)
    """
    return Chosen(site.after(site.candidates[0]))


def last(site: Site) -> Verdict:
    """Take the value of the last shard, by rank, that changed it.

    What it does
        The change of the highest rank wins, a deletion too; the others are superseded and stand in the ledger.
    Why
        What running the subagents one after another would have left.
    Known problems
        The others' work is dropped here, by this rule; inside of an object or list too, which is taken whole. Rank is
        declared order, never the order of finishing.
    Example
        last
            base   1
            a      2
            b      3
            c      1
            gives  3
    Laws
        associative, idempotent (rank decides, never the order of files or of finishing)
    """
    return Chosen(site.after(site.candidates[-1]))


def prefer(site: Site, shards: tuple[str, ...]) -> Verdict:
    """Take the value of the first shard in a list of ids that changed it.

    What it does
        `{prefer: [lead, reviewer]}` takes the lead's change if there is one, else the reviewer's. If none of those
        listed changed the value, a lone or unanimous change is taken and anything else is a conflict.
    Why
        When one subagent is the authority on a question.
    Known problems
        Ids are not checked against the workflow by the merge: a misspelt one never wins (`validate` warns of it). An
        object or list is taken whole: what others changed inside of it is dropped.
    Example
        {prefer: [b]}
            base   1
            a      2
            b      3
            gives  3
    Laws
        commutative, idempotent (not associative: a merge of some shards has no id to prefer)
    """
    changed = {candidate.shard: candidate for candidate in site.candidates}
    for shard in shards:
        if shard in changed:
            return Chosen(site.after(changed[shard]))
    return unanimous(site)


def base(site: Site) -> Verdict:
    """Keep the base value where shards disagree.

    What it does
        Takes a lone or unanimous change. Where shards disagree the base value stays, all changes are superseded.
    Why
        For hints and caches: better the old value than a quarrel.
    Known problems
        Contested work is dropped here, by this rule; of an object or list all of it, wherever inside shards differ.
    Example
        base
            base   1
            a      2
            b      3
            gives  1
        base
            base   1
            a      2
            gives  2
    Laws
        commutative, idempotent (not associative: a base value kept is a change forgotten)
    """
    agreed = unanimous(site)
    return agreed if isinstance(agreed, Chosen) else Chosen(site.base)


def immutable(site: Site) -> Verdict:
    """Forbid any change.

    What it does
        Every change is a conflict, even a lone one.
    Why
        For what subagents must only read: the task, the acceptance criteria.
    Known problems
        A change of a parent that removes or replaces this value as a whole is settled at the parent.
    Example
        immutable
            base   1
            a      2
            gives  conflict
    Laws
        commutative, associative, idempotent
    """
    return Unsettled(f"{listed([c.shard for c in site.candidates])} changed what no shard may change")


def ignore(site: Site) -> Verdict:
    """Drop every change: the base value stays.

    What it does
        Even a lone change is superseded by the base value, and stands in the ledger.
    Why
        For scratch space that subagents may use and nobody wants back.
    Known problems
        Work put here is dropped, by this rule.
    Example
        ignore
            base   1
            a      2
            gives  1
    Laws
        commutative, associative, idempotent
    """
    return Chosen(site.base)


def quorum(site: Site, needed: int) -> Verdict:
    """Take the value that at least so many shards agree on.

    What it does
        `{quorum: 2}` takes the change that two or more shards made alike; none, or more than one such: a conflict.
    Why
        Several subagents answer one question independently.
    Known problems
        A lone change is a conflict too unless the quorum is 1. Shards that left the base value have no vote.
    Example
        {quorum: 2}
            base   null
            a      "x"
            b      "y"
            c      "x"
            gives  "x"
    Laws
        commutative (not associative: votes are counted over all shards)
    """
    winners = [value for value, votes in _votes(site) if votes >= needed]
    if len(winners) == 1:
        return Chosen(winners[0])
    votes = "1 vote" if needed == 1 else f"{needed} votes"
    return Unsettled(
        f"{len(winners)} values have the {votes} needed" if winners else f"no value has the {votes} needed"
    )


def majority(site: Site) -> Verdict:
    """Take the value that more than half of the shards that changed it agree on.

    What it does
        Counts the shards that changed the value; without a majority it is a conflict.
    Why
        Several subagents answer one question independently.
    Known problems
        Shards that left the base value have no vote. Two that differ are a conflict.
    Example
        majority
            base   null
            a      "x"
            b      "y"
            c      "x"
            gives  "x"
    Laws
        commutative (not associative: votes are counted over all shards)
    """
    for value, votes in _votes(site):
        if votes * 2 > len(site.candidates):
            return Chosen(value)
    return Unsettled(f"none of {len(_votes(site))} values has a majority of {len(site.candidates)} votes")


def keep_all(site: Site) -> Verdict:
    """Keep every distinct value, with who said it.

    What it does
        A lone or unanimous change is taken as it is. Two or more distinct values become a list of
        `{"value": ..., "shards": [...]}` by rank; a deletion stands there without `value`.
    Why
        When choosing is the next phase's work.
    Known problems
        The kind of the value depends on whether shards disagreed. The whole document stays an object: at `$` what they
        disagree about is a conflict, and so is what would nest deeper than a document may.
    Example
        keep_all
            base   1
            a      2
            b      3
            c      2
            gives  [{"value": 2, "shards": ["a", "c"]}, {"value": 3, "shards": ["b"]}]
    Laws
        commutative up to order
    """
    agreed = unanimous(site)
    if isinstance(agreed, Chosen):
        return agreed
    if site.path == ROOT:
        return Unsettled(f"{agreed.reason}, and the whole document cannot become a list of what they left")
    said: dict[Hashable, tuple[Value, list[Json]]] = {}
    for candidate in site.candidates:
        value = site.after(candidate)
        said.setdefault(frozen(value), (value, []))[1].append(candidate.shard)
    every: list[Json] = [_with_authors(value, shards) for value, shards in said.values()]
    if is_too_deep(every, site.path):
        return Unsettled(f"{agreed.reason}, and a list of them would be {too_deep()}")
    return Combined(every)


def _with_authors(value: Value, shards: list[Json]) -> Json:
    return {"shards": shards} if value is ABSENT else {"value": value, "shards": shards}


def _votes(site: Site) -> list[tuple[Value, int]]:
    """Count each distinct value, in the order of the first shard that said it."""
    counted: dict[Hashable, tuple[Value, int]] = {}
    for value in site.values():
        key = frozen(value)
        counted[key] = (value, counted.get(key, (value, 0))[1] + 1)
    return list(counted.values())
