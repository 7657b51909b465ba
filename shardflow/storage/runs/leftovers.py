"""What a start leaves that dies before its folder is a run, which it is from its `run.json` on.

Law: nothing that holds anything is removed but a half-made `run.json` under its temporary name, and nothing of a start
that goes on, whose journal is locked.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Final

from shardflow.storage.files import TEMPORARY
from shardflow.storage.runs.journal import is_written

_JOURNAL: Final = "events.jsonl"
_GROUPS: Final = "groups"
_TEMPORARY: Final = re.compile(TEMPORARY)


def clear_leftovers(path: str) -> None:
    """Empty a folder that holds nothing but such leftovers. Raises OSError, of anything else that it is not empty."""
    names = os.listdir(path)
    journal = f"{path}/{_JOURNAL}"
    is_ours = all(name in (_JOURNAL, _GROUPS) or _TEMPORARY.fullmatch(name) for name in names)
    if not is_ours or (_JOURNAL in names and (os.lstat(journal).st_size or is_written(journal))):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if _GROUPS in names:
        os.rmdir(f"{path}/{_GROUPS}")
    for name in names:
        if name != _GROUPS:
            os.unlink(f"{path}/{name}")
