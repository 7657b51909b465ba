"""What the reviewers share: how a finding is noted. They never see each other's notes while they work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

STATUSES = ["ok", "degraded", "outage"]
"""From best to worst; the same order as in `shared.yaml`."""


def review(reviewer: Callable[[dict[str, Any]], None]) -> None:
    """Let a reviewer edit the shard in place: all that a program has to do to be a subagent."""
    path = os.environ["SHARDFLOW_SHARD"]
    with open(path, encoding="utf-8") as stream:
        context = json.load(stream)
    reviewer(context)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(context, stream, indent=2)


def lines(context: dict[str, Any], name: str) -> list[str]:
    """Read a log and count its lines."""
    with open(os.path.join("logs", name), encoding="utf-8") as stream:
        found = stream.read().splitlines()
    context["counters"]["lines_read"] += len(found)
    return found


def in_window(context: dict[str, Any], time: str) -> bool:
    """Tell whether a time, such as 2026-03-14T14:02:11Z, is within the hours under review."""
    start, end = context["incident"]["window"]
    return bool(start <= time <= end)


def found(
    context: dict[str, Any], service: str, symptom: str, severity: str, source: str, times: Sequence[str], note: str
) -> None:
    """Note a finding. Whoever else finds the same symptom of the same service adds to it."""
    finding = {
        "service": service,
        "symptom": symptom,
        "severity": severity,
        "sources": [source],
        "count": len(times),
        "first_seen": min(times),
        "last_seen": max(times),
        "notes": [note],
    }
    context["findings"].append(finding)
    if service not in context["services_affected"]:
        context["services_affected"].append(service)


def happened(context: dict[str, Any], time: str, by: str, what: str) -> None:
    """Note an event on the timeline."""
    context["timeline"].append({"at": time, "by": by, "what": what})


def raise_status(context: dict[str, Any], status: str) -> None:
    """Make the status worse, never better."""
    context["status"] = max(context["status"], status, key=STATUSES.index)
