"""`arbiter`: a strategy that leaves what shards disagree about to a program.

A merge is pure and asks nobody. It says whom to ask; whoever runs programs asks, and merges again with the answer as a
resolution, so that a merge repeated never asks.
"""

from __future__ import annotations

from typing import Final

from shardflow.merge.site import Chosen, Site, Unsettled, Verdict, contest, unanimous
from shardflow.model.records import record
from shardflow.model.values import Json, is_number

_TIMEOUT: Final = 300.0
_EXPECTED: Final = "needs a command for the shell, a list of arguments, or {run: either, timeout: seconds}"


@record
class ArbiterProgram:
    """What to start: a text for the shell or arguments without one, and the seconds it may take."""

    run: str | tuple[str, ...]
    timeout: float


def read_arbiter(argument: Json) -> ArbiterProgram:
    """Read the argument of a rule. Raises ValueError saying what is expected."""
    match argument:
        case {"run": run, "timeout": timeout, **rest} if not rest and is_number(timeout) and float(str(timeout)) > 0:
            return ArbiterProgram(_command(run), float(str(timeout)))
        case {"run": run, **rest} if not rest:
            return ArbiterProgram(_command(run), _TIMEOUT)
        case _:
            return ArbiterProgram(_command(argument), _TIMEOUT)


def _command(run: Json) -> str | tuple[str, ...]:
    match run:
        case str() if run.strip():
            return run
        case [str(), *_] if all(isinstance(argument, str) for argument in run):
            return tuple(map(str, run))
        case _:
            raise ValueError(_EXPECTED)


def arbiter(site: Site, argument: Json) -> Verdict:
    """Ask a program of your own what shall stand where shards disagree; only a run asks it.

    What it does
        Takes a lone or unanimous change. Where shards disagree, a run starts the program, in the folder of the
        workflow, once for each conflict, with the conflict as JSON on its standard input: `id`, `path`, `reason`,
        `rule`, `base` and `candidates`, each with `shard`, `rank` and `value`; what is absent has no member. It answers
        with JSON on its standard output: `{"take": {"shard": "two"}, "reason": "it saw the outage"}`, or
        `"take": "base"`, or `"take": {"value": any JSON}`. The answer is kept with the run as a resolution, so a
        repeated merge takes it into account and never asks again.
        `{arbiter: [python3, decide.py]}` starts no shell, `{arbiter: 'python3 decide.py'}` does; 300 seconds are its
        time, `{arbiter: {run: [python3, decide.py], timeout: 20}}` gives it others.
    Why
        For what takes judgement: a model or a checker that reads all candidates before it decides.
    Known problems
        Outside of a run it stays a conflict. A program that fails, takes too long or answers anything else leaves the
        conflict as it is and is told with its last words; question, answer and log are kept with the run. Two runs may
        be answered differently: only a merge repeated is sure to give the same bytes.
    Example
        {arbiter: [python3, decide.py]}
            base   1
            a      2
            b      3
            gives  conflict
        {arbiter: [python3, decide.py]}
            base   1
            a      2
            b      2
            gives  2
    Laws
        commutative, associative, idempotent (of what is asked, not of the answer)
    """
    agreed = unanimous(site)
    if isinstance(agreed, Chosen):
        return agreed
    return Unsettled(f"{contest(site)}, and no arbiter has decided", argument)
