"""What a program that asked for an object gets where a command came to nothing: an object too, saying why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shardflow.cli.console import CONSOLE


def hand_over_error(line: Sequence[str], error: BaseException, code: int) -> None:
    """Print the error as an object, if the command line asks for one; it need not be one that can be read."""
    if _wants_object(line):
        from shardflow.cli.views.objects import error_object, object_bytes

        CONSOLE.hand_over(object_bytes(error_object(error, code)))


def _wants_object(line: Sequence[str]) -> bool:
    options = line[: line.index("--")] if "--" in line else line
    return "--json" in options or "--format=json" in options or ("--format", "json") in pairwise(options)
