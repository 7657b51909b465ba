"""What a phase runs, by its mode and behavior.

    strict    parallel, sequential    subagents (a list), then the main agent's script if there is one
    strict    main-only               the main agent's script, or run: or python: of the phase itself
    loose     main-only               the same; suggested_subagents are only told
    adaptive  parallel, sequential    subagents.always and/or those that subagents.adaptive.script returns, then
                                      the main agent's script if there is one

Law: whatever else a phase says is refused, with the field and what was expected instead.
"""

from __future__ import annotations

from typing import Final

from shardflow.model.fields import Fields, Place, quoted, shown
from shardflow.model.records import record
from shardflow.workflow.agents.preset import HOW_TO_NAME
from shardflow.workflow.dialect.model import MainAgent, Mode, Script
from shardflow.workflow.dialect.reading import in_phase, read_main_agent, read_script
from shardflow.workflow.model import Behavior, Subagent
from shardflow.workflow.reading.programs import PROGRAM_FIELDS, PROGRAMS, read_subagent
from shardflow.workflow.reading.subagents import read_subagents
from shardflow.workflow.texts import id_of

_ALONE: Final = (Behavior.MAIN_ONLY,)
_WITH_OTHERS: Final = (Behavior.PARALLEL, Behavior.SEQUENTIAL)
_BEHAVIORS_OF: Final = {Mode.STRICT: (*_WITH_OTHERS, *_ALONE), Mode.LOOSE: _ALONE, Mode.ADAPTIVE: _WITH_OTHERS}
_NOBODY: Final[tuple[Subagent, ...]] = ()
_HOW_TO_RUN: Final = (
    "say run: with a shell command or a list of arguments, python: package.module:function, "
    f"main_agent: {{script: JavaScript}}, or {HOW_TO_NAME}"
)

_ON_ITS_OWN: Final = "put run:, python: or main_agent: on the phase itself, or say behavior: sequential"
_ONLY_SUGGESTED: Final = "a loose phase has suggested_subagents, which are only told"


@record
class WhatRuns:
    """What a phase runs, in this order."""

    subagents: tuple[Subagent, ...] = ()
    adaptive: Script | None = None
    main: MainAgent | None = None


def read_what_runs(fields: Fields, mode: Mode, behavior: Behavior | None, phase: str) -> WhatRuns:
    """Read what a phase of this mode and behavior runs; without a readable behavior, what it was likely meant to."""
    if behavior is not None and behavior not in _BEHAVIORS_OF[mode]:
        _refuse_behavior(fields, mode, behavior, phase)
        behavior = _BEHAVIORS_OF[mode][0] if mode is Mode.LOOSE else None
    main = fields.optional("main_agent", read_main_agent, None)
    if (behavior or _likely_behavior(fields)) is Behavior.MAIN_ONLY:
        return _read_alone(fields, main, phase, mode)
    for name in PROGRAM_FIELDS:
        if name in fields:
            hint = "move it into a subagent of the phase, or say behavior: main-only"
            fields.place(name).refuse(f"only a main-only phase has {quoted(name)} of its own", hint)
    if mode is Mode.ADAPTIVE:
        return _read_adaptive(fields.place("subagents"), main)
    return WhatRuns(_read_listed(fields.place("subagents"), phase), None, main)


def _refuse_behavior(fields: Fields, mode: Mode, behavior: Behavior, phase: str) -> None:
    wanted = " or ".join(allowed.value for allowed in _BEHAVIORS_OF[mode])
    message = f"expected behavior {wanted} in {_named(mode)} phase, found {quoted(behavior.value)}"
    fields.place("behavior").refuse(in_phase(phase, message), f"or give the phase another execution_mode than {mode}")


def _named(mode: Mode) -> str:
    return f"an {mode}" if mode is Mode.ADAPTIVE else f"a {mode}"


def likely_mode(fields: Fields) -> Mode:
    """Guess the mode of a phase that has no readable one, so that all its problems are told."""
    return Mode.ADAPTIVE if isinstance(fields.place("subagents").value, dict) else Mode.STRICT


def _likely_behavior(fields: Fields) -> Behavior:
    """Guess what a phase without a readable behavior was meant to be, so that all its problems are told."""
    alone = any(name in fields for name in (*PROGRAMS, "main_agent"))
    return Behavior.MAIN_ONLY if alone and "subagents" not in fields else Behavior.SEQUENTIAL


def _read_alone(fields: Fields, main: MainAgent | None, phase: str, mode: Mode) -> WhatRuns:
    if "subagents" in fields and not (main is not None and fields.place("subagents").value == []):
        hint = _ONLY_SUGGESTED if mode is Mode.LOOSE else _ON_ITS_OWN
        fields.place("subagents").refuse("a main-only phase has no subagents", hint)
    if main is None:
        if not any(name in fields for name in PROGRAMS):
            for name in PROGRAM_FIELDS:
                fields.optional(name, Place.part, None)
            fields.here.refuse(in_phase(phase, "nothing to run"), _HOW_TO_RUN)
            return WhatRuns()
        return WhatRuns((read_subagent(fields, id_of(phase, "phase")),))
    if main.script is None:
        fields.place("main_agent").refuse(in_phase(phase, "field 'script' is missing"), "expected JavaScript")
    for name in PROGRAM_FIELDS:
        if name in fields:
            hint = "keep one of them"
            fields.place(name).refuse(f"'main_agent' and {quoted(name)} exclude each other", hint)
    return WhatRuns((), None, main)


def _read_listed(place: Place, phase: str) -> tuple[Subagent, ...]:
    if isinstance(place.value, dict):
        message = f"expected a list of subagents in a strict phase, found {shown(place.value)}"
        place.refuse(in_phase(phase, message), "or say execution_mode: adaptive")
        return ()
    return read_subagents(place)


def _read_adaptive(place: Place, main: MainAgent | None) -> WhatRuns:
    if not isinstance(place.value, dict) or not place.value:
        place.expect(
            "an object {always: a list, adaptive: {script}} of one or both, in an adaptive phase",
            "a list of subagents belongs in a strict phase: say execution_mode: strict",
        )
        return WhatRuns((), None, main)
    with place.fields() as fields:
        always = fields.optional("always", read_subagents, _NOBODY)
        return WhatRuns(always, fields.optional("adaptive", _read_adaptive_script, None), main)


def _read_adaptive_script(place: Place) -> Script:
    with place.fields() as fields:
        return fields.required("script", read_script)
