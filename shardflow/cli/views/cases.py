"""What came out of a case, for programs: `Replayed` of `cli/README.md`."""

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
    told |= comparison_object(case, found, law)
    return {**told, "context": result.context, **ledger_object(result, shown)}


def comparison_object(case: Case, found: Comparison | None, law: tuple[str, ...]) -> dict[str, Json]:
    """Give where a case did not come out as it expects, and whether the law it names was kept."""
    told: dict[str, Json] = {}
    if case.law:
        told["law"] = {"name": case.law, "kept": not law, "told": list(law)}
    if found is not None:
        told["differences"] = [_expected_and_found(change) for change in found.context]
        told["missing"] = list(map(expected_conflict_json, found.missing))
        told["unexpected"] = list(map(expected_conflict_json, found.unexpected))
    return told


def _expected_and_found(change: Change) -> Json:
    sides = (("expected", change.before), ("found", change.after))
    return {"path": path_text(change.path), **{name: value for name, value in sides if value is not ABSENT}}
