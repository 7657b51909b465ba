"""Hypothesis strategies for contexts, shards and rule sets that meet each other often and shrink to a few keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Final, cast

from hypothesis import strategies as st

from shardflow.merge.rules import AddAdd, OnDelete, OnSame, Options, Rule, RuleSet, Strategy
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.patterns import parse_pattern
from shardflow.model.records import record
from shardflow.model.values import Json

NAMES: Final = ("a", "b", "c", "aa", "", "/", "~", "id", "n", "\U0001f600")
"""Few names, so that shards meet; among them what breaks paths written as text (`/a` and `/aa`, the empty name)."""

_SCALARS: Final[tuple[Json, ...]] = (
    0,
    1,
    2,
    None,
    False,
    True,
    0.0,
    -0.0,
    1.0,
    0.1,
    2**64,
    "",
    "x",
    "y",
    Decimal("1.00000000000000000001"),
)
"""Values that careless equality confuses."""


def scalars() -> st.SearchStrategy[Json]:
    """Draw scalars, mostly ones that careless equality takes for each other."""
    careless = st.sampled_from(_SCALARS)
    return careless | careless | careless | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def json_values(max_leaves: int = 8) -> st.SearchStrategy[Json]:
    """Draw JSON values of any kind."""
    return st.recursive(scalars(), _containers, max_leaves=max_leaves)


def _containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    objects: st.SearchStrategy[Json] = st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=4)
    return objects | lists | keyed_lists()


def keyed_lists() -> st.SearchStrategy[Json]:
    """Draw lists of objects told apart by `id`."""
    item = st.fixed_dictionaries({"id": st.integers(0, 3)}, optional={"n": st.integers(0, 3), "a": scalars()})
    return st.lists(item, max_size=4, unique_by=itemgetter("id")).map(_as_json)


def _as_json(items: Sequence[Mapping[str, object]]) -> Json:
    return cast("list[Json]", items)


def contexts() -> st.SearchStrategy[dict[str, Json]]:
    """Draw contexts: JSON objects of a few members."""
    return st.dictionaries(st.sampled_from(NAMES), json_values(), max_size=4)


@st.composite
def edited(draw: st.DrawFn, base: dict[str, Json], most: int = 3) -> dict[str, Json]:
    """Draw what a subagent may leave of a base: a copy with a few edits of any kind, or none."""
    document: Json = base
    for _ in range(draw(st.integers(0, most))):
        document = _edit(draw, document, at_root=True)
    return document if isinstance(document, dict) else base


def _edit(draw: st.DrawFn, value: Json, *, at_root: bool = False) -> Json:
    """Edit a value somewhere inside, or replace it."""
    if isinstance(value, dict):
        return draw(st.sampled_from(_OBJECT_EDITS))(draw, value)
    if at_root or (isinstance(value, list) and draw(st.booleans())):
        return draw(st.sampled_from(_LIST_EDITS))(draw, value if isinstance(value, list) else [])
    if isinstance(value, int) and not isinstance(value, bool) and draw(st.booleans()):
        return value + draw(st.integers(-2, 2))
    return draw(_lookalikes(value) | _lookalikes(value) | json_values(4))


def _lookalikes(value: Json) -> st.SearchStrategy[Json]:
    """Draw the values that Python's own equality cannot tell from this one."""
    return st.sampled_from([*(other for other in _SCALARS if other == value), None])


def _inside(draw: st.DrawFn, value: dict[str, Json]) -> Json:
    if not value:
        return _set(draw, value)
    name = draw(st.sampled_from(sorted(value)))
    return {**value, name: _edit(draw, value[name])}


def _set(draw: st.DrawFn, value: dict[str, Json]) -> Json:
    return {**value, draw(st.sampled_from(NAMES)): draw(json_values(4))}


def _delete(draw: st.DrawFn, value: dict[str, Json]) -> Json:
    gone = draw(st.sampled_from(sorted(value))) if value else None
    return {name: item for name, item in value.items() if name != gone}


def _append(draw: st.DrawFn, value: list[Json]) -> Json:
    return [*value, draw(json_values(2))]


def _remove(draw: st.DrawFn, value: list[Json]) -> Json:
    gone = draw(st.integers(0, len(value)))
    return [item for place, item in enumerate(value) if place != gone]


def _reorder(draw: st.DrawFn, value: list[Json]) -> Json:
    return draw(st.permutations(value))


def _edit_item(draw: st.DrawFn, value: list[Json]) -> Json:
    if not value:
        return _append(draw, value)
    chosen = draw(st.integers(0, len(value) - 1))
    return [_edit(draw, item) if place == chosen else item for place, item in enumerate(value)]


_OBJECT_EDITS: Final[tuple[Callable[[st.DrawFn, dict[str, Json]], Json], ...]] = (_inside, _set, _delete)
_LIST_EDITS: Final[tuple[Callable[[st.DrawFn, list[Json]], Json], ...]] = (_append, _remove, _reorder, _edit_item)


@record
class Group:
    """A base and what each subagent of a group left, in rank order; shard ids are `s0`, `s1`, ..."""

    base: dict[str, Json]
    documents: tuple[dict[str, Json], ...]

    @property
    def deltas(self) -> list[Delta]:
        """Give what each shard changed."""
        return [Delta(f"s{rank}", rank, diff(self.base, document)) for rank, document in enumerate(self.documents)]


@st.composite
def groups(draw: st.DrawFn, most: int = 4) -> Group:
    """Draw a base and the shards of a group."""
    base = draw(contexts())
    return Group(base, tuple(draw(st.lists(edited(base), max_size=most))))


_ARGUMENTS: Final[dict[str, tuple[Json, ...]]] = {
    "prefer": (["s1", "s0"],),
    "rank": ([0, 1, 2, "x", "y"], {"pairs": [[0, 1], [0, 2], ["x", "y"]]}),
    "keyed": (
        "id",
        {"fields": "id", "order": "key"},
        {"fields": "id", "order": "first"},
    ),
    "quorum": (2,),
    "min_by": ("n",),
    "max_by": ("n",),
    "arbiter": (["decide"],),
}
_PATTERNS: Final = ("$.a", "$.b", "$.aa", "$['']", "$.*", "$.a.*", "$.a..n", "$..n", "$.*[*]", "$.*[*].n", "$..*")


@st.composite
def rules(draw: st.DrawFn, names: tuple[str, ...] = tuple(sorted({*STRATEGIES} - {CUSTOM}))) -> Rule:
    """Draw a rule: a pattern over the names contexts use, any strategy but those of functions, any options."""
    name = draw(st.sampled_from(names))
    argument = draw(st.sampled_from(arguments_of(name)))
    entry = STRATEGIES[name]
    strategy = Strategy(name, argument, entry.bind(argument), entry.structural)
    pattern = draw(st.sampled_from(_PATTERNS))
    return Rule(parse_pattern(pattern), strategy, draw(options()), f"rules.yaml:{draw(st.integers(1, 9))}")


def arguments_of(strategy: str) -> tuple[Json, ...]:
    """Give arguments that a strategy takes, None for one that takes none."""
    return _ARGUMENTS.get(strategy, (None,))


def options() -> st.SearchStrategy[Options]:
    """Draw the options of a rule, mostly none."""
    drawn = st.builds(
        Options, st.none() | st.sampled_from(OnDelete), st.sampled_from(OnSame), st.sampled_from(AddAdd), st.none()
    )
    return st.just(Options()) | drawn


def rule_sets() -> st.SearchStrategy[RuleSet]:
    """Draw rule sets of up to four rules, the empty one among them."""
    return st.lists(rules(), max_size=4).map(RuleSet)
