"""Paces: how far the thread that makes things durable is, which chance decides otherwise.

Law: at every pace but `AS_IT_FALLS`, one run has the same steps as another, so a step listed in one occurs in the next.
"""

from __future__ import annotations

from enum import Enum, auto

from shardflow.storage.runs.durable import BackgroundSync


class Pace(Enum):
    """When files that were added are synced."""

    AT_ONCE = auto()
    """Before anything else happens: the most steps there can be."""
    LATE = auto()
    """Not before somebody waits for it: the least that is on the disk at any instant."""
    AS_IT_FALLS = auto()
    """As production does: in the background."""

    def set(self) -> None:
        """Hold this process to it, for good."""
        match self:
            case Pace.AT_ONCE:
                BackgroundSync.add = _added_and_synced  # type: ignore[method-assign]
            case Pace.LATE:
                BackgroundSync.add = _added  # type: ignore[method-assign]
                BackgroundSync.settle = _begun_and_settled  # type: ignore[method-assign]
            case Pace.AS_IT_FALLS:
                pass


_add, _settle = BackgroundSync.add, BackgroundSync.settle


def _added_and_synced(self: BackgroundSync, path: str) -> None:
    _add(self, path)
    self._awaited.set()
    with self._wanted:
        self._wanted.wait_for(lambda: not self._waiting)
    self._awaited.clear()


def _added(self: BackgroundSync, path: str) -> None:
    if not path:  # the end
        return _add(self, path)
    with self._wanted:
        self._waiting.append(path)
    return None


def _begun_and_settled(self: BackgroundSync) -> None:
    with self._wanted:
        self._wanted.notify_all()
    _settle(self)
