"""Making an example small: fewer shards, fewer changes, less text, as long as it still breaks the law.

Law: the result breaks what was asked for; leaving out one more shard, member or item of it, taking one more change
back, or putting a simpler value in, does not. The same example always becomes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import methodcaller
from string import ascii_lowercase
from typing import Final, TypeAlias

from shardflow.model.changes import changes
from shardflow.model.places import value_at
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.laws.group import Group

_Steps: TypeAlias = tuple[str | int, ...]

_SIMPLE: Final[tuple[Json, ...]] = (None, False, 0, 1, 2, -1, "", "x", "y", "xy", "yx", [], {})
"""Values that anything is tried to be replaced by, the simplest first."""


def smallest(group: Group, breaks: Callable[[Group], bool]) -> Group:
    """Give the smallest group that can be reached step by step and still breaks the law."""
    weight = _weight(group)
    found = True
    while found:
        found = False
        for smaller in _smaller(group):
            less = _weight(smaller)
            if less < weight and breaks(smaller):
                group, weight, found = smaller, less, True
                break
    return group


def _weight(group: Group) -> tuple[int, int, int, bytes]:
    """Compare first by shards, then by changes, then by text."""
    text = canonical_bytes([group.base, *group.documents])
    told = sum(1 for delta in group.deltas for _ in changes(delta.edit, group.base))
    return len(group.documents), told, len(text), text


def _smaller(group: Group) -> Iterator[Group]:
    """Give what might be smaller, large steps first."""
    for rank in range(len(group.documents)):
        yield _group(group, [group.base, *_without(group.documents, rank)], _without(group.ids, rank))
    documents = [group.base, *group.documents]
    places = dict.fromkeys(steps for document in documents for steps in _places(document))
    for steps in places:
        yield _group(group, [_put(document, steps, ABSENT) for document in documents])
        for place, document in enumerate(documents):
            others = [value_at(group.base, steps), ABSENT] if place else [ABSENT]
            for value in others:
                yield _group(group, [*documents[:place], _put(document, steps, value), *documents[place + 1 :]])
    for steps in places:
        yield from _simplified(group, documents, steps)
    for steps in places:
        yield from (_group(group, plainer) for plainer in _plainer(documents, steps))
    for item in _items(documents):
        for value in _less(item):
            yield _group(group, [_exchanged(document, item, value) for document in documents])


def _items(documents: Sequence[Json]) -> Iterator[Json]:
    """List the items of lists, each once: in lists of another order they stand elsewhere and are the same."""
    found: dict[bytes, Json] = {}
    for document in documents:
        for steps in _places(document):
            if isinstance(steps[-1], int):
                item = value_at(document, steps)
                found.setdefault(_text(item), None if item is ABSENT else item)
    yield from found.values()


def _less(item: Json) -> Iterator[Value]:
    """Give what an item may be exchanged for wherever it stands: nothing, something simple, itself with less."""
    yield from (ABSENT, *_SIMPLE)
    for name in item if isinstance(item, dict) else ():
        for value in (ABSENT, *_SIMPLE):
            yield _put(item, (name,), value)


def _exchanged(value: Json, item: Json, other: Value) -> Json:
    """Put something in place of an item in every list, or leave it out."""
    if isinstance(value, dict):
        return {name: _exchanged(inner, item, other) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    text = _text(item)
    inner = [other if _text(one) == text else _exchanged(one, item, other) for one in value]
    return [one for one in inner if one is not ABSENT]


def _simplified(group: Group, documents: Sequence[Json], steps: _Steps) -> Iterator[Group]:
    """Put a simple value in place of one that stands there, in all documents that hold it and in each alone."""
    texts = [_text(value_at(document, steps)) for document in documents]
    for simple in _SIMPLE:
        for text in dict.fromkeys(texts):
            same = [place for place, other in enumerate(texts) if text and other == text]
            for chosen in [same, *([place] for place in same if len(same) > 1)]:
                put = (_put(d, steps, simple) if place in chosen else d for place, d in enumerate(documents))
                yield _group(group, list(put))


def _plainer(documents: Sequence[Json], steps: _Steps) -> Iterator[list[Json]]:
    """Shorten the texts that stand at a place, or write them in the first letters of the alphabet, in all documents at
    once: how they compare, by length or letter by letter, may be what breaks the law.
    """
    values = [value_at(document, steps) for document in documents]
    texts = [value if isinstance(value, str) else None for value in values]
    known = dict.fromkeys("".join(filter(None, texts)))
    letters = str.maketrans(dict(zip(known, ascii_lowercase, strict=False)))
    spelt: Callable[[str], str] = methodcaller("translate", letters)
    for plainer in (*_SHORTER, spelt):
        pairs = zip(documents, texts, strict=True)
        yield [document if text is None else _put(document, steps, plainer(text)) for document, text in pairs]


_SHORTER: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: text[: len(text) // 2],
    lambda text: text[1:],
    lambda text: text[:-1],
)


def _text(value: Value) -> bytes:
    return b"" if value is ABSENT else canonical_bytes(value)


def _group(group: Group, documents: Sequence[Json], ids: tuple[str, ...] | None = None) -> Group:
    base, *left = (document if isinstance(document, dict) else {} for document in documents)
    return Group(base, tuple(left), group.ids if ids is None else ids)


def _without(things: Sequence[Json] | tuple[str, ...], place: int) -> tuple:  # type: ignore[type-arg]  # as it came
    return (*things[:place], *things[place + 1 :])


def _places(value: Json, here: _Steps = ()) -> Iterator[_Steps]:
    """List where something stands, shallow before deep within each branch; of lists the last items first."""
    inner: Sequence[tuple[str | int, Json]] = ()
    if isinstance(value, dict):
        inner = tuple(value.items())
    elif isinstance(value, list):
        inner = tuple(enumerate(value))[::-1]
    for step, item in inner:
        yield (*here, step)
        yield from _places(item, (*here, step))


def _put(document: Json, steps: _Steps, value: Value) -> Json:
    """Give a document with another value at a place, or none; nothing changes where the way there does not stand."""
    step, *rest = steps
    if isinstance(document, dict) and isinstance(step, str):
        return _put_member(document, step, tuple(rest), value)
    if isinstance(document, list) and isinstance(step, int) and step < len(document):
        inner: Value = _put(document[step], tuple(rest), value) if rest else value
        return [*document[:step], *([] if inner is ABSENT else [inner]), *document[step + 1 :]]
    return document


def _put_member(document: dict[str, Json], name: str, rest: _Steps, value: Value) -> Json:
    if rest:
        return {**document, name: _put(document[name], rest, value)} if name in document else document
    if value is ABSENT:
        return {key: item for key, item in document.items() if key != name}
    return {**document, name: value}
