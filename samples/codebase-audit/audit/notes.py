"""What auditors share: findings about files, counters and a status, all in the one context.

Every auditor writes these without looking at what the others write; `rules.yaml` says how they come together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from audit.tree import File

STATUSES = ["clean", "notes", "problems"]
"""From best to worst; the same order as in `rules.yaml`."""


def edit_shard(auditor: Callable[[dict[str, Any]], None]) -> None:
    """Let an auditor edit the shard in place: all that a program has to do to be a subagent."""
    path = os.environ["SHARDFLOW_SHARD"]
    with open(path, encoding="utf-8") as stream:
        context = json.load(stream)
    auditor(context)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(context, stream, ensure_ascii=False, indent=2)


def scanned(context: dict[str, Any], read: Iterable[File]) -> None:
    """Count the files this auditor read, and remember the largest."""
    sizes = [file.size for file in read]
    context["files_scanned"] += len(sizes)
    context["largest_read"] = max([context["largest_read"], *sizes])


def problem(context: dict[str, Any], path: str, auditor: str, message: str) -> None:
    """Note a file that an auditor could not read its way."""
    context["problems"].append({"file": path, "auditor": auditor, "problem": message})
    context["warnings"] += 1
    raise_status(context, "problems")


def flag(context: dict[str, Any], path: str, auditor: str, severity: str, score: int, reason: str) -> None:
    """Note something about a file that is worth a look; what others find in the same file is added to it."""
    finding = next((known for known in context["findings"] if known["file"] == path), None)
    if finding is None:
        finding = {"file": path, "severity": "low", "score": 0, "auditors": [], "reasons": []}
        context["findings"].append(finding)
    if severity == "high" or finding["severity"] == "low":
        finding["severity"] = severity
    finding["score"] += score
    finding["auditors"].append(auditor)
    finding["reasons"].append(reason)
    raise_status(context, "notes")


def raise_status(context: dict[str, Any], status: str) -> None:
    """Make the status worse, never better."""
    context["status"] = max(context["status"], status, key=STATUSES.index)
