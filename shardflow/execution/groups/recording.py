"""What is recorded of a group in its `group.json`: all that a repeated merge must find again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shardflow.execution.groups.inputs import Group
from shardflow.execution.reporting.endings import ending_name, ending_text, failure_facts, succeeded
from shardflow.execution.reporting.report import Status, SubagentReport
from shardflow.model.records import record
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.records import GroupRecord, SubagentRecord
from shardflow.workflow.model import Subagent

if TYPE_CHECKING:
    from shardflow.execution.folding.fold import Folded
    from shardflow.merge.declared.reads import StaleRead


@record
class Merged:
    """A group's merge: what it gave, what arbiters decided in it, and whose declared reads others changed."""

    folded: Folded
    resolutions: bytes | None
    stale: tuple[StaleRead, ...]


def group_record(
    group: Group, status: Status, reports: Sequence[SubagentReport], merged: Merged | None, content: str, rules: bytes
) -> GroupRecord:
    """Make the record of a group that has ended; `content` is the digest of all that its merge depends on."""
    made = merged if status in (Status.DONE, Status.CONFLICT) else None
    return GroupRecord(
        phase=group.phase,
        status=status.value,
        subagents=tuple(_subagent_record(report, group.subagents[report.rank]) for report in reports),
        base=group.base.digest,
        rules=sha256_hex(rules),
        ledger=made.folded.ledger_digest if made else None,
        context=sha256_hex(made.folded.context) if made and status is Status.DONE else None,
        content=content,
        stale_reads=tuple(read.as_json() for read in merged.stale) if merged else (),
        resolutions=sha256_hex(made.resolutions) if made and made.resolutions is not None else None,
    )


def _subagent_record(report: SubagentReport, subagent: Subagent) -> SubagentRecord:
    return SubagentRecord(
        id=report.id,
        form=subagent.shard.value,
        ending=ending_name(report.ending),
        detail=ending_text(report.ending),
        sha256=report.sealed.sha256 if report.sealed else None,
        undeclared=report.undeclared.as_json() if report.undeclared else None,
        tries=report.tries,
        failure=None if succeeded(report.ending) else failure_facts(report.ending),
    )


def gone_stale(folded: Folded, subagents: Sequence[Subagent]) -> tuple[StaleRead, ...]:
    """Give whose declared reads others of the group changed."""
    reads = {subagent.id: subagent.reads for subagent in subagents if subagent.reads}
    if len(subagents) == 1 or not reads:
        return ()
    from shardflow.merge.declared.reads import stale_reads  # most workflows declare nothing

    return stale_reads(folded.result.decisions, reads)
