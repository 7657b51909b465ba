"""A recorded merge as a case: what one group of a run merged, with what came out as what is expected from now on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from shardflow.errors import UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base, read_base, read_object
from shardflow.execution.folding.fold import shard_delta
from shardflow.execution.inspection.added import untampered_merges
from shardflow.execution.inspection.post_mortem import recorded_resolutions
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.execution.inspection.what_if import groups_named
from shardflow.execution.rules.sources import read_effective_rules
from shardflow.merge.cases import Case, CaseRules, CaseShard, Form, outcome_of, replay
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import apply
from shardflow.model.documents import Document
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT
from shardflow.storage.files import read_regular
from shardflow.storage.json.lines import read_lines
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, read_run_record
from shardflow.workflow.model import ShardForm


@record
class RecordedCase:
    """The merge of a group as a case, with its rules read."""

    group: str
    case: Case
    rules: RuleSet


def recorded_case(run_dir: str, phase: str | None) -> RecordedCase:
    """Make a case of the merge of a phase or group of a run; of its only one, where None is named.

    Raises NotARun, TamperedRun if something recorded was altered since, UsageError where it is not plain which merge
    is meant.
    """
    return undisturbed(run_dir, partial(_recorded_case, run_dir, phase))


def _recorded_case(run_dir: str, phase: str | None) -> RecordedCase:
    directory, workflow, merged = _merged(run_dir)
    name = _meant(phase, merged)
    return _recorded(directory.group(name), merged[name], f"what {name} of a run of {workflow} merged")


def recorded_cases(run_dir: str) -> Iterator[RecordedCase]:
    """Make a case of every merge of a run, in order; groups that failed merged nothing.

    Raises NotARun, TamperedRun, UsageError where there is none.
    """
    directory, workflow, merged = undisturbed(run_dir, partial(_merged, run_dir))
    for name, one in merged.items():
        yield _recorded(directory.group(name), one, f"what {name} of a run of {workflow} merged")


def _merged(run_dir: str) -> tuple[RunDirectory, str, dict[str, GroupRecord]]:
    """Give a run directory, what its workflow is called, and the record of each group that was merged.

    Raises UsageError where none was.
    """
    directory = RunDirectory(os.path.abspath(run_dir))
    run = read_run_record(directory)
    if not (merged := untampered_merges(directory, run)):
        raise UsageError(f"{run_dir} is a run that merged nothing", file=run_dir)
    return directory, run.workflow, merged


def _recorded(folder: GroupFolder, record: GroupRecord, description: str) -> RecordedCase:
    rules = read_effective_rules(read_regular(folder.rules, SIZE_LIMIT), folder.rules, record.rules)
    base = read_base(folder.base)
    shards = tuple(
        _shard(base, folder, one.id, ShardForm(one.form)) for one in record.subagents if one.sha256 is not None
    )
    written = tuple({one.target: one for one in recorded_resolutions(folder, record)}.values())
    case = Case(base.value, shards, _written_rules(folder), written, description=description)
    return RecordedCase(os.path.basename(folder.path), replaced(case, expected=outcome_of(replay(case, rules))), rules)


def _meant(phase: str | None, merged: dict[str, GroupRecord]) -> str:
    found = list(merged) if phase is None else groups_named(phase, merged)
    if len(found) > 1:
        raise UsageError(f"the run has several merges; name one with --phase: {', '.join(found)}")
    return found[0]


def _shard(base: Base, folder: GroupFolder, name: str, form: ShardForm) -> CaseShard:
    """Give what a shard left: a patch or a journal as it is, of a copy the document it makes of the base."""
    path = folder.subagent(name).shard
    data = read_regular(path, SIZE_LIMIT)
    if form is ShardForm.PATCH:
        return CaseShard(name, read_object(data, path), Form.PATCH)
    if form is ShardForm.JOURNAL:
        return CaseShard(name, [said for _, said in read_lines(data, path)[0]], Form.JOURNAL)
    document = apply(shard_delta(base, name, 0, form, data, path).edit, base.value)
    if document is ABSENT:
        raise AssertionError("shards are objects")
    return CaseShard(name, document)


def _written_rules(folder: GroupFolder) -> CaseRules:
    """Give the effective rules as a rule set of its own, each rule with where it was written; None for no rules."""
    value = parse_json(read_regular(folder.rules, SIZE_LIMIT), folder.rules)
    return None if value == {"rules": []} else Document(folder.rules, value)
