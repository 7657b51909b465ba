"""What a phase of the dialect does besides its subagents, in lines of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.cli.views.display import count, shortened
from shardflow.storage.excerpts import printable
from shardflow.workflow.dialect.answers import action_of
from shardflow.workflow.dialect.model import (
    Checkpoint,
    Expression,
    GapCheck,
    PhaseStaging,
    RepeatPhase,
    Script,
    SkipPhases,
)

_WIDTH = 100


def staging_lines(staging: PhaseStaging) -> Iterator[str]:
    """Tell it in the order it happens."""
    if staging.suggested:
        yield f"  suggested to the main agent: {printable(', '.join(staging.suggested))}"
    if staging.adaptive is not None:
        yield f"  then what its script returns: {_code(staging.adaptive)}"
    if staging.main is not None and staging.main.script is not None:
        yield f"  main agent: {_code(staging.main.script)}"
    if staging.gap_check is not None:
        yield f"  gap check: {_gap_check(staging.gap_check)}"
    for skill in staging.skills:
        yield f"  skill {skill.name}{_condition(skill.condition)}"
    if staging.checkpoint is not None:
        yield f"  checkpoint: {_checkpoint(staging.checkpoint)}"


def _gap_check(check: GapCheck) -> str:
    if isinstance(check.test, Script):
        return f"{_code(check.test)}, at most {count(check.max_iterations, 'retry', 'retries')}"
    named = printable(", ".join(criterion.name for criterion in check.test))
    return f"{shortened(named, _WIDTH)}; if not: {check.on_failure.action}"


def _checkpoint(checkpoint: Checkpoint) -> str:
    options = []
    for option in checkpoint.options:
        match option.choice:
            case RepeatPhase(target):
                options.append(f"{option.label} (repeat {target or 'this phase'})")
            case SkipPhases(phases):
                options.append(f"{option.label} (skip {', '.join(phases)})")
            case choice:
                options.append(f"{option.label} ({action_of(choice)})")
    return printable(", ".join(options)) + _condition(checkpoint.condition)


def _condition(condition: Expression | None) -> str:
    return "" if condition is None else f", if {_code(condition)}"


def _code(code: Script | Expression) -> str:
    return shortened(" ".join(code.text.split()), _WIDTH)
