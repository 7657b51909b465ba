"""What a subagent costs: 1,000 that do nothing, 64 at a time, against `xargs -P 64` with the same commands.

    python -m tests.benchmarks.spawn                   # about a minute
    python -m tests.benchmarks.spawn --rounds 9

Both run in turns, medians of the wall time of the whole command. `ratio` has everything in it: start-up, a folder
with a shard and two logs for each subagent, the merge, the run directory. `net` leaves out what a run of one
subagent takes.
Aim: a ratio of 2 at most.

The runs stand in the folder for temporary files (`TMPDIR`), and are removed in the end. An ext4 without a journal
does not use the inodes of removed files again for up to five minutes, and passes over each of them for every file
it makes (fs/ext4/ialloc.c, `recently_deleted`): measure once in five minutes there, or on a tmpfs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import SHARDFLOW, medians, run, show

AT_A_TIME = 64
KINDS = {"a program": ["true"], "a shell": ["sh", "-c", ":"]}

_RUNS = itertools.count()
"""Every run gets a directory of its own; removing them is not timed."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spawn")
    parser.add_argument("--subagents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, command in KINDS.items():
            rows.append((kind, *_measured(Path(folder), command, options.subagents, options.rounds)))
    show(("subagent", "xargs each", "shardflow each", "ratio", "one alone", "net each", "net ratio"), rows)


def _measured(folder: Path, command: list[str], subagents: int, rounds: int) -> tuple[str, ...]:
    _write(folder / "many.yaml", command, subagents)
    _write(folder / "one.yaml", command, 1)
    numbers = "".join(f"{number}\n" for number in range(subagents))
    times = medians(
        {
            "xargs": lambda: run(["xargs", "-P", str(AT_A_TIME), "-n", "1", *command], folder, stdin=numbers),
            "many": lambda: _run(folder, "many.yaml"),
            "one": lambda: _run(folder, "one.yaml"),
        },
        rounds,
    )
    each = {name: 1000 * time / subagents for name, time in times.items()}
    net = each["many"] - each["one"]
    return (
        f"{each['xargs']:.3f} ms", f"{each['many']:.3f} ms", f"{each['many'] / each['xargs']:.2f}",
        f"{1000 * times['one']:.0f} ms", f"{net:.3f} ms", f"{net / each['xargs']:.2f}",
    )  # fmt: skip


def _write(path: Path, command: list[str], subagents: int) -> None:
    """Write the workflow; JSON is YAML. Each subagent gets the argument xargs gives it."""
    members = [{"id": f"agent-{number:04}", "run": [*command, str(number)]} for number in range(subagents)]
    phase = {"id": "nothing", "behavior": "parallel", "subagents": members}
    context = {"task": "nothing", "findings": []}
    workflow = {"name": "nothing", "max_parallel": AT_A_TIME, "context": context, "phases": [phase]}
    path.write_text(json.dumps(workflow), encoding="utf-8")


def _run(folder: Path, workflow: str) -> None:
    run([*SHARDFLOW, "run", workflow, "--quiet", "--run-dir", f"run-{next(_RUNS)}"], folder)


if __name__ == "__main__":
    main()
