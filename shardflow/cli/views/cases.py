"""What came out of a case, for programs.

`shardflow merge CASE_FILE --json`:

    status          as-expected | not-as-expected; done | conflict where the case expects nothing
    exit_code, context
    law             {name, kept, told: [line]}; only where the case names one
    differences     [{path, expected, found}], values that are not there have no member; not where nothing is expected
    missing, unexpected     [{path, shards}], conflicts that did not come out, and those nobody expects
    counts, shards, conflicts, decisions    the ledger
"""

from __future__ import annotations

from shardflow.cli.views.merging.objects import ledger_object
from shardflow.cli.views.selection import Selection
from shardflow.merge.cases import Case, Comparison, expected_conflict_json
from shardflow.merge.engine import MergeResult
from shardflow.model.changes import Change
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json


def replayed_object(
    case: Case, result: MergeResult, found: Comparison | None, law: tuple[str, ...], code: int, shown: Selection
) -> dict[str, Json]:
    """Give what came out of a case, and where it is not what the case expects."""
    bad = bool(law) or (found is not None and not found.is_same)
    told: dict[str, Json] = {"status": "not-as-expected" if bad else "as-expected", "exit_code": code}
    if found is None and not case.law:
        told["status"] = "conflict" if result.conflicts else "done"
    if case.law:
        told["law"] = {"name": case.law, "kept": not law, "told": list(law)}
    if found is not None:
        told["differences"] = [_expected_and_found(change) for change in found.context]
        told["missing"] = list(map(expected_conflict_json, found.missing))
        told["unexpected"] = list(map(expected_conflict_json, found.unexpected))
    return {**told, "context": result.context, **ledger_object(result, shown)}


def _expected_and_found(change: Change) -> Json:
    sides = (("expected", change.before), ("found", change.after))
    return {"path": path_text(change.path), **{name: value for name, value in sides if value is not ABSENT}}
