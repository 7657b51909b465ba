"""Reading what a run recorded, which another command may be recording anew at that moment.

Law: what is half written is never told as altered. Who records holds the journal and writes a group's record behind all
that the record tells of. So what does not fit together is read again once nobody records, and counts as altered only if
the records are still those that were there before it was read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, TypeVar

from shardflow.errors import TamperedRun
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.folders import group_names
from shardflow.storage.runs.journal import is_written

T = TypeVar("T")

_READINGS: Final = 20
"""Where commands record one after another without end, what was read last is told."""
_PAUSE: Final = 0.005
_PAUSES: Final = 400
"""Two seconds: recording takes less, and a run that goes on holds its journal all the time."""


def undisturbed(run_dir: str, read: Callable[[], T], fits: Callable[[T], bool] = lambda found: True) -> T:
    """Give what is read of a run, or raise what reading raises. What raises TamperedRun fits no more than what `fits`
    denies.
    """
    run = RunDirectory(os.path.abspath(run_dir))
    for _ in range(_READINGS):
        before = _records(run)
        try:
            found = read()
        except TamperedRun:
            if _stand_still(run, before):
                raise
        else:
            if fits(found) or _stand_still(run, before):
                return found
    return read()


def _stand_still(run: RunDirectory, before: list[object]) -> bool:
    """Wait for whoever records just now; tell whether all records are the ones of before."""
    for _ in range(_PAUSES):
        if not is_written(run.journal):
            break
        time.sleep(_PAUSE)
    return _records(run) == before


def _records(run: RunDirectory) -> list[object]:
    """Tell the groups' records apart from others, whatever they hold: each is replaced as a whole."""
    return [_identity(run.group(name).record) for name in group_names(run)]


def _identity(path: str) -> object:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns, status.st_size
