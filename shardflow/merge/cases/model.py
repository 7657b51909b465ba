"""What a case is: rules, a base, what each shard left of it, and what shall come out."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from shardflow.merge.resolving.documents import Written
from shardflow.model.changes import Delta, Edit, apply
from shardflow.model.diff import diff, patch_edit
from shardflow.model.documents import Document
from shardflow.model.operations import journal_edit
from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value


class Form(StrEnum):
    """How a case tells what a shard left."""

    DOCUMENT = "document"
    """The whole document, as the shard left it."""
    PATCH = "patch"
    """A JSON Merge Patch (RFC 7396) of the base."""
    JOURNAL = "journal"
    """A list of operations, as lines of a journal, one after another."""


@record
class CaseShard:
    """What one shard left: an object, or operations that fit the base. Its rank is its place in the case."""

    shard: str
    value: Json
    form: Form = Form.DOCUMENT

    def edit(self, base: dict[str, Json]) -> Edit | None:
        """Give what the shard changed of a base, None for nothing."""
        match self.form, self.value:
            case Form.PATCH, dict(patch):
                return patch_edit(base, patch)
            case Form.JOURNAL, list(lines):
                edit = journal_edit(base, enumerate(lines))
                if isinstance(edit, tuple):
                    raise AssertionError(f"operations fit the base: {edit[0].message}")
                return edit
            case _:
                return diff(base, self.value)

    def by_document(self, base: dict[str, Json]) -> CaseShard:
        """Give the same shard, told by the whole document it left."""
        document = apply(self.edit(base), base)
        if document is ABSENT:
            raise AssertionError("shards are objects")
        return CaseShard(self.shard, document)


CaseRules: TypeAlias = Document | str | None
"""The rules of a case: a rule set written in it, what names one (a path relative to the case, a shipped set), none."""


@record
class ExpectedConflict:
    """A conflict by its path and the shards in it, by rank."""

    path: Path
    shards: tuple[str, ...]


@record
class Expected:
    """What shall come out: these conflicts and no others, and this context; ABSENT where any will do.

    With conflicts, the context is what a merge shows of it then: the base value stands at their paths.
    """

    context: Value = ABSENT
    conflicts: tuple[ExpectedConflict, ...] = ()


@record
class Case:
    """One merge with what is expected of it; `expected` is None where the case only asks what comes out.

    `law` names the law that a counterexample broke, empty for none: the law shall hold of base, shards and rules.
    """

    base: dict[str, Json]
    shards: tuple[CaseShard, ...] = ()
    rules: CaseRules = None
    resolutions: tuple[Written, ...] = ()
    expected: Expected | None = None
    law: str = ""
    description: str = ""

    @property
    def deltas(self) -> list[Delta]:
        """Give what each shard changed, by rank."""
        return [Delta(one.shard, rank, one.edit(self.base)) for rank, one in enumerate(self.shards)]
