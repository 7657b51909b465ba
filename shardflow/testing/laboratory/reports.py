"""What a check found: which laws are kept and why they were asked for, and the smallest example of each that is not."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from shardflow.model.records import record
from shardflow.testing.laboratory.places import Place
from shardflow.testing.laboratory.search import Answer, Broken, Kept
from shardflow.testing.laws.outcomes import LawBroken, text_of


class Standing(StrEnum):
    """Why a law was asked for."""

    REQUIRED = "required"
    DECLARED = "declared"
    EXCEPTED = "declared with an exception"
    ASKED = "asked for"
    """By name: it is to hold, declared or not, whatever exception it was declared with."""
    UNDECLARED = "not declared"


_TO_HOLD: Final = (Standing.REQUIRED, Standing.DECLARED, Standing.ASKED)


@record
class Finding:
    """What was found about one law. If it is not one of the whole rule set, `subject` says whose, and `place` where."""

    law: str
    standing: Standing
    answer: Answer
    subject: str = ""
    place: Place | None = None

    @property
    def is_broken(self) -> bool:
        """Whether a law that should hold does not."""
        return isinstance(self.answer, Broken) and self.standing in _TO_HOLD

    @property
    def is_suggested(self) -> bool:
        """Whether a law holds that could be declared."""
        return isinstance(self.answer, Kept) and self.standing is Standing.UNDECLARED


@record
class Report:
    """All findings of one check.

    `unchecked` are laws that are not known to hold though nothing broke them, each with the reason: no law is called
    so, or the function they are laws of never answered. `elsewhere` are those that only others can ask for.
    """

    findings: tuple[Finding, ...]
    seed: int
    unchecked: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The laws that should hold and do not."""
        return tuple(finding for finding in self.findings if finding.is_broken)

    @property
    def suggested(self) -> tuple[str, ...]:
        """The laws that hold and are not declared, by name."""
        return tuple(_named(finding) for finding in self.findings if finding.is_suggested)

    def demand(self) -> Report:
        """Give this report, or raise LawBroken for the first broken law, with its smallest example; ValueError for laws
        that could not be checked.
        """
        __tracebackhide__ = True
        for finding in self.broken:
            if isinstance(finding.answer, Broken):
                raise found(finding, finding.answer)
        if self.unchecked:
            raise ValueError("\n".join(f"not checked: {told}" for told in self.unchecked))
        return self


def _named(finding: Finding) -> str:
    return f"{finding.law} ({finding.subject})" if finding.subject else finding.law


def broken_lines(finding: Finding, broken: Broken) -> Iterator[str]:
    """Tell a broken law line by line: the example, then what came out of it."""
    yield f"{_named(finding)} is broken"
    yield f"  base: {text_of(broken.group.base)}"
    for shard, document in zip(broken.group.shards, broken.group.documents, strict=True):
        yield f"  {shard}: {text_of(document)}"
    yield from broken.error.lines()[0 if broken.error.reason else 1 :]


def found(finding: Finding, broken: Broken) -> LawBroken:
    """Give a broken law as the error it is, with its example in the message."""
    error = LawBroken(broken.error.law, broken.error.contrast, broken.error.reason, broken.error.rule)
    error.args = ("\n".join(broken_lines(finding, broken)),)
    return error
