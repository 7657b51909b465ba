"""Three versions of one JSON file merged into one, as git asks a merge driver to do.

Laws: ours is the shard of rank 0 and theirs the one of rank 1, merged by the one engine under the one set of rules.
What comes out the same value as one side is that side's bytes; anything else is written in the canonical form with
the indentation, line ends and final newline of ours. With conflicts the text holds a hunk for each.
"""

from __future__ import annotations

from typing import Final

from shardflow.errors import InvalidJson
from shardflow.execution.git.conflict_text import base_side, conflict_text
from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.resolving.resolutions import Resolution, TakeShard
from shardflow.merge.rules import DEFAULT, RuleSet
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, Contribution, Outcome
from shardflow.model.diff import diff
from shardflow.model.documents import Problem
from shardflow.model.paths import ROOT, path_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.json.style import restyled, style_of

OURS: Final = "ours"
THEIRS: Final = "theirs"


@record
class Versions:
    """The bytes of one file: in the common ancestor (blank where it had none), on our side, on theirs."""

    path: str
    base: bytes
    ours: bytes
    theirs: bytes


@record
class MergedFile:
    """What the file is to hold, and what no rule settled."""

    data: bytes
    conflicts: tuple[Conflict, ...]


@record
class _Values:
    base: Value
    ours: Json
    theirs: Json


def merge_versions(versions: Versions, rules: RuleSet) -> MergedFile:
    """Merge the versions of a file. Raises InvalidJson with every problem of all of them."""
    values = _read(versions)
    if values.base is ABSENT:
        return _added_on_both_sides(versions, values, rules)
    return _changed_on_both_sides(versions, values, values.base, rules)


def _read(versions: Versions) -> _Values:
    base = base_side(versions.base)
    problems: list[Problem] = []

    def value(data: bytes, side: str) -> Json:
        try:
            return parse_json(data, f"{versions.path} ({side})")
        except InvalidJson as error:
            problems.extend(error.problems)
            return None

    values = _Values(
        value(base, "base") if base.strip() else ABSENT, value(versions.ours, OURS), value(versions.theirs, THEIRS)
    )
    if problems:
        raise InvalidJson(problems)
    return values


def _added_on_both_sides(versions: Versions, values: _Values, rules: RuleSet) -> MergedFile:
    """Merge a file that has no common ancestor: two objects as what was added to an empty one, anything else whole."""
    if same(values.ours, values.theirs):
        return MergedFile(versions.ours, ())
    if isinstance(values.ours, dict) and isinstance(values.theirs, dict):
        return _changed_on_both_sides(versions, values, {}, rules)
    added = [(OURS, values.ours), (THEIRS, values.theirs)]
    said = tuple(Contribution(side, rank, value, Outcome.CONFLICT) for rank, (side, value) in enumerate(added))
    conflict = Conflict(ROOT, ABSENT, DEFAULT.ref, said, "ours and theirs added different documents")
    return _with_conflicts(versions, (values.ours, ABSENT, values.theirs), (conflict,))


def _changed_on_both_sides(versions: Versions, values: _Values, base: Json, rules: RuleSet) -> MergedFile:
    deltas = [Delta(OURS, 0, diff(base, values.ours)), Delta(THEIRS, 1, diff(base, values.theirs))]
    result = merge(base, deltas, rules)
    if not result.conflicts:
        return MergedFile(_settled(versions, values, result.context), ())
    ours, theirs = (merge(base, deltas, rules, _all_taken_from(side, result)).context for side in (OURS, THEIRS))
    return _with_conflicts(versions, (ours, result.context, theirs), result.conflicts)


def _all_taken_from(side: str, result: MergeResult) -> dict[str, Resolution]:
    """Resolve every conflict one way; a side that changed nothing there has the base value, which stays."""
    return {path_text(conflict.path): Resolution(TakeShard(side), "") for conflict in result.conflicts}


def _settled(versions: Versions, values: _Values, value: Json) -> bytes:
    if same(value, values.ours):
        return versions.ours
    if same(value, values.theirs):
        return versions.theirs
    return restyled(canonical_bytes(value), style_of(versions.ours))


def _with_conflicts(
    versions: Versions, sides: tuple[Value, Value, Value], conflicts: tuple[Conflict, ...]
) -> MergedFile:
    text = conflict_text(sides, (conflict.path for conflict in conflicts))
    return MergedFile(restyled(text, style_of(versions.ours).in_lines()), conflicts)
