"""shardflow: agents truly in parallel on one JSON context, folded by one deterministic merge.

The values people need by name are here, loaded when first used, so that importing the package costs next to
nothing. The merge itself is in `shardflow.merge`:

    from shardflow import Delta, diff, load_rules
    from shardflow.merge import merge

    left = {"a": {"hits": 2}, "b": {"hits": 3}}
    deltas = [Delta(shard, rank, diff({"hits": 1}, left[shard])) for rank, shard in enumerate(left)]
    merge({"hits": 1}, deltas, load_rules("./rules.yaml")).context
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardflow.errors import InvalidInput, ShardflowError
    from shardflow.execution.rules.sources import load_rules
    from shardflow.merge.resolving.resolutions import Resolution, TakeBase, TakeShard, TakeValue
    from shardflow.merge.rules import NO_RULES, RuleSet
    from shardflow.merge.site import Unsettled
    from shardflow.merge.strategies.custom import Left
    from shardflow.model.changes import Change, Delta
    from shardflow.model.decisions import Conflict, Contribution, Decision, Outcome, Settled
    from shardflow.model.diff import diff, patch_edit
    from shardflow.model.paths import path_text
    from shardflow.model.values import ABSENT, Json, same

__version__ = "0.1.0"

__all__ = [
    "ABSENT",
    "NO_RULES",
    "Change",
    "Conflict",
    "Contribution",
    "Decision",
    "Delta",
    "InvalidInput",
    "Json",
    "Left",
    "Outcome",
    "Resolution",
    "RuleSet",
    "Settled",
    "ShardflowError",
    "TakeBase",
    "TakeShard",
    "TakeValue",
    "Unsettled",
    "__version__",
    "diff",
    "load_rules",
    "patch_edit",
    "path_text",
    "same",
]

_HOMES = {
    "shardflow.errors": ("InvalidInput", "ShardflowError"),
    "shardflow.execution.rules.sources": ("load_rules",),
    "shardflow.model.diff": ("diff", "patch_edit"),
    "shardflow.merge.site": ("Unsettled",),
    "shardflow.merge.strategies.custom": ("Left",),
    "shardflow.merge.resolving.resolutions": ("Resolution", "TakeBase", "TakeShard", "TakeValue"),
    "shardflow.merge.rules": ("NO_RULES", "RuleSet"),
    "shardflow.model.changes": ("Change", "Delta"),
    "shardflow.model.decisions": ("Conflict", "Contribution", "Decision", "Outcome", "Settled"),
    "shardflow.model.paths": ("path_text",),
    "shardflow.model.values": ("ABSENT", "Json", "same"),
}


def __dir__() -> list[str]:
    """List the public names too, loaded or not, for `help` and whoever completes a line."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """Load a public name from its home (PEP 562)."""
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'shardflow' has no attribute {name!r}")
