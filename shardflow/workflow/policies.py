"""Policies: what may go wrong, how often it is tried, and how long it may take; of a workflow, a phase, a subagent.

    timeout: 10m                  # of a subagent, from its start; of a phase or workflow: of each of its subagents
    idle_timeout: 2m              # without a word on its standard output or error, and without a change of its shard
    stop_signal: SIGINT           # how it is asked to end; SIGKILL follows after the grace
    grace: 30s
    retry: {max: 3, backoff: 2s, factor: 2, longest: 1m, jitter: 0.2, on: [timed-out, invalid-shard, 75]}
    allow_failure: true           # its failure is told, and counts for nothing
    on_failure: {require: 80%}    # of a phase or workflow: stop (the default), continue, or so many that must succeed
    record_failures: false        # of a phase or workflow: do not add failures that were allowed to $.failures
    fail_fast: true               # of a phase or workflow: once a group cannot succeed any more, stop the rest of it

Law: a field that a subagent does not have is that of its phase, and one that a phase does not have is the workflow's;
`inherited` settles that when the workflow is read, and nobody asks again.
"""

from __future__ import annotations

from enum import StrEnum
from math import ceil
from typing import Final, TypeAlias, TypeVar

from shardflow.model.records import record

T = TypeVar("T")

RETRIED: Final = (
    *("exited-non-zero", "died-by-signal", "timed-out", "invalid-shard", "empty-shard"),
    "agent-unavailable",  # its API says 408, 429, 5xx or 529, or is not reached: all that may be otherwise soon
)
"""The endings that are tried again unless `on:` says otherwise."""

RETRYABLE: Final = (*RETRIED, "agent-failed", "not-started")
"""The endings that `on:` can name, besides exit codes. What wrote undeclared would write it again."""

_GROWTH: Final = 100
"""How often a pause grows: further powers of the largest factor are no floats, and beyond any longest pause."""


@record
class Retry:
    """How often and when a failed subagent is tried again.

    most      tries after the first one
    backoff   seconds before the second try; before each further one `factor` times as many, but at most `longest`
    jitter    up to which share of the pause chance takes off, so that many that failed together do not return together
    on        the endings that are tried again, as the journal names them, and exit codes
    """

    most: int
    backoff: float = 1.0
    factor: float = 2.0
    longest: float = 300.0
    jitter: float = 0.1
    on: tuple[str | int, ...] = RETRIED

    def pause(self, tries: int, chance: float) -> float:
        """Give the seconds to wait after this many failed tries; `chance` is from 0 to 1."""
        whole = min(self.longest, self.backoff * self.factor ** min(tries - 1, _GROWTH))
        return whole * (1 - self.jitter * chance)


@record
class Policy:
    """What holds for a subagent; None: not said here. Times in seconds."""

    retry: Retry | None = None
    timeout: float | None = None
    idle_timeout: float | None = None
    stop_signal: str | None = None
    grace: float | None = None
    allow_failure: bool | None = None

    def over(self, other: Policy) -> Policy:
        """Give this policy, with what it does not say taken from the other one."""
        return Policy(
            retry=_first(self.retry, other.retry),
            timeout=_first(self.timeout, other.timeout),
            idle_timeout=_first(self.idle_timeout, other.idle_timeout),
            stop_signal=_first(self.stop_signal, other.stop_signal),
            grace=_first(self.grace, other.grace),
            allow_failure=_first(self.allow_failure, other.allow_failure),
        )


class OnFailure(StrEnum):
    """What a failed subagent means for its phase."""

    STOP = "stop"
    """The phase failed, nothing of the group is merged, the run ends."""
    CONTINUE = "continue"
    """The others are merged, and the run goes on."""


@record
class Require:
    """So many must succeed: a number, or a share of all in percent (then `number` is None)."""

    number: int | None
    percent: int = 100


Tolerance: TypeAlias = OnFailure | Require


def tolerated(tolerance: Tolerance, of: int) -> int:
    """Give how many of so many subagents may fail; less than 0 where even all of them are too few."""
    match tolerance:
        case OnFailure.STOP:
            return 0
        case OnFailure.CONTINUE:
            return of
        case Require(int(number)):
            return of - number
        case Require(percent=percent):
            return of - ceil(of * percent / 100)


@record
class FailurePolicy:
    """What failures mean for a phase; None: not said here."""

    on_failure: Tolerance | None = None
    fail_fast: bool | None = None
    record_failures: bool | None = None

    def over(self, other: FailurePolicy) -> FailurePolicy:
        """Give this policy, with what it does not say taken from the other one."""
        on_failure = other.on_failure if self.on_failure is None else self.on_failure
        return FailurePolicy(
            on_failure,
            _first(self.fail_fast, other.fail_fast),
            _first(self.record_failures, other.record_failures),
        )


POLICY_FIELDS: Final[tuple[str, ...]] = Policy.__match_args__
"""The fields that a subagent, a phase and a workflow can have."""

FAILURE_FIELDS: Final[tuple[str, ...]] = FailurePolicy.__match_args__
"""The fields that a phase and a workflow can have."""

NO_POLICY: Final = Policy()
NO_FAILURE_POLICY: Final = FailurePolicy()


def _first(own: T | None, other: T | None) -> T | None:
    return other if own is None else own
