"""Floor 1, pure: the merge. Knows no files, clocks, processes or randomness.

The engine is loaded when it is first asked for: reading rules, which every start does, needs none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardflow.merge.engine import MergeResult, gather, merge, settle, unite

__all__ = ["MergeResult", "gather", "merge", "settle", "unite"]


def __dir__() -> list[str]:
    """List the public names too, loaded or not, for `help` and whoever completes a line."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """Load a public name from the engine (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'shardflow.merge' has no attribute {name!r}")
    from shardflow.merge import engine

    return getattr(engine, name)
