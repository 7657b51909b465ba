"""The canonical context of a run: one file, replaced only by clean merges.

Law: the file is replaced only by a clean merge with other bytes than its base, in one step, or created by the first
clean merge; this run writes it at no other time. When a group starts the file holds the group's base: in a resumed run,
which may have died between a merge and the file, that is seen to first.

Which file that is decides what a run starts from, and what the file holds until the first merge:

    a file             which                                        the run starts from   until then it holds
    OWN                of the run directory                         its workflow          the first base
    Found              outside, with a context that a person named  that context          that context
    MISSING            outside, where nothing stands yet            its workflow          nothing
    Former             outside, with what another run left there    its workflow          that

A run of the dialect opens its books in what it starts from, so a file that is there changes with its first group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from shardflow.execution.folding.base import Base, base_of, read_object
from shardflow.execution.groups.sealing.seals import Seal, seal
from shardflow.model.records import record
from shardflow.storage.files import replace_file


@record
class Own:
    """A file of the run directory."""


@record
class Found:
    """A file outside with a context, its bytes, that a run starts from: as that `base`."""

    data: bytes
    base: Base


@record
class Missing:
    """A file outside that is still to be created."""


@record
class Former:
    """A file outside that another run left there, with these bytes: only a run of the dialect goes over it."""

    data: bytes


Beginning: TypeAlias = Own | Found | Missing | Former
"""What the context's file is to a run that begins."""

OWN: Final = Own()
MISSING: Final = Missing()


def found_or_missing(path: str, held: bytes | None) -> Found | Missing:
    """Say what a file is that a person named, by what it holds if it is there. Raises InvalidJson."""
    return MISSING if held is None else Found(held, base_of(read_object(held, path)))


class CanonicalContext:
    """The context's file; `held` are the bytes it holds as far as this run knows, None while it does not exist.

    `value` is the canonical form of these, None where they are no context of this run, so that any context of it is
    another one.
    """

    def __init__(self, path: str, held: bytes | None, value: bytes | None) -> None:
        self.path = path
        self.held = held
        self._value = value
        self._must_exist = held is not None

    @staticmethod
    def at_first(path: str, beginning: Beginning, base: Base) -> CanonicalContext:
        """Give the context of a run that begins from this base."""
        match beginning:
            case Own():
                return CanonicalContext(path, base.data, base.data)
            case Found(data, found):
                return CanonicalContext(path, data, found.data)
            case Missing():
                return CanonicalContext(path, None, None)
            case Former(data):
                return CanonicalContext(path, data, None)

    def seal(self) -> Seal:
        """Seal the file as this run knows it."""
        return seal(self.path, self.held)

    def is_changed_by(self, merged: bytes) -> bool:
        """Tell whether making this the context writes the file."""
        return merged != self._value

    def update(self, merged: bytes) -> None:
        """Make a clean merge the context. Raises StorageError; the file is then as it was."""
        if self.is_changed_by(merged):
            replace_file(self.path, merged)
            self.held = self._value = merged

    def expect(self) -> None:
        """Know that an earlier start of the run has merged: the file must exist, also if that start died before."""
        self._must_exist = True

    def bring_to(self, base: Base, settle: Callable[[], None]) -> None:
        """Have the file hold a group's base, whatever an earlier start of the run left there. Raises StorageError.

        `settle` is called before that changes the file: what the base came from must be on the disk first.
        """
        if self._must_exist and self.is_changed_by(base.data):
            settle()
            self.update(base.data)
