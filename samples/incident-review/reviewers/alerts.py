"""Reviewer of the alerts: what the monitoring saw, and for how long."""

from __future__ import annotations

import json
from typing import Any

from incident import found, happened, in_window, lines, raise_status, review


def look(context: dict[str, Any]) -> None:
    """Note each alert that fired within the window."""
    alerts = json.loads("\n".join(lines(context, "alerts.json")))
    for alert in alerts:
        if in_window(context, alert["fired"]):
            _alert(context, alert)


def _alert(context: dict[str, Any], alert: dict[str, Any]) -> None:
    context["counters"]["alerts"] += 1
    note = f"{alert['name']}: {alert['value']}"
    times = [time for time in (alert["fired"], alert["resolved"]) if time]
    found(context, alert["service"], alert["symptom"], alert["severity"], "alerts.json", times, note)
    context["findings"][-1]["count"] = 1  # one alert, though it has two ends
    happened(context, alert["fired"], "alerts", f"{alert['name']} fired")
    if alert["resolved"]:
        happened(context, alert["resolved"], "alerts", f"{alert['name']} resolved")
    raise_status(context, "outage" if alert["severity"] == "critical" else "degraded")


if __name__ == "__main__":
    review(look)
