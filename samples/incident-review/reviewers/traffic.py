"""Reviewer of the access log: how much came, how much failed, how long it took."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incident import found, happened, in_window, lines, raise_status, review

MANY_FAILED, MOST_FAILED = 0.05, 0.25
SLOW = 1.0
SURGE = 2.0
CALM_MINUTES = 10

_LINE = re.compile(
    r'\S+ - - \[(?P<time>[^]]+)] "\S+ \S+ \S+" (?P<code>\d{3}) \d+ rt=(?P<seconds>[\d.]+) service=(?P<service>\S+)'
)


@dataclass(frozen=True)
class Request:
    """A line of the access log; `time` in ISO 8601, UTC."""

    time: str
    service: str
    failed: bool
    seconds: float


def look(context: dict[str, Any]) -> None:
    """Note failures and slowness by service, and a surge of traffic."""
    every = [request for line in lines(context, "access.log") if (request := _request(line))]
    requests = [request for request in every if in_window(context, request.time)]
    context["counters"]["requests"] += len(requests)
    context["counters"]["failed_requests"] += sum(request.failed for request in requests)
    by_service = defaultdict(list)
    for request in requests:
        by_service[request.service].append(request)
    for service, its in sorted(by_service.items()):
        _failures(context, service, its)
        _slowness(context, service, its)
    _surge(context, requests)


def _request(line: str) -> Request | None:
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    time = datetime.strptime(parts["time"], "%d/%b/%Y:%H:%M:%S +0000")
    return Request(f"{time:%Y-%m-%dT%H:%M:%SZ}", parts["service"], parts["code"] >= "500", float(parts["seconds"]))


def _failures(context: dict[str, Any], service: str, requests: list[Request]) -> None:
    times = [request.time for request in requests if request.failed]
    share = len(times) / len(requests)
    if share < MANY_FAILED:
        return
    severity = "critical" if share >= MOST_FAILED else "high"
    found(context, service, "errors", severity, "access.log", times, f"{share:.0%} of requests failed")
    happened(context, times[0], "traffic", f"first failed request of {service}")
    happened(context, times[-1], "traffic", f"last failed request of {service}")
    raise_status(context, "outage" if severity == "critical" else "degraded")


def _slowness(context: dict[str, Any], service: str, requests: list[Request]) -> None:
    slow = [request for request in requests if request.seconds > SLOW]
    if len(slow) < MANY_FAILED * len(requests):
        return
    longest = max(request.seconds for request in slow)
    times = [request.time for request in slow]
    found(context, service, "latency", "medium", "access.log", times, f"up to {longest:.1f} s for a request")
    raise_status(context, "degraded")


def _surge(context: dict[str, Any], requests: list[Request]) -> None:
    """Compare each minute with the calm ones at the start; the first of several busy ones is where a surge begins."""
    per_minute = Counter(request.time[:16] for request in requests)
    minutes = sorted(per_minute)
    usual = sum(per_minute[minute] for minute in minutes[:CALM_MINUTES]) / CALM_MINUTES
    busy = [minute for minute in minutes if per_minute[minute] >= SURGE * usual]
    if len(busy) < CALM_MINUTES:
        return
    times = [f"{minute}:00Z" for minute in busy]
    peak = max(per_minute.values()) / usual
    note = f"{len(busy)} minutes with at least {SURGE:.0f} times the usual requests"
    found(context, "storefront", "traffic", "medium", "access.log", times, note)
    happened(context, times[0], "traffic", "requests begin to exceed twice the usual")
    context["root_cause"] = {
        "service": "storefront",
        "cause": "traffic surge",
        "evidence": f"up to {peak:.1f} times the usual requests a minute, and failures began soon after",
    }


if __name__ == "__main__":
    review(look)
