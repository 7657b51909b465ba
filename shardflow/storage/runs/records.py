"""The two records of a run directory: `run.json` for the run, `group.json` for each group.

Law: a record that was read has only names that stay inside the run directory; whatever else a file says, it is no run.
A file has the fields of its record by their names; `run.json` has the version of the format in front of them.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from typing import Final

from shardflow.errors import InvalidJson, NotARun, StorageError
from shardflow.model.records import fields_of, record, replaced
from shardflow.model.values import Json
from shardflow.storage.files import put_file, read_regular, replace_file
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.folders import group_names
from shardflow.storage.runs.journal import utc_text
from shardflow.storage.two_steps import stands

CONTEXT: Final = "context.json"
"""The name of the canonical context in the output folder of a feature."""
_DONE: Final = "done"

FORMAT: Final = 1
"""The version of the run directory's format, `format` in run.json."""

ADDED: Final = "added"
"""How a shard ended that no subagent of the group left: it was added to the merge, behind all of them."""

_LIMIT: Final = 256 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@record
class FeatureSettings:
    """How a run of the dialect was started.

    name     of the feature
    flags    as they were given
    folder   the output folder (absolute)
    agents   the file of agents that was given (absolute), None for none
    project  the folder the run was started in (absolute)
    """

    name: str
    flags: tuple[str, ...]
    folder: str
    agents: str | None
    project: str


@record
class RunSettings:
    """How a run was started, which is how it is resumed.

    workflow_file   where the workflow was read (absolute); its folder is the workflow's folder
    context         the canonical context outside the run directory (absolute), None for the run's own
    found_context   whether that file existed already; else the workflow says what the run starts from
    rules           what goes over the workflow's rules: a file (absolute) or a shipped set's name
    max_parallel    what goes over the workflow's numbers
    feature         what else a run of the dialect was started with; None for a native one
    """

    workflow_file: str
    context: str | None = None
    found_context: bool = False
    rules: str | None = None
    max_parallel: int | None = None
    feature: FeatureSettings | None = None


@record
class RunRecord:
    """What `run.json` says. Moments are UTC texts.

    `groups` are the folder names of its groups in the order they ran, written down when the run has ended; of one that
    has not, they are those that stand in the run directory. `more` tells that the run was to go on behind the last one.
    """

    workflow: str
    status: str
    started: str
    settings: RunSettings
    finished: str | None = None
    groups: tuple[str, ...] = ()
    more: bool = True

    @property
    def needs_all_groups(self) -> bool:
        """Whether a group without a record lost it: a run is done when each of them has ended."""
        return self.status == _DONE

    def ended(self, status: str, groups: tuple[str, ...], *, more: bool) -> RunRecord:
        """Give the record of the run ending now."""
        return replaced(self, status=status, finished=utc_text(time.time_ns()), groups=groups, more=more)


@record
class SubagentRecord:
    """One subagent of a group: its shard's form, how it ended, the SHA-256 of its shard if that was sealed.

    `undeclared` is what it changed outside of its declared writes, as `{count, places: [{path, nearest}]}`. It had so
    many `tries`; `failure` has the facts of how it failed, `{ending, ...}`.
    """

    id: str
    form: str
    ending: str
    detail: str
    sha256: str | None
    undeclared: Json = None
    tries: int = 1
    failure: Json = None


@record
class GroupRecord:
    """What `group.json` says, all that a repeated merge must find again: subagents by rank, and what has which SHA-256.

    `context` is that of the merged context, None where nothing was merged; `ledger` likewise, there also when there are
    conflicts; `resolutions` that of what was decided about them. `content` is the digest of all the merge depends on
    (`workflow/content.py`). `stale_reads` are objects `{shard, reads, count, changed: [{path, shards}]}` as the run
    found them; merging otherwise later leaves them.
    """

    phase: str
    status: str
    subagents: tuple[SubagentRecord, ...]
    base: str
    rules: str
    ledger: str | None
    context: str | None
    content: str
    stale_reads: tuple[Json, ...] = ()
    resolutions: str | None = None

    def files(self, folder: GroupFolder) -> Iterator[tuple[str, str]]:
        """Give every file of the merge with its SHA-256: inputs first, then outcome."""
        shards = ((folder.subagent(one.id).shard, one.sha256) for one in self.subagents)
        inputs = ((folder.base, self.base), (folder.rules, self.rules), *shards, (folder.resolutions, self.resolutions))
        outcome = ((folder.ledger, self.ledger), (folder.context, self.context))
        return ((path, sha256) for path, sha256 in (*inputs, *outcome) if sha256 is not None)


def write_first_run_record(run: RunDirectory, record: RunRecord) -> None:
    """Write the first `run.json`, in one step: from here on the folder is a run. Raises StorageError."""
    put_file(run.record, _run_bytes(record))


def write_run_record(run: RunDirectory, record: RunRecord) -> None:
    """Write `run.json`, all or nothing. Raises StorageError."""
    replace_file(run.record, _run_bytes(record))


def write_group_record(group: GroupFolder, record: GroupRecord) -> None:
    """Write `group.json` in one step: it tells that the group has ended. Raises StorageError."""
    put_file(group.record, _group_bytes(record))


def replace_group_record(group: GroupFolder, record: GroupRecord) -> None:
    """Write `group.json` of a group whose conflicts were decided about, all or nothing. Raises StorageError."""
    replace_file(group.record, _group_bytes(record))


def _why_no_record(run: RunDirectory) -> str:
    try:
        os.lstat(run.record)
    except PermissionError:
        return "it cannot be looked into: permission denied"
    except OSError:
        pass
    return "it has no run.json" if os.path.lexists(run.path) else "it does not exist; 'shardflow runs' lists runs"


def read_run_record(run: RunDirectory) -> RunRecord:
    """Read `run.json`. Raises NotARun where there is none, or none of this format."""
    if not stands(run.record):
        raise NotARun(f"{run.path} is no run directory: {_why_no_record(run)}", file=run.path)
    match _read(run.record):
        case {"format": int(version)} if version != FORMAT:
            raise NotARun(
                f"{run.record} has format {version}; this version of shardflow reads {FORMAT}", file=run.record
            )
        case {
            "workflow": str(workflow),
            "status": str(status),
            "started": str(started),
            "finished": str() | None as finished,
            "settings": dict(settings),
            "groups": list(groups),
            "more": bool(more),
        } if all(map(is_name, groups)):
            said = _settings(settings, run.record)
            names = group_names(run) if finished is None else tuple(map(str, groups))
            return RunRecord(workflow, status, started, said, finished, names, more)
        case _:
            raise NotARun(f"{run.record} is no record of a run", file=run.record)


def read_group_record(group: GroupFolder) -> GroupRecord | None:
    """Read `group.json`; None where there is none: the group never ended. Raises NotARun for anything else."""
    if not stands(group.record):
        return None
    match _read(group.record):
        case {
            "phase": str(phase),
            "status": str(status),
            "subagents": list(subagents),
            "base": str(base),
            "rules": str(rules),
            "ledger": str() | None as ledger,
            "context": str() | None as context,
            "content": str(content),
            "stale_reads": list(stale_reads),
            "resolutions": str() | None as resolutions,
        }:
            read = tuple(_subagent(item, group.record) for item in subagents)
            stale = tuple(stale_reads)
            return GroupRecord(phase, status, read, base, rules, ledger, context, content, stale, resolutions)
        case _:
            raise NotARun(f"{group.record} is no record of a group", file=group.record)


def _settings(members: dict[str, Json], source: str) -> RunSettings:
    match members:
        case {
            "workflow_file": str(workflow_file),
            "context": str() | None as context,
            "found_context": bool(found),
            "rules": str() | None as rules,
            "max_parallel": int() | None as most,
        }:
            feature = _feature(members.get("feature"), source)
            return RunSettings(workflow_file, context, found, rules, most, feature)
        case _:
            raise NotARun(f"{source} is no record of a run: its settings cannot be read", file=source)


def _feature(value: Json, source: str) -> FeatureSettings | None:
    match value:
        case None:
            return None
        case {
            "name": str(name),
            "flags": list(flags),
            "folder": str(folder),
            "agents": str() | None as agents,
            "project": str(project),
        }:
            return FeatureSettings(name, tuple(map(str, flags)), folder, agents, project)
        case _:
            raise NotARun(f"{source} is no record of a run: its feature cannot be read", file=source)


def _subagent(item: Json, source: str) -> SubagentRecord:
    match item:
        case {
            "id": str(name),
            "form": str(form),
            "ending": str(ending),
            "detail": str(detail),
            "sha256": str() | None as sha256,
            "undeclared": dict() | None as undeclared,
            "tries": int(tries),
            "failure": dict() | None as failure,
        } if is_name(name):
            return SubagentRecord(name, form, ending, detail, sha256, undeclared, tries, failure)
        case _:
            raise NotARun(f"{source} is no record of a group: a subagent in it cannot be read", file=source)


def is_name(name: Json) -> bool:
    """Tell whether a value can be the name of a group's folder, or the id of a subagent."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None and ".." not in name


def _read(path: str) -> Json:
    from shardflow.storage.json.strict import parse_json  # a run only ever writes records

    try:
        return parse_json(read_regular(path, _LIMIT), path)
    except (StorageError, InvalidJson) as error:
        raise NotARun(f"a record of the run cannot be read: {error}") from error


def _run_bytes(record: RunRecord) -> bytes:
    settings = record.settings
    feature = None if settings.feature is None else fields_of(settings.feature)
    members = {"format": FORMAT, **fields_of(record), "settings": {**fields_of(settings), "feature": feature}}
    # The encoder of the standard library is loaded anyway (the journal needs it); the canonical one takes 20 ms,
    # and this file is written before anything starts.
    return json.dumps(members, indent=2).encode() + b"\n"


def _group_bytes(record: GroupRecord) -> bytes:
    from shardflow.storage.json.canonical import canonical_bytes  # there may be a thousand subagents; loaded by now

    members = {
        **fields_of(record),
        "subagents": [fields_of(subagent) for subagent in record.subagents],
        "stale_reads": list(record.stale_reads),
    }
    return canonical_bytes(members)
