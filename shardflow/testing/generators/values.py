"""JSON values that careless code confuses, and few names, so that shards meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Final, TypeVar, cast

from hypothesis import strategies as st

from shardflow.model.values import Json, Value, same

T = TypeVar("T")

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

_ALIKE: Final[tuple[Json, ...]] = (0, 1, False, True, 0.0, -0.0, 1.0, 0.0, -0.0)
"""Values each of which equals another one in Python; twice those that only their sign tells apart."""

_LONG: Final[tuple[Json, ...]] = (
    2**64,
    -(2**53) - 1,
    Decimal("1.00000000000000000001"),
    Decimal("0.1000000000000000055"),
    Decimal("-1.00000000000000000001"),
)
"""Numbers that no float holds."""

_NUMBERS: Final[tuple[Json, ...]] = (
    0,
    1,
    2,
    -1,
    1.0,
    0.1,
    0.2,
    0.3,
    -0.0,
    2**64,
    1e300,
    Decimal("1.00000000000000000001"),
)
"""Numbers whose sums and comparisons go wrong in floats."""


def scalars() -> st.SearchStrategy[Json]:
    """Draw scalars, mostly ones that careless equality takes for each other."""
    careless: st.SearchStrategy[Json] = st.sampled_from(_SCALARS)
    others = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return careless | alike() | st.sampled_from(_LONG) | others


def alike() -> st.SearchStrategy[Json]:
    """Draw values each of which careless equality takes for another."""
    return st.sampled_from(_ALIKE)


def weighted(*strategies: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Draw by any of these, as often as it is named: of `a | a | b` Hypothesis draws by `a` and by `b` alike, and by
    each branch of one that has several as often as by the others.
    """
    return st.integers(0, len(strategies) - 1).flatmap(strategies.__getitem__)


def numbers() -> st.SearchStrategy[Json]:
    """Draw numbers, mostly ones that floats add up wrongly."""
    confusing: st.SearchStrategy[Json] = st.sampled_from(_NUMBERS)
    return confusing | st.integers(-3, 9) | st.integers()


def json_values(max_leaves: int = 8) -> st.SearchStrategy[Json]:
    """Draw JSON values of any kind."""
    return st.recursive(scalars(), _containers, max_leaves=max_leaves)


def _containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=4)
    return objects(inner) | lists | keyed_lists()


def objects(values: st.SearchStrategy[Json], *, least: int = 0, most: int = 4) -> st.SearchStrategy[dict[str, Json]]:
    """Draw objects of `least` to `most` members, rarely fewer: a name may come twice.

    Drawing each whatever the others are called lets the shrinker leave out any of them; `st.dictionaries` does not.
    """
    return st.lists(st.tuples(names(), values), min_size=least, max_size=most).map(dict)


def names() -> st.SearchStrategy[str]:
    """Draw names of members."""
    return st.sampled_from(NAMES)


def keyed_lists() -> st.SearchStrategy[Json]:
    """Draw lists of objects told apart by `id`."""
    item = st.fixed_dictionaries({"id": st.integers(0, 3)}, optional={"n": st.integers(0, 3), "a": scalars()})
    return st.lists(item, max_size=4, unique_by=itemgetter("id")).map(_as_json)


def _as_json(items: Sequence[Mapping[str, object]]) -> Json:
    return cast("list[Json]", items)


def lookalikes(value: Value) -> list[Json]:
    """Give the values that Python's own equality cannot tell from this one, those of its own type twice (0.0 and -0.0),
    and null for what is empty.
    """
    others: list[Json] = [other for other in _SCALARS if other == value and not same(other, value)]
    others += [other for other in others if type(other) is type(value)]
    return [*others, None] if value in ("", [], {}) else others
