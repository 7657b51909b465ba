"""The canonical context of a run: one file, replaced only by clean merges.

Law: the file is replaced only by a clean merge with other bytes than its base, in one step, or created by the first
clean merge; this run writes it at no other time.
"""

from __future__ import annotations

from shardflow.execution.base import Base
from shardflow.execution.groups.sealing import Seal, seal
from shardflow.storage.files import replace_file


class CanonicalContext:
    """The context's file; `held` are the bytes it holds as far as this run knows, None while it does not exist."""

    def __init__(self, path: str, held: bytes | None) -> None:
        self.path = path
        self.held = held

    def seal(self) -> Seal:
        """Seal the file as this run knows it."""
        return seal(self.path, self.held)

    def update(self, base: Base, merged: bytes) -> None:
        """Make a clean merge the context. Raises StorageError; the file is then as it was."""
        if merged != base.data or self.held is None:
            replace_file(self.path, merged)
            self.held = merged
