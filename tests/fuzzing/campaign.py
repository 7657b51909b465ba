"""The long campaign: `python -m tests.fuzzing.campaign INPUTS [TARGET...]`, so many inputs for each target.

One process, with at most 1.5 GiB of address space and 20 seconds an input. Prints one JSON object: inputs, the slowest
input in seconds and the peak of memory for each target, and every input that broke the law, in base64. Inputs follow
from their number, so what was found once is found again.
"""

from __future__ import annotations

import base64
import json
import resource
import signal
import sys
import time
import traceback
from random import Random
from typing import Any

from tests.fuzzing.mutations import mutated
from tests.fuzzing.targets import Target, all_targets, clean_up

SECONDS = 20
MEMORY = 3 << 29


def fuzzed(name: str, target: Target, inputs: int) -> dict[str, Any]:
    """Try a target, and tell what came of it."""
    slowest, broken = 0.0, []
    for number in range(inputs):
        data = mutated(Random(f"{name} {number}"), target.seeds)
        started = time.monotonic()
        signal.alarm(SECONDS)
        try:
            target.check(data)
        except Exception:
            broken.append({"input": base64.b64encode(data).decode(), "raised": traceback.format_exc()[-1500:]})
        finally:
            signal.alarm(0)
        slowest = max(slowest, time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"inputs": inputs, "slowest": round(slowest, 3), "peak MiB": peak, "broken": broken}


def _too_slow(number: int, frame: object) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


def main() -> None:
    inputs, wanted = int(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGALRM, _too_slow)
    targets = all_targets()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(json.dumps({name: fuzzed(name, targets[name], inputs) for name in wanted or targets}, indent=1))
    clean_up()


if __name__ == "__main__":
    main()
