"""Differences in the words of the library deepdiff, for people who know those: `--format deepdiff`.

deepdiff takes 0.0 and -0.0, and in lists 1 and true, for the same, and pairs the items of lists by position alone; so
it words what people read, and how many differences there are is counted strictly beside it.
"""

from __future__ import annotations

from shardflow.cli.views.display import count, shortened
from shardflow.model.values import Value

_LINE = 300


def deepdiff_lines(before: Value, after: Value) -> list[str]:
    """Say each difference that deepdiff sees in one line."""
    from deepdiff import DeepDiff  # takes 0.15 s to load, and only for who asks
    from deepdiff.serialization import pretty_print_diff

    found = DeepDiff(before, after, view="tree", verbose_level=2)
    levels = [level for kind in found.values() for level in kind]
    return [shortened(pretty_print_diff(level), _LINE) for level in levels]  # type: ignore[no-untyped-call]


def strictly(differences: int) -> str:
    """Say how many differences there are whatever deepdiff sees."""
    return f"{count(differences, 'difference')}, strictly compared"
