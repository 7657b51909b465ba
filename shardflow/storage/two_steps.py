"""Replacing where no file can be put in the place of another (`capabilities.py` finds out; a run warns of it).

    CONTEXT is written beside it, whole -> CONTEXT.shardflow-next -> the old CONTEXT is taken away -> CONTEXT

Law: whoever dies in between loses nothing. A place that is empty while its next file stands is given that by the first
who looks, so nobody sees it empty.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress


def put_in_two_steps(temporary: str, path: str) -> None:
    """Put a file that is whole in the place of another. Raises OSError."""
    following = _following(path)
    with suppress(FileNotFoundError):  # of someone who died before the old one was away
        os.unlink(following)
    os.rename(temporary, following)
    os.unlink(path)
    if not is_finished(path) and not os.path.lexists(path):  # else somebody who looked was as quick
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), following)


def is_finished(path: str) -> bool:
    """Finish a replacement of which only the last step is missing; tell whether there was one."""
    try:
        os.rename(_following(path), path)
    except (OSError, ValueError):
        return False
    return True


def stands(path: str) -> bool:
    """Tell whether anything stands there, once a replacement that died half-way is finished."""
    return os.path.lexists(path) or is_finished(path)


def _following(path: str) -> str:
    return f"{path}.shardflow-next"
