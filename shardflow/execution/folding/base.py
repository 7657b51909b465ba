"""The base of a group: the context it starts from, as bytes and as the value they hold.

Loads little: it is all a run needs to know of merging before its first children run.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidJson
from shardflow.model.documents import Problem
from shardflow.model.values import Json, a_kind
from shardflow.workflow.model import ShardForm

if TYPE_CHECKING:
    from shardflow.model.patterns import Pattern
    from shardflow.storage.json.layout import Layout

SIZE_LIMIT: Final = 1 << 30
"""The most bytes of a shard, base or context that are read."""

_EMPTY: Final = b"{}\n"


class Base:
    """The context a group starts from: its canonical bytes and the value they hold."""

    def __init__(self, data: bytes, value: dict[str, Json]) -> None:
        self.data = data
        self.value = value
        self.read_digests: dict[tuple[Pattern, ...], str] = {}
        """Of what declared reads match here, as far as they were asked for (`groups/sealing/rebasing.py`)."""

    @cached_property
    def layout(self) -> Layout:
        """Where each value stands in the bytes; all full copies of the base are read along it."""
        # loads orjson, which a run needs only when a shard has changed
        from shardflow.storage.json.layout import layout_of

        return layout_of(self.value, self.data)

    def forget_layout(self) -> None:
        """Free what reading shards needs, once all are read; it is made again should one more come."""
        self.__dict__.pop("layout", None)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes."""
        from shardflow.storage.files import sha256_hex

        return sha256_hex(self.data)

    def start(self, form: ShardForm) -> bytes:
        """Give what a shard of this form starts as."""
        match form:
            case ShardForm.COPY:
                return self.data
            case ShardForm.PATCH:
                return _EMPTY
            case ShardForm.JOURNAL:
                return b""


def base_of(value: dict[str, Json]) -> Base:
    """Make the base of a context. Raises InvalidJson for what cannot be written."""
    if not value:
        return Base(_EMPTY, value)
    # 20 ms that a run which starts from nothing need not wait
    from shardflow.storage.json.canonical import written_bytes

    return Base(written_bytes(value), value)


def read_base(path: str) -> Base:
    """Read a base from its file, which holds canonical bytes. Raises StorageError, InvalidJson."""
    from shardflow.storage.files import read_regular

    data = read_regular(path, SIZE_LIMIT)
    return Base(data, read_object(data, path))


def read_object(data: bytes, source: str) -> dict[str, Json]:
    """Read strict JSON that must be an object. Raises InvalidJson."""
    from shardflow.storage.json.strict import parse_json

    if not data or data.isspace():
        raise InvalidJson([Problem(source, None, "the file is empty", hint="it must hold one JSON object")])
    value = parse_json(data, source)
    if not isinstance(value, dict):
        raise InvalidJson([Problem(source, None, f"expected an object, found {a_kind(value)}")])
    return value
