"""Phases that checkpoints name: each must be one of the workflow's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shardflow.model.documents import did_you_mean
from shardflow.model.fields import Place, quoted
from shardflow.workflow.dialect.model import Abort, Continue, PhaseStaging, RepeatPhase, SkipPhases


def refuse_unknown_targets(phases: Iterable[tuple[Place, PhaseStaging]], known: Iterable[str]) -> None:
    """Refuse every target of a checkpoint that is no phase; `phases` are all, each with its place."""
    names = [name for name in known if name]
    for place, staging in phases:
        for target, where in _targets(place, staging):
            if target and target not in names:
                where.refuse(f"no phase {quoted(target)} to go to", did_you_mean(target, names))


def _targets(place: Place, staging: PhaseStaging) -> Iterator[tuple[str, Place]]:
    for number, option in enumerate(staging.checkpoint.options if staging.checkpoint else ()):
        selected = _down(place, "checkpoint", "options", number, "on_select")
        match option.choice:
            case RepeatPhase(str(target)):
                yield target, _down(selected, "target")
            case SkipPhases(phases):
                for index, phase in enumerate(phases):
                    yield phase, _down(selected, "phases", index)
            case RepeatPhase() | Continue() | Abort():
                pass


def _down(place: Place, *segments: str | int) -> Place:
    for segment in segments:
        place = place.inner(segment, None)
    return place
