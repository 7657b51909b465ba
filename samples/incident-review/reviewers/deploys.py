"""Reviewer of the deploy log: what was changed shortly before, and what was taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from incident import found, happened, in_window, lines, review

_STARTED = re.compile(r'(?P<time>\S+) (?P<service>\S+) (?P<version>\S+) started by=(?P<by>\S+) change="(?P<change>.*)"')


@dataclass(frozen=True)
class Deploy:
    """A deploy that was started."""

    time: str
    service: str
    version: str
    by: str
    change: str


def look(context: dict[str, Any]) -> None:
    """Note the deploys within the window; one that was rolled back is suspect."""
    started = map(_STARTED.fullmatch, lines(context, "deploy.log"))
    deploys = [Deploy(**parts.groupdict()) for parts in started if parts]
    deploys = [deploy for deploy in deploys if in_window(context, deploy.time)]
    context["counters"]["deploys"] += len(deploys)
    for deploy in deploys:
        happened(context, deploy.time, "deploys", f"{deploy.service} {deploy.version}: {deploy.change}")
        undone = next((it for it in deploys if it.change == f"rollback of {deploy.version}"), None)
        if undone is not None:
            _suspect(context, deploy, undone)


def _suspect(context: dict[str, Any], deploy: Deploy, undone: Deploy) -> None:
    note = f"{deploy.version} ({deploy.change}) was rolled back by {undone.by}"
    symptom = "pool-exhausted" if "pool" in deploy.change else "deploy"
    found(context, deploy.service, symptom, "high", "deploy.log", [deploy.time], note)
    context["root_cause"] = {
        "service": deploy.service,
        "cause": f"deploy {deploy.version}: {deploy.change}",
        "evidence": f"started {deploy.time}, rolled back {undone.time}",
    }


if __name__ == "__main__":
    review(look)
