"""Small workflows for tests: a parallel phase whose subagents are shell lines."""

from __future__ import annotations

import json
from pathlib import Path

ADD = """python3 -c 'import json, os, sys
file = os.environ["SHARDFLOW_SHARD"]; context = json.load(open(file)); context.update(json.loads(sys.argv[1]))
json.dump(context, open(file, "w"))' """
"""A shell line that merges the JSON object after it into the subagent's shard."""


def adding(**members: object) -> str:
    """Give the shell line of a subagent that sets members of the context."""
    return f"{ADD}'{json.dumps(members)}'"


def write_workflow(file: Path, **subagents: str) -> Path:
    """Write a workflow of one parallel phase, `work`; JSON is YAML."""
    listed = [{"id": name.replace("_", "-"), "run": line} for name, line in subagents.items()]
    phase = {"id": "work", "behavior": "parallel", "subagents": listed}
    file.write_text(json.dumps({"name": file.stem, "phases": [phase]}))
    return file
