"""What one merge tells of a document: its decisions, each at its place, as a tree that is walked with the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shardflow.merge.tracing.origins import Said, is_removal
from shardflow.merge.tracing.voices import Voices, voices_of
from shardflow.model.decisions import Outcome, Settled
from shardflow.model.paths import Segment
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json


@record
class RecordedMerge:
    """One recorded merge: the context before and after it, and its decisions."""

    group: str
    phase: str
    before: Json
    after: Json
    decisions: tuple[Settled, ...]


class Told:
    """What is told of a place, and of those below it.

    `voices` are those heard by the decision that says what stands here, if one does; one that only set deletions aside
    does not. `said` are the changes made just here that are superseded, and the removals.
    """

    __slots__ = ("below", "said", "voices")

    def __init__(self) -> None:
        self.voices: Voices | None = None
        self.said: list[Said] = []
        self.below: dict[Segment, Told] = {}

    def at(self, segment: Segment) -> Told:
        """Give a place below; one of which nothing is told, where the ledger does not come there."""
        return self.below.get(segment, UNTOLD)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was decided here or below."""
        return self.voices is None and not self.said and not self.below

    @property
    def superseded(self) -> Iterator[Said]:
        """The changes made just here that did not come to stand."""
        return (said for said in self.said if not is_removal(said))

    def all_said(self) -> Iterator[Said]:
        """List what was said here and below."""
        yield from self.said
        for place in self.below.values():
            yield from place.all_said()

    def hear(self, decision: Settled, merged: RecordedMerge) -> None:
        """Add a decision that was made here."""
        if self.voices is None and (not decision.superseded_by or _stands(decision)):
            self.voices = voices_of(decision, merged.group, merged.phase)
        for one in decision.contributions:
            if one.outcome is Outcome.SUPERSEDED or one.after is ABSENT:
                self.said.append(
                    Said(
                        merged.group,
                        merged.phase,
                        decision.path,
                        one.shard,
                        decision.base,
                        one.after,
                        one.outcome,
                        decision.rule,
                        decision.superseded_by,
                    )
                )


UNTOLD: Final = Told()
"""A place that no decision speaks of."""


def told_by(merged: RecordedMerge) -> Told:
    """Give what a merge tells of the whole document."""
    top = Told()
    for decision in merged.decisions:
        place = top
        for segment in decision.path:
            place = place.below.setdefault(segment, Told())
        place.hear(decision, merged)
    return top


def _stands(decision: Settled) -> bool:
    return any(one.outcome is not Outcome.SUPERSEDED for one in decision.contributions)
