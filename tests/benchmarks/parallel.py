"""The table of the old engine: 5 subagents of 10 s, 3 of 5 s, 1 of 5 s, in parallel and one after another.

    python -m tests.benchmarks.parallel                # about two minutes
    python -m tests.benchmarks.parallel --seconds 1    # every subagent takes one second; start-up weighs more then

Wall times are of the whole command, start-up included. `ratio` is to the slowest subagent, which is the same program
run alone without an engine; `to sleep` is to the bare seconds it sleeps. `speed-up` is what parallelism gains over
`--max-parallel 1`, which is how the old engine ran. Aim: a ratio of 1.03 at most.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import REPOSITORY, SHARDFLOW, run, seconds, show

SAMPLE = REPOSITORY / "samples" / "engine-table"
TABLE = {"five-by-ten": 10.0, "three-by-five": 5.0, "one-by-five": 5.0}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.parallel")
    parser.add_argument("--seconds", type=float, help="how long every subagent sleeps instead")
    given = parser.parse_args().seconds
    rows = []
    for name, nominal in TABLE.items():
        sleep = given or nominal
        environment = {"ENGINE_TABLE_SECONDS": str(sleep)}
        alone = _alone(environment)
        parallel = _whole(name, environment)
        in_turn = _whole(name, environment, "--max-parallel", "1")
        rows.append((
            name, f"{alone:.2f} s", f"{parallel:.2f} s", f"{parallel / alone:.3f}", f"{parallel / sleep:.3f}",
            f"{in_turn:.2f} s", f"{in_turn / parallel:.2f}",
        ))  # fmt: skip
    show(("workflow", "slowest", "parallel", "ratio", "to sleep", "--max-parallel 1", "speed-up"), rows)


def _alone(environment: dict[str, str]) -> float:
    """Time one subagent without an engine."""
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder, "context.json")
        shard.write_text(json.dumps({"subagents_done": 0, "deliverables": []}), encoding="utf-8")
        contract = {"SHARDFLOW_ID": "alone", "SHARDFLOW_RUN_DIR": folder, "SHARDFLOW_SHARD": str(shard)}
        return seconds(lambda: run(["python3", "deliver.py", "0"], SAMPLE, {**environment, **contract}))


def _whole(name: str, environment: dict[str, str], *options: str) -> float:
    """Time a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*SHARDFLOW, "run", str(SAMPLE / f"{name}.yaml"), "--quiet", *options]
        return seconds(lambda: run(command, Path(folder), environment))


if __name__ == "__main__":
    main()
