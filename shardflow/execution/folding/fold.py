"""The fold: the one function that a live run and a post-mortem both call, so that they agree by construction.

    base bytes, rules bytes, shard bytes --(shard_delta, as each shard is sealed)--> deltas --(fold)--> Folded

Law: a `Folded` depends on nothing but the bytes of its inputs, the ids, ranks and forms of its shards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

from shardflow.execution.folding.base import Base, read_object
from shardflow.execution.folding.ledger_text import LedgerText
from shardflow.merge.engine import MergeResult, gather, settle, settle_into
from shardflow.merge.resolving.conflicts import conflicts_json
from shardflow.merge.resolving.resolutions import NO_RESOLUTIONS, Resolutions
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta, Edit
from shardflow.model.diff import patch_edit
from shardflow.model.values import Json
from shardflow.storage.files import sha256_of
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.span_diff import read_edit
from shardflow.storage.json.strict import collector_paused
from shardflow.storage.packed import packed
from shardflow.workflow.model import ShardForm


class Folded:
    """A merge: the merged context as an object and as bytes, the text of its ledger, its counts and its conflicts."""

    def __init__(self, value: dict[str, Json], ledger: LedgerText, repeat: Callable[[], MergeResult]) -> None:
        self.value = value
        self.context = written_bytes(value)
        self.counts = ledger.counts()
        self.open_conflicts = tuple(ledger.conflicts)
        self._ledger = ledger
        self._repeat = repeat

    def ledger_chunks(self) -> Iterator[bytes]:
        """Give the bytes of the ledger, in chunks that memory need not hold all at once."""
        return self._ledger.chunks()

    @property
    def ledger(self) -> bytes:
        """The bytes of the ledger."""
        return b"".join(self.ledger_chunks())

    @cached_property
    def ledger_digest(self) -> str:
        """The SHA-256 of the ledger."""
        return sha256_of(self.ledger_chunks())

    @cached_property
    def result(self) -> MergeResult:
        """The same merge with every decision as a value, for whoever looks at them: made when it is first asked for."""
        with collector_paused():
            return self._repeat()

    @property
    def conflicts(self) -> bytes:
        """The conflicts in canonical form, as an artifact to work with."""
        return written_bytes(conflicts_json(self.open_conflicts))


MANY_SHARDS: Final = 256
"""From so many shards on, what they changed is packed until the merge: a sixth of the memory, more time at the end."""


def shard_delta(
    base: Base, shard: str, rank: int, form: ShardForm, data: bytes, source: str, *, among: int = 1
) -> Delta:
    """Work out what a sealed shard, one `among` so many, changed. Cost: comparing bytes, and parsing what differs.

    Raises InvalidJson for a shard that is torn, empty, no strict JSON, or no object; a journal may be empty, and its
    last line torn (`journals.torn_warning` tells).
    """
    edit = None if data == base.start(form) else _edit(base, form, data, source)
    return Delta(shard, rank, packed(edit) if among >= MANY_SHARDS else edit)


def _edit(base: Base, form: ShardForm, data: bytes, source: str) -> Edit | None:
    match form:
        case ShardForm.COPY:
            return read_edit(base.layout, data, lambda: read_object(data, source))
        case ShardForm.PATCH:
            return patch_edit(base.value, read_object(data, source))
        case ShardForm.JOURNAL:
            from shardflow.execution.folding.journals import read_journal  # most shards are none

            return read_journal(base.value, data, source)


def form_of_file(path: str) -> ShardForm:
    """Give the form of a shard that is named on a command line: JSON lines are a journal, all else a full copy."""
    return ShardForm.JOURNAL if path.endswith(".jsonl") else ShardForm.COPY


def fold(base: Base, deltas: Iterable[Delta], rules: RuleSet, resolutions: Resolutions = NO_RESOLUTIONS) -> Folded:
    """Merge a group's deltas into its base, and write down the outcome."""
    candidates = gather(deltas)
    ledger = LedgerText()
    base.forget_layout()
    with collector_paused():
        value = settle_into(ledger, base.value, candidates, rules, resolutions)
        if not isinstance(value, dict):
            raise AssertionError("of objects, every strategy makes an object")
        return Folded(value, ledger, lambda: settle(base.value, candidates, rules, resolutions))
