"""What a group is made of, and what earlier starts of a resumed run left of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from shardflow.execution.folding.base import Base
from shardflow.execution.reporting.endings import Ending
from shardflow.execution.reporting.report import GroupReport
from shardflow.model.records import record
from shardflow.model.values import Value
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.directory import ArbiterFolder, GroupFolder
from shardflow.workflow.model import NO_LIMITS, Limits, OnUndeclaredWrite, Subagent


@record
class Fitting:
    """What one subagent is given beyond its shard: variables, and a prompt that it reads on its standard input.

    `warnings` tell what may be wrong with that.
    """

    environment: Mapping[str, str]
    prompt: bytes | None
    warnings: tuple[str, ...] = ()


class Outfit(Protocol):
    """What the subagents of a group are given beyond their shards, and what the engine notes in these."""

    def fit(self, subagent: Subagent, base: Base, shard: str) -> Fitting:
        """Give what a subagent gets. Raises StorageError."""

    def told(self, subagent: Subagent, base: Base) -> str | None:
        """Give the SHA-256 of what one is told, wherever its run stands; None if that is not known beforehand."""

    def settle(self, subagent: Subagent, base: Base, shard: str) -> Ending | tuple[str, ...]:
        """Note in its shard that a subagent ended well; give warnings, or how it failed then. Raises StorageError."""


@record
class Group:
    """What one group is made of. `slots` is how many of its subagents run at the same time.

    `iteration` is how often the phase has begun in this run. `engine_made` is the shard of a change that the engine
    makes itself; such a group has one subagent, and nothing to start. `outfit` is there for subagents of the dialect
    and for agent CLIs.

    It `tolerates` so many failures, not counting those of subagents that may fail: the others are merged then. One that
    `fails_fast` stops what still runs once it has more. A shard beyond its `limits` is invalid.
    """

    phase: str
    iteration: int
    name: str
    folder: GroupFolder
    subagents: tuple[Subagent, ...]
    base: Base
    slots: int
    on_undeclared_write: OnUndeclaredWrite
    engine_made: bytes | None = None
    outfit: Outfit | None = None
    tolerates: int = 0
    fails_fast: bool = False
    limits: Limits = NO_LIMITS

    def content(self, rank: int) -> str:
        """Give the digest of all that the shard of a subagent depends on."""
        from shardflow.workflow.content import subagent_content  # not before the first shard is sealed

        subagent, told = self.subagents[rank], ""
        read = self.base.digest
        if subagent.reads is not None and (said := self._told(subagent)) is not None:
            from shardflow.execution.groups.sealing.rebasing import read_digest  # most workflows declare nothing

            read, told = read_digest(self.base, subagent.reads), said
        return sha256_hex(subagent_content(self.phase, self.iteration, subagent, read, told))

    def _told(self, subagent: Subagent) -> str | None:
        """Give the digest of what a subagent is told besides what it reads; None where it may be told anything."""
        return "" if self.outfit is None else self.outfit.told(subagent, self.base)

    def content_merged_under(self, rules: bytes, contents: Iterable[str]) -> str:
        """Give the digest of all that the group's merge depends on; `contents` are those of its shards by rank."""
        from shardflow.workflow.content import group_content

        return sha256_hex(group_content(self.phase, contents, self.base.digest, sha256_hex(rules)))


@record
class KeptShard:
    """A shard that an earlier start of the run sealed, or another `run`, still as it was: the folder of its subagent,
    and its report. `former` is the base it was sealed on, where that is another one than the group's.
    """

    folder: str
    seconds: float
    warnings: tuple[str, ...]
    run: str = ""
    former: bytes | None = None


@record
class KeptAnswer:
    """What an arbiter answered in an earlier start of the run, still as it was, and how many seconds it took."""

    places: ArbiterFolder
    seconds: float


class Earlier(Protocol):
    """What earlier starts of a resumed run left, or other runs (`is_of_others`). `notes` say what could not be used."""

    notes: list[str]
    is_of_others: bool

    def shard(self, phase: str, subagent: str, content: str, base: str) -> KeptShard | None:
        """Find the shard sealed for this content, for a base of this SHA-256.

        Its folder stands outside every group, and is there to be moved.
        """

    def tries(self, content: str) -> int:
        """Count the failed tries of a subagent that was to be tried again when the start that ran it died."""

    def group(self, group: Group, rules: bytes) -> tuple[GroupReport, Base] | None:
        """Take back the group, if it was merged from the same content: give its report and what the merge gave."""

    def answer(self, content: str) -> Value:
        """Give what was answered to the question of this content; `ABSENT` if nothing was."""

    def arbitrated(self, content: str) -> KeptAnswer | None:
        """Find what an arbiter answered to the question of this content; its folder is there to be moved."""
