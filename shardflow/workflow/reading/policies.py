"""Reading policies, and writing them down again; `workflow/policies.py` says what they mean."""

from __future__ import annotations

import re
from math import inf
from typing import Final

from shardflow.model.fields import Fields, Place, quoted
from shardflow.model.values import Json, is_number
from shardflow.workflow.policies import (
    RETRIED,
    RETRYABLE,
    FailurePolicy,
    OnFailure,
    Policy,
    Require,
    Retry,
    Tolerance,
)
from shardflow.workflow.texts import read_duration, read_timeout

MOST_TRIES: Final = 1_000
"""The most retries: more is a loop, not a retry."""

_SIGNALS: Final = {
    name: name for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGKILL")
}
_ON_FAILURE: Final = {choice.value: choice for choice in OnFailure}
_PERCENT: Final = re.compile(r"([0-9]{1,3})%")
_OF: Final = re.compile(r"([0-9]{1,6}) of ([0-9]{1,6})")
_HOW_TO_REQUIRE: Final = "say stop, continue, {require: 3}, {require: 2 of 3} or {require: 80%}"
_STANDS_IN: Final = Retry(1)


def read_policy(fields: Fields) -> Policy:
    """Read what a subagent, a phase or a workflow says of all its subagents."""
    return Policy(
        retry=fields.optional("retry", _read_retry, None),
        timeout=fields.optional("timeout", read_timeout, None),
        idle_timeout=fields.optional("idle_timeout", read_timeout, None),
        stop_signal=fields.optional("stop_signal", _read_signal, None),
        grace=fields.optional("grace", read_duration, None),
        allow_failure=fields.optional("allow_failure", Place.boolean, None),
    )


def read_failure_policy(fields: Fields, subagents: int | None) -> FailurePolicy:
    """Read what a phase, or a workflow of all its phases, says of failures; `subagents` is how many a phase has, None
    where only the run tells.
    """
    return FailurePolicy(
        on_failure=fields.optional("on_failure", lambda place: _read_tolerance(place, subagents), None),
        fail_fast=fields.optional("fail_fast", Place.boolean, None),
        record_failures=fields.optional("record_failures", Place.boolean, None),
    )


def _read_retry(place: Place) -> Retry:
    if not isinstance(place.value, dict):
        return Retry(_read_tries(place, "or an object with it as max"))
    with place.fields() as fields:
        return Retry(
            most=_read_tries(fields.place("max"), ""),
            backoff=fields.optional("backoff", read_duration, _STANDS_IN.backoff),
            factor=fields.optional("factor", _read_factor, _STANDS_IN.factor),
            longest=fields.optional("longest", read_duration, _STANDS_IN.longest),
            jitter=fields.optional("jitter", _read_share, _STANDS_IN.jitter),
            on=fields.optional("on", _read_endings, RETRIED),
        )


def _read_tries(place: Place, hint: str) -> int:
    number = place.value
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TRIES:
        return number
    place.expect(f"how often it is tried again, from 0 to {MOST_TRIES}", hint)
    return 0


def _read_factor(place: Place) -> float:
    return _read_number(place, 1, 100)


def _read_share(place: Place) -> float:
    return _read_number(place, 0, 1)


def _read_number(place: Place, least: int, most: int) -> float:
    number = place.value
    if is_number(number) and least <= number <= most:
        return float(number)
    place.expect(f"a number from {least} to {most}")
    return float(least)


def _read_endings(place: Place) -> tuple[str | int, ...]:
    if place.value == []:
        place.expect("at least one ending or exit code")
    return tuple(ending for item in place.items() if (ending := _read_ending(item)) is not None)


def _read_ending(place: Place) -> str | int | None:
    code = place.value
    if isinstance(code, int) and not isinstance(code, bool):
        if 1 <= code <= 255:
            return code
        place.expect("an exit code from 1 to 255")
        return None
    if not isinstance(code, str):
        place.expect(f"an exit code from 1 to 255, or one of {', '.join(RETRYABLE)}")
        return None
    return place.choice("ending", dict(zip(RETRYABLE, RETRYABLE, strict=True)))


def _read_signal(place: Place) -> str | None:
    return place.choice("signal", _SIGNALS)


def _read_tolerance(place: Place, subagents: int | None) -> Tolerance | None:
    match place.value:
        case str():
            return place.choice("on_failure", _ON_FAILURE)
        case dict():
            with place.fields() as fields:
                return _read_required(fields.place("require"), subagents)
        case _:
            place.expect("stop, continue, or an object with require", _HOW_TO_REQUIRE)
            return None


def _read_required(place: Place, subagents: int | None) -> Require:
    match place.value:
        case str(text) if (found := _PERCENT.fullmatch(text)) and int(found[1]) <= 100:
            return Require(None, int(found[1]))
        case str(text) if found := _OF.fullmatch(text):
            return _read_of(place, int(found[1]), int(found[2]), subagents)
        case int(number) if not isinstance(number, bool) and 0 <= number <= (inf if subagents is None else subagents):
            return Require(number)
        case _:
            room = "" if subagents is None else f" (there are {subagents})"
            place.expect(f"how many must succeed{room}, as a number, '2 of 3' or '80%'", _HOW_TO_REQUIRE)
            return Require(0)


def _read_of(place: Place, number: int, of: int, subagents: int | None) -> Require:
    if subagents is None:
        place.refuse(f"{quoted(f'{number} of {of}')}: how many there are only the run tells", "say a number or a share")
    elif of != subagents or number > of:
        place.refuse(f"{quoted(f'{number} of {of}')}, and there are {subagents}", "say a number or a share")
    return Require(number)


def policy_json(policy: Policy) -> dict[str, Json]:
    """Give a policy as a workflow writes it; None where nothing is said."""
    return {
        "retry": None if policy.retry is None else _retry_json(policy.retry),
        "timeout": policy.timeout,
        "idle_timeout": policy.idle_timeout,
        "stop_signal": policy.stop_signal,
        "grace": policy.grace,
        "allow_failure": policy.allow_failure,
    }


def failure_policy_json(policy: FailurePolicy) -> dict[str, Json]:
    """Give what failures mean as a workflow writes it; None where nothing is said."""
    return {
        "on_failure": _tolerance_json(policy.on_failure),
        "fail_fast": policy.fail_fast,
        "record_failures": policy.record_failures,
    }


def _retry_json(retry: Retry) -> Json:
    return {
        "max": retry.most,
        "backoff": retry.backoff,
        "factor": retry.factor,
        "longest": retry.longest,
        "jitter": retry.jitter,
        "on": list(retry.on),
    }


def _tolerance_json(tolerance: Tolerance | None) -> Json:
    match tolerance:
        case None:
            return None
        case Require(None, percent):
            return {"require": f"{percent}%"}
        case Require(number):
            return {"require": number}
        case _:
            return tolerance.value
