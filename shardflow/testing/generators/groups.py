"""Groups: a base and what each subagent left of it, with overlaps as dense as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

from hypothesis import strategies as st

from shardflow.model.paths import ROOT, Path
from shardflow.model.places import value_at
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.testing.generators.edits import changed, known_names, places, with_value
from shardflow.testing.generators.shapes import Shape, places_up_to, shape_at
from shardflow.testing.generators.sources import Source, context_shape
from shardflow.testing.generators.values import lookalikes
from shardflow.testing.laws.group import Group


def contexts(source: Source = None) -> st.SearchStrategy[dict[str, Json]]:
    """Draw contexts: JSON objects of a few members, or such as an example, a JSON Schema or a rule set suggests."""
    return context_shape(source).values  # type: ignore[return-value]


def shards(base: dict[str, Json], source: Source = None, *, edits: int = 3) -> st.SearchStrategy[dict[str, Json]]:
    """Draw what a subagent may leave of a base: a copy with at most so many edits of any kind, or none."""
    return _shards(base, context_shape(source), edits)


@st.composite
def _shards(draw: st.DrawFn, base: dict[str, Json], shape: Shape, edits: int) -> dict[str, Json]:
    return draw(_edited(_Crowd(base, shape, overlap=0), edits))


def groups(
    source: Source = None, *, overlap: float = 0.5, least: int = 0, most: int = 4, edits: int = 3
) -> st.SearchStrategy[Group]:
    """Draw a base and `least` to `most` shards of it, each with at most so many edits.

    `overlap` is how often an edit meets a place that an earlier shard edited: with 0 no two shards ever meet, with 1
    they meet wherever they can.
    """
    if not 0 <= overlap <= 1:
        raise ValueError(f"overlap is a share from 0 to 1, not {overlap}")
    if not 0 <= least <= most:
        raise ValueError(f"least must be from 0 to most, which is {most}, not {least}")
    return _groups(context_shape(source), round(100 * overlap), least, most, edits)


@st.composite
def _groups(draw: st.DrawFn, shape: Shape, overlap: int, least: int, most: int, edits: int) -> Group:
    crowd = _Crowd(draw(shape.values), shape, overlap)  # type: ignore[arg-type]  # contexts are objects
    documents: list[dict[str, Json]] = []
    for slots in range(most, 0, -1):
        document = draw(_slot(crowd, edits, needed=least - len(documents) >= slots))
        documents += [] if document is None else [document]
    return Group(crowd.base, tuple(documents))


class _Crowd:
    """A base, and the places that shards have touched so far; `overlap` in percent."""

    def __init__(self, base: dict[str, Json], shape: Shape, overlap: int) -> None:
        self.base = base
        self.shape = shape
        self.overlap = overlap
        self.touched: dict[Path, None] = {}
        self.old = [path for path, _ in places(base, shape)]
        self.alike = {path for path in self.old if lookalikes(value_at(base, path))}
        self.new = [*_new_places(base, shape, ROOT)]
        for path, inner in places(base, shape):
            self.new += _new_places(value_at(base, path), inner, path)


def _new_places(value: Value, shape: Shape, path: Path) -> Iterator[Path]:
    names = known_names(shape) if isinstance(value, dict) else []
    return ((*path, name) for name in names if isinstance(value, dict) and name not in value)


# Shrinking rests on this: each shard and each edit is one draw that may come to nothing without touching the others;
# how much an edit draws to find its place depends on nothing; and an edit that changes nothing leaves no trace.


@st.composite
def _slot(draw: st.DrawFn, crowd: _Crowd, edits: int, *, needed: bool) -> dict[str, Json] | None:
    is_there = draw(_TENTHS) > 1
    return draw(_edited(crowd, edits)) if is_there or needed else None


@st.composite
def _edited(draw: st.DrawFn, crowd: _Crowd, most: int) -> dict[str, Json]:
    document, own = crowd.base, dict[Path, None]()
    for _ in range(most):
        edit = draw(_edit(crowd, document))
        if edit is not None:
            path, value = edit
            document = with_value(document, path, value)
            own[path] = None
    crowd.touched.update((path, None) for path in own if not same(value_at(document, path), value_at(crowd.base, path)))
    return document


@st.composite
def _edit(draw: st.DrawFn, crowd: _Crowd, document: dict[str, Json]) -> tuple[Path, Value] | None:
    path = _place(draw, crowd) if draw(_TENTHS) > 1 else None
    if path is None:
        return None
    value = value_at(document, path)
    match draw(_TENTHS):
        case 1 | 2 if value is not ABSENT:
            return path, ABSENT
        case 3 if value is ABSENT:
            return path, None
        case _:
            return path, changed(draw, value, shape_at(crowd.shape, path))


def _place(draw: st.DrawFn, crowd: _Crowd) -> Path | None:
    """Draw where to edit; None where every place is taken."""
    meets, which, how = draw(_PERCENT) < crowd.overlap, draw(_PERCENT), draw(_TENTHS)
    if meets and crowd.touched:
        path = _one_of(crowd.touched, which)
        return path[:-1] if len(path) > 1 and how == 1 else path
    old = [path for path in crowd.old if not _meets(path, crowd.touched)]
    new = [path for path in crowd.new if not _meets(path, crowd.touched)]
    alike = [path for path in old if path in crowd.alike] if how < 3 else []
    found = alike or (old if old and (not new or how < 7) else new)
    return _one_of(found, which) if found else None


def _one_of(paths: Iterable[Path], which: int) -> Path:
    """Choose a path so that leaving out any other changes nothing (rendezvous hashing)."""
    return min(paths, key=lambda path: crc32(f"{which}{path}".encode()))


_TENTHS: Final = places_up_to(10)
_PERCENT: Final = places_up_to(100)


def _meets(path: Path, others: Iterable[Path]) -> bool:
    return any(path[: len(other)] == other[: len(path)] for other in others)
