"""A merge without rules, as plainly as it can be said: whole documents, recursion, no edits, no automaton, no ledger.

Left out: rules, strategies, the ledger, order of keys. It shares with the engine only `apply` and strict equality.
"""

from collections.abc import Iterable
from typing import Any

from shardflow.model.changes import Delta, apply
from shardflow.model.paths import Path
from shardflow.model.values import ABSENT, same


def naive_merge(base: Any, deltas: Iterable[Delta]) -> tuple[Any, set[Path]]:
    """Give the merged document (base values where contested) and the set of contested paths."""
    contested: set[Path] = set()
    documents = [apply(delta.edit, base) for delta in sorted(deltas, key=lambda d: d.rank)]
    return merged_values(base, documents, (), contested), contested


def merged_values(base, documents, path, contested):
    """Give what stands at a path after a merge, and add the paths in conflict to `contested`."""
    changed = [document for document in documents if not same(document, base)]
    if not changed:
        return base
    if isinstance(base, dict | type(ABSENT)) and all(isinstance(document, dict) for document in changed):
        return _merged_objects({} if base is ABSENT else base, changed, path, contested)
    if isinstance(base, list) and all(isinstance(d, list) and same(d[: len(base)], base) for d in changed):
        return base + [item for document in changed for item in document[len(base) :]]
    if all(same(document, changed[0]) for document in changed):
        return changed[0]
    contested.add(path)
    return base


def _merged_objects(base, documents, path, contested):
    names = dict.fromkeys(name for document in (base, *documents) for name in document)
    values = {
        name: merged_values(base.get(name, ABSENT), [d.get(name, ABSENT) for d in documents], (*path, name), contested)
        for name in names
    }
    return {name: value for name, value in values.items() if value is not ABSENT}
