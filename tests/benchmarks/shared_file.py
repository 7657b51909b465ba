"""What is lost when subagents share one context file, and what is not when each has a shard of its own.

    python -m tests.benchmarks.shared_file                       # 50 at once, half a minute
    python -m tests.benchmarks.shared_file --subagents 200 --rounds 3

The same script, as existing subagents of the shell engine are written: jq reads the file that `CONTEXT_FILE` names,
adds one to `subagents_spawned`, appends a deliverable, sets a path of its own and marks a status; then it replaces it.
On one shared file all of them run at once, as that engine would have to run them in parallel: whoever renames later
overwrites what others have done meanwhile. Lost are the updates of the one counter, the deliverables, and the paths
of their own that are not there in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import SHARDFLOW, run, show

SCRIPT = """jq --arg id "$SHARDFLOW_ID" '.subagents_spawned += 1
  | .deliverables += [{phase: "work", path: ($id + ".md"), subagent: $id}]
  | .results[$id] = {found: 3} | .status = "done"' "$CONTEXT_FILE" > "new-$SHARDFLOW_ID"
mv "new-$SHARDFLOW_ID" "$CONTEXT_FILE"
"""
CONTEXT: dict[str, Any] = {"subagents_spawned": 0, "deliverables": [], "results": {}, "status": "open"}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.shared_file")
    parser.add_argument("--subagents", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.rounds + 1):
            for way, work in (("one shared file", _shared), ("a shard each", _sharded)):
                place = Path(folder) / f"{number}-{way.replace(' ', '-')}"
                place.mkdir()
                started = time.perf_counter()
                left = work(place, options.subagents)
                rows.append(
                    (f"{number}: {way}", *_lost(left, options.subagents), f"{time.perf_counter() - started:.1f} s")
                )
    show(("round: way", "counts lost", "deliverables lost", "own paths lost", "took"), rows)


def _lost(context: dict[str, Any], subagents: int) -> tuple[str, ...]:
    left = context["subagents_spawned"], len(context["deliverables"]), len(context["results"])
    return tuple(f"{subagents - each} of {subagents}" for each in left)


def _shared(folder: Path, subagents: int) -> dict[str, Any]:
    file = folder / "context.json"
    file.write_text(json.dumps(CONTEXT), encoding="utf-8")
    started = [
        subprocess.Popen(
            ["sh", "-c", SCRIPT],
            cwd=folder,
            env={**os.environ, "CONTEXT_FILE": str(file), "SHARDFLOW_ID": f"agent-{number}"},
            stderr=subprocess.DEVNULL,
        )
        for number in range(subagents)
    ]
    for process in started:
        process.wait()
    context: dict[str, Any] = json.loads(file.read_text(encoding="utf-8") or json.dumps(CONTEXT))
    return context


def _sharded(folder: Path, subagents: int) -> dict[str, Any]:
    listed = [{"id": f"agent-{number}", "run": SCRIPT} for number in range(subagents)]
    phase = {"id": "work", "behavior": "parallel", "max_parallel": subagents, "subagents": listed}
    workflow = {"name": "w", "context": CONTEXT, "rules": "workflow-context", "phases": [phase]}
    (folder / "w.yaml").write_text(json.dumps(workflow), encoding="utf-8")
    run([*SHARDFLOW, "run", "w.yaml", "--quiet", "--run-dir", "run"], folder)
    context: dict[str, Any] = json.loads((folder / "run/context.json").read_text(encoding="utf-8"))
    return context


if __name__ == "__main__":
    main()
