"""Reading texts with conflict markers as a person does: what is settled, and for each hunk the side one keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

HUNK = re.compile(
    r"<<<<<<< ours\n(.*?)\|\|\|\|\|\|\| base\n(.*?)=======\n(.*?)>>>>>>> theirs\n", re.DOTALL | re.MULTILINE
)
OURS, BASE, THEIRS = 1, 2, 3


def keeping(text: bytes, side: Callable[[int], int]) -> bytes:
    """Resolve a text: `side(n)` tells which side of the n-th hunk to keep."""
    numbers = count()
    return HUNK.sub(lambda hunk: hunk[side(next(numbers))], text.decode()).encode()


def always(side: int) -> Callable[[int], int]:
    """Keep this side of every hunk."""
    return lambda _: side


def hunks(text: bytes) -> int:
    """Count the hunks of a text."""
    return len(HUNK.findall(text.decode()))
