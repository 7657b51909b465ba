"""A subagent that takes its time and records a deliverable: `deliver.py SECONDS`.

`ENGINE_TABLE_SECONDS` in the environment overrides how long it takes, so that tests need not wait.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Work for a while, write the deliverable, and tell the context."""
    seconds = float(os.environ.get("ENGINE_TABLE_SECONDS") or sys.argv[1])
    time.sleep(seconds)
    subagent, run = os.environ["SHARDFLOW_ID"], os.environ["SHARDFLOW_RUN_DIR"]
    os.makedirs(os.path.join(run, "deliverables"), exist_ok=True)
    name = os.path.join("deliverables", f"{subagent}.md")
    with open(os.path.join(run, name), "w", encoding="utf-8") as stream:
        stream.write(f"# What {subagent} delivered\n\nIt took {seconds:g} s.\n")
    _record({"subagent": subagent, "file": name})


def _record(deliverable: dict[str, object]) -> None:
    with open(os.environ["SHARDFLOW_SHARD"], encoding="utf-8") as stream:
        context = json.load(stream)
    context["deliverables"].append(deliverable)
    context["subagents_done"] += 1
    with open(os.environ["SHARDFLOW_SHARD"], "w", encoding="utf-8") as stream:
        json.dump(context, stream, indent=2)


if __name__ == "__main__":
    main()
