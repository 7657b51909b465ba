"""What the dialect says, as the fields it was read from."""

from __future__ import annotations

from shardflow.model.values import Json
from shardflow.workflow.dialect.model import (
    Abort,
    Checkpoint,
    Choice,
    Continue,
    Expression,
    Finalization,
    GapCheck,
    MainAgent,
    Mode,
    Option,
    PhaseStaging,
    RepeatPhase,
    Script,
    Skill,
    SkipPhases,
)


def staging_plan(staging: PhaseStaging) -> dict[str, Json]:
    """Give the fields of a phase; those that say nothing are null."""
    return {
        "name": staging.name,
        "execution_mode": None if staging.mode is Mode.STRICT else staging.mode.value,
        "suggested_subagents": list(staging.suggested) or None,
        "main_agent": _main_agent(staging.main),
        "gap_check": gap_check_plan(staging.gap_check),
        "checkpoint": _checkpoint(staging.checkpoint),
        "skills": [_skill(skill) for skill in staging.skills] or None,
    }


def finalization_plan(finalization: Finalization | None) -> Json:
    """Give what is written in the end."""
    if finalization is None:
        return None
    return {"template": finalization.template, "output": finalization.output}


def _main_agent(main: MainAgent | None) -> Json:
    if main is None:
        return None
    return saying({"description": main.description, "script": _text(main.script)})


def gap_check_plan(check: GapCheck | None) -> Json:
    """Give a gap check."""
    if check is None:
        return None
    on_failure: dict[str, Json] = {"action": check.on_failure.action.value, "message": check.on_failure.message}
    if isinstance(check.test, Script):
        test: dict[str, Json] = {"script": check.test.text}
    else:
        test = {"criteria": [{"name": each.name, "check": each.check.text} for each in check.test]}
    return {"max_iterations": check.max_iterations, **test, "on_failure": saying(on_failure)}


def _checkpoint(checkpoint: Checkpoint | None) -> Json:
    if checkpoint is None:
        return None
    return saying(
        {
            "condition": _text(checkpoint.condition),
            "prompt": checkpoint.prompt,
            "show_files": list(checkpoint.show_files) or None,
            "options": [option_plan(option) for option in checkpoint.options],
        }
    )


def option_plan(option: Option) -> Json:
    """Give an option of a checkpoint."""
    return saying(
        {
            "label": option.label,
            "with_feedback": option.with_feedback or None,
            "on_select": _choice(option.choice),
        }
    )


def _choice(choice: Choice) -> Json:
    match choice:
        case Continue():
            return {"action": "continue"}
        case RepeatPhase(target):
            return {"action": "repeat_phase", "target": target or "current"}
        case SkipPhases(phases):
            return {"action": "skip_phases", "phases": list(phases)}
        case Abort():
            return {"action": "abort"}


def _skill(skill: Skill) -> Json:
    return saying({"name": skill.name, "condition": _text(skill.condition), "args": skill.args})


def _text(code: Script | Expression | None) -> str | None:
    return None if code is None else code.text


def saying(fields: dict[str, Json]) -> dict[str, Json]:
    """Leave out the fields that say nothing."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
