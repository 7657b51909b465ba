"""The canonical context of a run: one file, replaced only by clean merges.

Law: the file is replaced only by a clean merge with other bytes than its base, in one step, or created by the first
clean merge; this run writes it at no other time. When a group starts the file holds the group's base: in a resumed run,
which may have died between a merge and the file, that is seen to first.
"""

from __future__ import annotations

from collections.abc import Callable

from shardflow.execution.base import Base
from shardflow.execution.groups.sealing.seals import Seal, seal
from shardflow.storage.files import replace_file


class CanonicalContext:
    """The context's file; `held` are the bytes it holds as far as this run knows, None while it does not exist.

    `value` is the canonical form of what it holds, which the first base of a run may be without being its bytes.
    `is_due` tells that an earlier start of the run has merged, so that the file must exist.
    """

    def __init__(self, path: str, held: bytes | None, value: bytes) -> None:
        self.path = path
        self.held = held
        self.is_due = False
        self._value = value

    def seal(self) -> Seal:
        """Seal the file as this run knows it."""
        return seal(self.path, self.held)

    def is_changed_by(self, merged: bytes) -> bool:
        """Tell whether making this the context writes the file."""
        return merged != self._value or self.held is None

    def update(self, merged: bytes) -> None:
        """Make a clean merge the context. Raises StorageError; the file is then as it was."""
        if self.is_changed_by(merged):
            replace_file(self.path, merged)
            self.held = self._value = merged

    def bring_to(self, base: Base, settle: Callable[[], None]) -> None:
        """Have the file hold a group's base, whatever an earlier start of the run left there. Raises StorageError.

        `settle` is called before that changes the file: what the base came from must be on the disk first.
        """
        if (self.held is not None or self.is_due) and self.is_changed_by(base.data):
            settle()
            self.update(base.data)
