"""All strategies by name, with what they accept as an argument."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Final, TypeAlias

from shardflow.merge.site import Settle, Site, Verdict
from shardflow.merge.strategies import (
    arbiter,
    arithmetic,
    choice,
    custom,
    keyed,
    lists,
    ordering,
    position,
    structure,
    text,
)
from shardflow.model.documents import did_you_mean
from shardflow.model.fields import quoted, shown
from shardflow.model.records import record
from shardflow.model.values import Json, frozen


class BadArgument(ValueError):
    """An argument a strategy cannot take; the message says what was expected."""


Bind: TypeAlias = Callable[[Json], Settle]


@record
class Entry:
    """A strategy as rules name it. `page` is the function whose docstring documents it; `structural` ones go into the
    value; `bind` takes the argument of a rule, None where it gave none, and raises BadArgument.
    """

    page: Callable[..., object]
    bind: Bind
    structural: bool = False


def _plain(settle: Settle, structural: bool = False) -> Entry:
    def bind(argument: Json) -> Settle:
        if argument is not None:
            raise BadArgument("takes no argument")
        return settle

    return Entry(settle, bind, structural)


def _text(argument: Json) -> str:
    if not isinstance(argument, str):
        raise BadArgument("needs the name of a field")
    return argument


def _texts(argument: Json, what: str) -> tuple[str, ...]:
    given = [argument] if isinstance(argument, str) else argument
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise BadArgument(f"needs {what}, or a list of them")
    if len(given) != len(set(map(str, given))):
        raise BadArgument(f"names one of its {what.split()[-1]}s twice")
    return tuple(map(str, given))


def _prefer(argument: Json) -> Settle:
    return partial(choice.prefer, shards=_texts(argument, "a shard id"))


def _quorum(argument: Json) -> Settle:
    if not isinstance(argument, int) or isinstance(argument, bool) or argument < 1:
        raise BadArgument("needs the number of votes, 1 or more")
    return partial(choice.quorum, needed=argument)


def _custom(argument: Json) -> Settle:
    """Give a strategy that knows its function by name only: whoever reads rules puts the function in."""
    try:
        target = custom.read_target(argument)
    except ValueError as error:
        raise BadArgument(str(error)) from error
    return partial(custom.custom, function=custom.unloaded, name=target.function)


def _arbiter(argument: Json) -> Settle:
    """Give a strategy that leaves its argument as it is: whoever reads rules reads whom it names."""
    return partial(arbiter.arbiter, argument=argument)


_KEYED: Final = ("fields", "defaults", "order")
"""What the long form of `keyed` says."""


def _keyed(argument: Json) -> Settle:
    if not isinstance(argument, dict):
        return partial(keyed.keyed, keys=keyed.Keys(_texts(argument, "a key field"), {}))
    unknown = [name for name in argument if name not in _KEYED]
    if unknown or "fields" not in argument:
        named = "".join(f"has no {quoted(name)} ({did_you_mean(name, _KEYED)}); it " for name in unknown)
        raise BadArgument(f"{named}needs a key field, a list of them, or {{fields: ..., defaults: ..., order: ...}}")
    fields = _texts(argument["fields"], "a key field")
    order = argument.get("order", keyed.MemberOrder.BASE)
    if order not in list(keyed.MemberOrder):
        raise BadArgument(f"needs as its order one of {', '.join(keyed.MemberOrder)}")
    return partial(keyed.keyed, keys=keyed.Keys(fields, _defaults(argument, fields), keyed.MemberOrder(str(order))))


def _defaults(argument: Mapping[str, Json], fields: tuple[str, ...]) -> Mapping[str, keyed.Scalar]:
    """Read what key fields count as where an item leaves them out."""
    given = argument.get("defaults", {})
    if not isinstance(given, dict) or not set(given) <= set(fields):
        raise BadArgument("needs as its defaults an object of key fields and their values")
    defaults = {field: value for field, value in given.items() if not isinstance(value, dict | list)}
    if len(defaults) < len(given):
        raise BadArgument("needs as its defaults values that can be keys: no objects or lists")
    if len(defaults) == len(fields):
        raise BadArgument("needs a key field without a default: else all items without keys were one")
    return defaults


def _rank(argument: Json) -> Settle:
    return partial(ordering.ranked, above=_order(argument))


def _order(argument: Json) -> ordering.Order:
    """Give for each value of a declared order all that stand above it."""
    if isinstance(argument, list) and argument:
        if any(isinstance(value, list) for value in argument):
            raise BadArgument("has a list in its order; pairs are written {pairs: [[lower, higher], ...]}")
        places: dict[Hashable, int] = {}
        for place, value in enumerate(argument):
            if places.setdefault(frozen(value), place) != place:
                raise BadArgument(f"has {shown(value)} twice in its order")
        return {key: ordering.Behind(places, place) for key, place in places.items()}
    pairs = argument.get("pairs") if isinstance(argument, dict) and len(argument) == 1 else None
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise BadArgument("needs a list of values, lowest first, or {pairs: [[lower, higher], ...]}")
    return _closed([(frozen(pair[0]), frozen(pair[1])) for pair in pairs if isinstance(pair, list)])


def _closed(pairs: list[tuple[Hashable, Hashable]]) -> ordering.Order:
    """Close a relation under transitivity, from the highest down. Raises BadArgument on a circle."""
    from graphlib import CycleError, TopologicalSorter  # only where an order is given as pairs

    next_above: dict[Hashable, set[Hashable]] = {}
    for low, high in pairs:
        next_above.setdefault(low, set()).add(high)
    above: dict[Hashable, frozenset[Hashable]] = {}
    try:
        for key in TopologicalSorter(next_above).static_order():
            highs = next_above.get(key, set())
            above[key] = frozenset(highs).union(*(above[high] for high in highs))
    except CycleError:
        raise BadArgument("has pairs that go round in a circle") from None
    return above


def _by(settle: Callable[[Site, str], Verdict]) -> Entry:
    def bind(argument: Json) -> Settle:
        field = _text(argument)
        return lambda site: settle(site, field)

    return Entry(settle, bind)


CUSTOM: Final = "custom"
"""The strategy whose functions a library must find."""

ARBITER: Final = "arbiter"
"""The strategy that names somebody outside of the merge."""

STRATEGIES: Final[Mapping[str, Entry]] = {
    "all": _plain(ordering.every),
    "any": _plain(ordering.some),
    "append": _plain(lists.append),
    ARBITER: Entry(arbiter.arbiter, _arbiter),
    "atomic": _plain(choice.atomic),
    "base": _plain(choice.base),
    "conflict": _plain(choice.conflict),
    CUSTOM: Entry(custom.custom, _custom),
    "deep": _plain(structure.deep, structural=True),
    "diff3": _plain(text.diff3),
    "first": _plain(choice.first),
    "ignore": _plain(choice.ignore),
    "immutable": _plain(choice.immutable),
    "in_turn": _plain(lists.in_turn),
    "index": _plain(position.index, structural=True),
    "keep_all": _plain(choice.keep_all),
    "keyed": Entry(keyed.keyed, _keyed, structural=True),
    "last": _plain(choice.last),
    "majority": _plain(choice.majority),
    "max": _plain(ordering.maximum),
    "max_by": _by(ordering.maximum_by),
    "mean": _plain(arithmetic.mean),
    "min": _plain(ordering.minimum),
    "min_by": _by(ordering.minimum_by),
    "multiset": _plain(lists.as_multiset),
    "prefer": Entry(choice.prefer, _prefer),
    "prepend": _plain(lists.prepend),
    "quorum": Entry(choice.quorum, _quorum),
    "rank": Entry(ordering.ranked, _rank),
    "set": _plain(lists.as_set),
    "sum": _plain(arithmetic.total),
}

ELSEWHERE: Final[Mapping[str, str]] = {
    "add": "sum",
    "and": "all",
    "average": "mean",
    "concat": "append",
    "enum": "rank",
    "error": "conflict",
    "extend": "append",
    "merge": "deep",
    "or": "any",
    "override": "last",
    "overwrite": "last",
    "replace": "last",
    "union": "set",
    "unique": "set",
    "vote": "majority",
}
"""What others call these strategies, for those who come from there."""

REFUSING: Final = frozenset({"atomic", "conflict", "immutable"})
"""The strategies that never settle what shards disagree about: they can only take what all agree on, or conflict."""
