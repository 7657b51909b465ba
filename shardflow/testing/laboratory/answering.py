"""Whether a function of one's own ever answers: conflicts are all that is left of one that fails, and keep all laws."""

from __future__ import annotations

import re
from typing import Final

from shardflow.merge.engine import merge
from shardflow.model.decisions import Conflict
from shardflow.testing.laboratory.places import Place, groups_at
from shardflow.testing.laboratory.search import Effort, look_at
from shardflow.testing.laws import Group

_EXAMPLES: Final = 30
_FAILED: Final = re.compile(r"the function .+? (raised|returned what cannot stand here|cannot be asked)")
"""How the reason of a conflict begins that tells of a failure; one that the function gave itself is an answer."""


def failure(place: Place, seed: int) -> str | None:
    """Tell how the function at a place failed, if it did so in each of some examples; None if it ever answered."""
    failed: list[str] = []
    answered = 0

    def look(group: Group) -> None:
        nonlocal answered
        for decision in merge(group.base, group.deltas, place.rules).decisions:
            if isinstance(decision, Conflict) and _FAILED.match(decision.reason):
                failed.append(decision.reason)
            elif decision.path == place.path:
                answered += 1

    look_at(groups_at(place), look, Effort(_EXAMPLES, seed))
    return f"{failed[0]}, and failed in every example" if failed and not answered else None
