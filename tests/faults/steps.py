"""Steps: every call by which the engine changes the file system, enumerated by the engine's own calls.

Production code knows nothing of this: in a process of its own, made to suffer, the few functions of `os` that change
files are wrapped. Undisturbed, the wrappers list the steps of a run; each step is a place to strike. A step is named by
what it does to which file and how often that was done before, not by time or by a number, so a name means the same
although children end in another order.
"""

from __future__ import annotations

import os
import posix
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHANGES = ("open", "write", "pwrite", "fsync", "replace", "rename", "mkdir", "unlink", "fchmod", "ftruncate")
HALF = "half of "


@dataclass(frozen=True)
class Call:
    """One step: the function, its name among the steps, the file it is about, and its arguments."""

    function: str
    name: str
    path: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]

    def through(self) -> Any:
        """Do what was asked for."""
        return getattr(posix, self.function)(*self.arguments, **self.named)

    def halfway(self) -> int:
        """Write the first half of what was to be written; the count of its bytes."""
        descriptor, data = self.arguments[:2]
        return posix.write(descriptor, bytes(data)[: len(data) // 2])


Strike = Callable[[Call], Any]
"""What happens in place of a step; its result is the call's."""


class Steps:
    """Wraps what changes files below a folder; lists the steps, and gives each to `strike`."""

    def __init__(self, folder: Path, strike: Strike = Call.through) -> None:
        self.names: list[str] = []
        self._folder = f"{folder}/"
        self._strike = strike
        self._seen: Counter[str] = Counter()

    def wrap(self) -> None:
        """Wrap the functions in this process, for good."""
        for function in CHANGES:
            setattr(os, function, self._wrapped(function, getattr(posix, function)))

    def _wrapped(self, function: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            path = _path(function, arguments)
            if path is None or not f"{path}/".startswith(self._folder):
                return real(*arguments, **named)
            call = Call(function, self._name(function, path), path, arguments, named)
            self.names.append(call.name)
            return self._strike(call)

        return step

    def _name(self, function: str, path: str) -> str:
        place = re.sub(
            r"\.shardflow-\w+\.tmp", "TEMPORARY", f"{path}/".removeprefix(self._folder).removesuffix("/") or "."
        )
        self._seen[f"{function} {place}"] += 1
        return f"{function} {place}, {self._seen[f'{function} {place}']}"


def _path(function: str, arguments: tuple[Any, ...]) -> str | None:
    """Give the file a call is about; None for what changes nothing."""
    target = arguments[0]
    if function == "open" and not arguments[1] & os.O_CREAT:
        return None
    return os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else os.path.abspath(os.fsdecode(target))


def with_halves(steps: list[str]) -> Iterator[str]:
    """Give every step, and every write once more: cut in half."""
    for step in steps:
        yield step
        if step.startswith("write "):
            yield HALF + step


def death(at: str | None) -> Strike:
    """Die by SIGKILL at a step: before it happens or, of a write, in the middle of it."""

    def strike(call: Call) -> Any:
        if HALF + call.name == at:
            call.halfway()
        if at in (call.name, HALF + call.name):
            os.kill(os.getpid(), signal.SIGKILL)
        return call.through()

    return strike


class Refusal:
    """The file system refuses at a step: once, or from there on as a full disk does.

    At half of a write it takes the half, as a full disk may; what comes next is refused if `lasting`. What only takes
    away is let through: no disk refuses that for want of room.
    """

    def __init__(self, at: str, number: int, *, lasting: bool) -> None:
        self._at = at
        self._number = number
        self._lasting = lasting
        self._struck = False

    def __call__(self, call: Call) -> Any:
        if HALF + call.name == self._at:
            self._struck = True
            return call.halfway()
        if call.name == self._at or (self._struck and self._lasting and call.function != "unlink"):
            self._struck = True
            raise OSError(self._number, os.strerror(self._number), call.path)
        return call.through()
