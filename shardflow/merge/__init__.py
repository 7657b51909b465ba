"""Floor 1, pure: the merge. Knows no files, clocks, processes or randomness."""

from shardflow.merge.engine import MergeResult, gather, merge, settle, unite

__all__ = ["MergeResult", "gather", "merge", "settle", "unite"]
