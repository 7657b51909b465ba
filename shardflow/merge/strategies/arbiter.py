"""`arbiter`: a strategy that leaves what shards disagree about to a program or an agent CLI.

A merge is pure and asks nobody. It says whom to ask, and does not know who that is; whoever starts programs asks, and
merges again with the answer as a resolution, so that a merge repeated never asks.
"""

from __future__ import annotations

from shardflow.merge.site import Chosen, Site, Unsettled, Verdict, contest, unanimous
from shardflow.model.values import Json


def arbiter(site: Site, argument: Json) -> Verdict:
    """Ask a program of your own, or an agent CLI, what shall stand where shards disagree; only a run asks.

    What it does
        Takes a lone or unanimous change. Where shards disagree, a run asks once for each conflict. A program is started
        in the folder of the workflow, with the conflict as JSON on its standard input: `id`, `path`, `reason`, `rule`,
        `base` and `candidates`, each with `shard`, `rank` and `value`; what is absent has no member. It answers with
        JSON on its standard output: `{"take": {"shard": "two"}, "reason": "it saw the outage"}`, or `"take": "base"`,
        or `"take": {"value": any JSON}`. The answer is kept with the run as a resolution, so a repeated merge takes it
        into account and never asks again; nor is a question asked twice where a run is stopped and resumed, unless its
        phase is asked for once more (`resume --from`).
        `{arbiter: [python3, decide.py]}` starts no shell, `{arbiter: 'python3 decide.py'}` does. It has 300 seconds,
        with `{arbiter: {run: [python3, decide.py], timeout: 20}}` as many as that says (or `90s`, `5m`).
        `{arbiter: {agent: claude}}` asks an agent CLI by its name, with `model`, `tools`, `args` and `pass_env` as
        a subagent has them, `timeout`, and `prompt`, a text that says what to prefer.
        It is started in a folder of its own, may write nothing, reads the question on its standard input, and inherits
        what a subagent of this CLI would. Its last message is its answer: the same JSON, alone or in one fenced block
        marked `json`.
    Why
        For what takes judgement: a model or a checker that reads all candidates before it decides.
    Known problems
        Outside of a run it stays a conflict. Who fails, takes too long or answers anything else leaves the conflict as
        it is and is told with the last words; question, answer and log are kept with the run. `shardflow resume` asks
        them again, unless somebody has begun to decide with `merge RUN --resolve`. What an agent CLI used
        for it stands in the journal, in `--json` and in the sum at the end of the run. Two runs may be answered
        differently: only a merge repeated is sure to give the same bytes. What shards left is marked as data in the
        prompt of an agent CLI, yet it may talk a model into its own choice.
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
