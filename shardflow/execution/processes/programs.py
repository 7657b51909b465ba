"""Where the programs of a group stand: each looked for in PATH once, as execvp(3) would look."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Programs:
    """Finds programs for one group; what was found is taken as long as it stands, what was not is looked for again.

    Popen would try every folder of PATH in the child while this process waits: a twentieth of what starting one costs.
    """

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[str, bytes], bytes] = {}

    def find(self, name: str, environment: Mapping[bytes, bytes]) -> bytes | None:
        """Find a program in the PATH of its environment; None leaves it, and what is wrong with it, to Popen."""
        path = environment.get(b"PATH", b"")
        known = self._found.get((name, path))
        if known is not None and os.access(known, os.X_OK):
            return known
        place = _looked_for(os.fsencode(name), path.split(b":"))
        if place is not None:
            self._found[name, path] = place
        return place


def _looked_for(name: bytes, folders: list[bytes]) -> bytes | None:
    if b"/" in name or not all(folder.startswith(b"/") for folder in folders):
        return None
    places = (folder + b"/" + name for folder in folders)
    return next((place for place in places if os.access(place, os.X_OK) and os.path.isfile(place)), None)
