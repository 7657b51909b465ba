"""What the engine itself costs with a workflow of the shell engine: 7 phases and 11 subagents that do nothing.

    python -m tests.benchmarks.dialect                 # some seconds
    python -m tests.benchmarks.dialect --rounds 9

Every phase has a script and a gap check, the last one a checkpoint, which `--yes` passes. The shell engine needs 18 to
31 s for as many phases and subagents (several jq processes for each change of the context, on a machine of ours).
Aim: under 2 s, of which Node.js is most. `node alone` is one start of Node.js that does nothing, `without scripts` the
same workflow with none, so without Node.js. `busy` is how long processors worked for it, which other load hardly shows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.benchmarks.measuring import SHARDFLOW, cpu_seconds, medians, run, show

SUBAGENTS = (2, 1, 3, 1, 2, 1, 1)
"""How many each of the seven phases has."""

_RUNS = itertools.count()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.dialect")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for scripts in (True, False):
            _write(folder / f"{scripts}.yaml", scripts=scripts)
        works: dict[str, Callable[[], object]] = {
            "with scripts": lambda: _run(folder, "True.yaml"),
            "without scripts": lambda: _run(folder, "False.yaml"),
            "node alone": lambda: run(["node", "-e", ""], folder),
        }
        times = medians(works, options.rounds)
        busy = {name: median(cpu_seconds(work) for _ in range(options.rounds)) for name, work in works.items()}
    rows = [(name, f"{time:.2f} s", f"{busy[name]:.2f} s") for name, time in times.items()]
    show(("7 phases, 11 subagents", "median", "busy"), rows)


def _write(path: Path, *, scripts: bool) -> None:
    """Write the workflow; JSON is YAML."""
    more = {
        "main_agent": {"script": "return context.subagents_spawned"},
        "gap_check": {"script": "return {status: 'complete', gaps: []}"},
    }
    phases = [
        {
            "id": f"phase-{number}",
            "behavior": "parallel",
            "subagents": [{"type": "nothing"} for _ in range(count)],
            **(more if scripts else {}),
        }
        for number, count in enumerate(SUBAGENTS, 1)
    ]
    phases[-1]["checkpoint"] = {"approval_required": True}
    workflow = {
        "name": "nothing",
        "execution_mode": "strict",
        "agents": {"nothing": {"run": ["true"]}},
        "phases": phases,
        "finalization": {"template": "{{workflow.name}}: {{subagents_spawned}}", "output": "final.md"},
    }
    path.write_text(json.dumps(workflow), encoding="utf-8")


def _run(folder: Path, workflow: str) -> None:
    number = f"f{next(_RUNS)}"
    run([*SHARDFLOW, "run", workflow, "--quiet", "--yes", "--feature", number, "--run-dir", f"run-{number}"], folder)


if __name__ == "__main__":
    main()
