"""The fields of the shell engine's dialect, read place by place; all that cannot be used is reported."""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import Fields, Place, quoted
from shardflow.model.values import ABSENT, Json
from shardflow.workflow.dialect.model import (
    DEFAULT_ITERATIONS,
    PLAIN_OPTIONS,
    Abort,
    Checkpoint,
    Choice,
    Continue,
    Criterion,
    Expression,
    Finalization,
    GapAction,
    GapCheck,
    MainAgent,
    Mode,
    OnFailure,
    Option,
    RepeatPhase,
    Script,
    Skill,
    SkipPhases,
)
from shardflow.workflow.dialect.outputs import output_fault
from shardflow.workflow.texts import read_filled, read_label, read_type

MOST_ITERATIONS: Final = 1000
"""A gap check that repeats its phase more often than this was not meant so."""

LARGEST_PHASE_NUMBER: Final = 1_000_000
"""A phase that is called by a number has a smaller one."""

_LARGEST_VERSION: Final = 10**18

_MODES: Final = {mode.value: mode for mode in Mode}
_GAP_ACTIONS: Final = {action.value: action for action in GapAction}
_CHOICES: Final = {name: name for name in ("continue", "repeat_phase", "skip_phases", "abort")}
_CURRENT: Final = "current"
_CONTINUE: Final[Choice] = Continue()


def read_mode(place: Place) -> Mode | None:
    """Read an execution mode; stand-in: None."""
    return place.choice("execution mode", _MODES)


def read_version(place: Place) -> str:
    """Read a version: a text or a number, for people."""
    match place.value:
        case int(number) if not isinstance(number, bool) and abs(number) < _LARGEST_VERSION:
            return str(number)
        case str() | float():
            return str(place.value)
        case _:
            return place.text()


def read_script(place: Place) -> Script:
    """Read a script."""
    return Script(_read_code(place))


def read_expression(place: Place) -> Expression:
    """Read a JavaScript expression; one written as a YAML boolean is one too."""
    if isinstance(place.value, bool):
        return Expression(str(place.value).lower())
    return Expression(_read_code(place))


def _read_code(place: Place) -> str:
    text = place.text()
    if isinstance(place.value, str) and not text.strip():
        place.expect("JavaScript")
    return text


def read_main_agent(place: Place) -> MainAgent:
    """Read what the main agent does."""
    with place.fields() as fields:
        return MainAgent(
            script=fields.optional("script", read_script, None),
            description=fields.optional("description", Place.text, ""),
        )


def read_suggested(place: Place) -> tuple[str, ...]:
    """Read the types suggested to a main agent, each as a text or as an object with a `type`."""
    return tuple(_read_suggested(item) for item in place.items())


def _read_suggested(place: Place) -> str:
    if not isinstance(place.value, dict):
        return read_type(place)
    return read_type(place.inner("type", place.value.get("type", ABSENT)))


def read_gap_check(place: Place) -> GapCheck | None:
    """Read a gap check; None for one that is not enabled."""
    with place.fields() as fields:
        enabled = fields.optional("enabled", Place.boolean, True)
        most = fields.optional("max_iterations", _read_iterations, DEFAULT_ITERATIONS)
        on_failure = fields.optional("on_failure", _read_on_failure, OnFailure())
        test = _read_test(fields, needed=enabled)
    return GapCheck(test, most, on_failure) if enabled else None


def _read_test(fields: Fields, *, needed: bool) -> Script | tuple[Criterion, ...]:
    script = fields.optional("script", read_script, None)
    criteria = fields.optional("criteria", _read_criteria, None)
    if script is not None and criteria is not None:
        fields.place("criteria").refuse("'script' and 'criteria' exclude each other", "keep one of them")
    elif script is None and criteria is None and needed:
        fields.here.refuse("a gap check that checks nothing", "give it a script, or criteria: [{name, check}]")
    return script or criteria or ()


def _read_criteria(place: Place) -> tuple[Criterion, ...]:
    if place.value == []:
        place.expect("at least one criterion")
    return tuple(map(_read_criterion, place.items()))


def _read_criterion(place: Place) -> Criterion:
    with place.fields() as fields:
        return Criterion(fields.required("name", read_label), fields.required("check", read_expression))


def _read_on_failure(place: Place) -> OnFailure:
    with place.fields() as fields:
        action = fields.required("action", lambda inner: inner.choice("action of a gap check", _GAP_ACTIONS))
        return OnFailure(action or GapAction.ESCALATE, fields.optional("message", Place.text, ""))


def _read_iterations(place: Place) -> int:
    return place.integer(0, MOST_ITERATIONS)


def read_checkpoint(place: Place) -> Checkpoint | None:
    """Read a checkpoint; None for one that says that no approval is required."""
    with place.fields() as fields:
        required = fields.optional("approval_required", Place.boolean, True)
        feedback = fields.optional("with_feedback", Place.boolean, False)
        checkpoint = Checkpoint(
            options=fields.optional("options", _read_options, PLAIN_OPTIONS),
            prompt=fields.optional("prompt", Place.text, ""),
            condition=fields.optional("condition", read_expression, None),
            show_files=fields.optional("show_files", _read_files, ()),
        )
    if feedback:
        options = tuple(Option(option.label, option.choice, with_feedback=True) for option in checkpoint.options)
        checkpoint = Checkpoint(options, checkpoint.prompt, checkpoint.condition, checkpoint.show_files)
    return checkpoint if required else None


def _read_files(place: Place) -> tuple[str, ...]:
    return tuple(map(read_filled, place.items()))


def _read_options(place: Place) -> tuple[Option, ...]:
    if place.value == []:
        place.expect("at least one option")
    return tuple(map(_read_option, place.items()))


def _read_option(place: Place) -> Option:
    with place.fields() as fields:
        return Option(
            label=fields.required("label", read_label),
            choice=fields.optional("on_select", _read_choice, _CONTINUE),
            with_feedback=fields.optional("with_feedback", Place.boolean, False),
        )


def _read_choice(place: Place) -> Choice:
    if not isinstance(place.value, dict):
        place.expect("an object", "say {action: NAME}, one of " + ", ".join(_CHOICES))
        return _CONTINUE
    with place.fields() as fields:
        match fields.required("action", lambda inner: inner.choice("action of an option", _CHOICES)):
            case "repeat_phase":
                target = fields.optional("target", read_phase_name, _CURRENT)
                return RepeatPhase(None if target == _CURRENT else target)
            case "skip_phases":
                return SkipPhases(fields.required("phases", _read_targets))
            case "abort":
                return Abort()
            case _:
                return Continue()


def _read_targets(place: Place) -> tuple[str, ...]:
    return tuple(map(read_phase_name, place.items()))


def read_phase_name(place: Place) -> str:
    """Read what a phase of the shell engine is called: any line of text, also one written as a number, such as `1`."""
    number = place.value
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST_PHASE_NUMBER:
        return str(number)
    return read_type(place)


def read_skills(place: Place) -> tuple[Skill, ...]:
    """Read what the configured agent or command does behind a phase."""
    return tuple(map(_read_skill, place.items()))


def _read_skill(place: Place) -> Skill:
    with place.fields() as fields:
        return Skill(
            name=fields.required("name", read_label),
            args=fields.optional("args", _read_anything, None),
            condition=fields.optional("condition", read_expression, None),
        )


def _read_anything(place: Place) -> Json:
    return None if place.value is ABSENT else place.value


def read_finalization(place: Place) -> Finalization:
    """Read what is written when all phases are through."""
    with place.fields() as fields:
        return Finalization(fields.required("template", read_filled), fields.required("output", _read_output))


def read_config(place: Place) -> dict[str, Json]:
    """Read the configuration of a subagent: `output_path`, `model` and `max_tokens` are checked, the rest is free."""
    members = place.members()
    if "model" in members:
        read_filled(members["model"])
    if "output_path" in members:
        _read_output(members["output_path"])
    if "max_tokens" in members:
        _read_positive(members["max_tokens"])
    return {name: _read_anything(member) for name, member in members.items()}


def _read_output(place: Place) -> str:
    path = read_filled(place)
    if path.strip() and (fault := output_fault(path)):
        place.refuse(f"{quoted(path)} is no place for an output", fault)
    return path


def _read_positive(place: Place) -> None:
    number = place.value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        place.expect("an integer of at least 1")


def in_phase(phase: str, text: str) -> str:
    """Say which phase a message is about."""
    return f"phase {quoted(phase)}: {text}" if phase else text
