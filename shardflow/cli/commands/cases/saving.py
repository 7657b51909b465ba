"""`shardflow case save`: the merge of a run as a case file."""

from __future__ import annotations

import os

from shardflow.cli.commands.reading import refuse_output
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place, shell_word
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.trying import Trying
from shardflow.errors import UsageError
from shardflow.execution.cases.files import FILES, SUFFIXES, write_case
from shardflow.execution.cases.saving import RecordedCase, recorded_case
from shardflow.merge.cases import Case
from shardflow.merge.cases.redaction import DecidesOtherwise, redacted
from shardflow.merge.cases.shrinking import Shrunk, shrunk
from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.runs.listing import folder_named


@record
class SavingOptions:
    """What the command line says: which merge, under which name, and what shall become of its values."""

    run_dir: str
    name: str
    phase: str | None
    shrink: bool
    redact: bool
    redact_numbers: bool
    as_json: bool


def save(options: SavingOptions) -> int:
    """Save a case, and tell what it holds; give the exit code."""
    file = options.name if options.name.endswith(FILES) else options.name + SUFFIXES[0]
    if os.path.lexists(file):
        raise UsageError(f"{place(file)} is there already; choose another name", file=file)
    refuse_output(file)
    recorded = recorded_case(folder_named(options.run_dir), options.phase)
    made = _shrunk(recorded) if options.shrink else Shrunk(recorded.case, recorded.rules, complete=True)
    case = _redacted(made, options) if options.redact else made.case
    size = write_case(file, case)
    if options.as_json:
        CONSOLE.hand_over(object_bytes({"status": "done", "exit_code": 0, **_object(file, recorded, case, made)}))
        return 0
    CONSOLE.say(f"{place(file)}: {_extent(case)}, {size:,} bytes; shardflow merge {shell_word(file)}")
    if not made.complete:
        CONSOLE.say("shrinking was cut short; it may hold more than it needs")
    return 0


def _shrunk(recorded: RecordedCase) -> Shrunk:
    trying = Trying("shrinking", "merges tried")
    try:
        return shrunk(recorded.case, recorded.rules, trying.hear)
    finally:
        trying.close()


def _redacted(made: Shrunk, options: SavingOptions) -> Case:
    try:
        case = redacted(made.case, made.rules, numbers=options.redact_numbers)
    except DecidesOtherwise as error:
        what = "--redact-numbers" if options.redact_numbers else "--redact"
        raise UsageError(f"{what}: {error}; save it without, perhaps with --shrink, and edit it") from error
    return replaced(case, description="values redacted")


def _extent(case: Case) -> str:
    expected = 0 if case.expected is None else len(case.expected.conflicts)
    return f"{count(len(case.shards), 'shard')}, {count(expected, 'conflict')}"


def _object(file: str, recorded: RecordedCase, case: Case, made: Shrunk) -> dict[str, Json]:
    return {
        "file": file,
        "group": recorded.group,
        "shard_count": len(case.shards),
        "conflict_count": 0 if case.expected is None else len(case.expected.conflicts),
        "complete": made.complete,
    }
