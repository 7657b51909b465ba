"""The write-up: a post-mortem from the merged context, in the run directory."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from incident import review

NAME = "postmortem.md"


def write(context: dict[str, Any]) -> None:
    """Write the post-mortem, and tell the context how long the incident took."""
    errors = [it for it in context["findings"] if it["symptom"] == "errors"]
    start, end = min(it["first_seen"] for it in errors), max(it["last_seen"] for it in errors)
    minutes = round((datetime.fromisoformat(end[:-1]) - datetime.fromisoformat(start[:-1])).total_seconds() / 60)
    context["write_up"] = {"file": NAME, "from": start, "to": end, "minutes": minutes}
    path = os.path.join(os.environ["SHARDFLOW_RUN_DIR"], NAME)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("\n".join(_post_mortem(context)))
    print(f"post-mortem: {path}")


def _post_mortem(context: dict[str, Any]) -> list[str]:
    incident, cause, counters, write_up = (context[k] for k in ("incident", "root_cause", "counters", "write_up"))
    findings = sorted(context["findings"], key=lambda it: (-len(it["sources"]), it["first_seen"]))
    timeline = sorted(context["timeline"], key=lambda it: (it["at"], it["what"]))
    return [
        f"# {incident['id']}: {incident['title']}",
        "",
        f"Status {context['status']} for {write_up['minutes']} minutes, {write_up['from']} to {write_up['to']}. "
        f"{counters['failed_requests']} of {counters['requests']} requests failed.",
        "",
        f"**Root cause** ({cause['service']}): {cause['cause']}. Evidence: {cause['evidence']}.",
        "",
        "| service | symptom | severity | seen | by | notes |",
        "| --- | --- | --- | ---: | --- | --- |",
        *(
            f"| {it['service']} | {it['symptom']} | {it['severity']} | {it['count']} | {', '.join(it['sources'])} "
            f"| {'; '.join(it['notes'])} |"
            for it in findings
        ),
        "",
        *(f"- {it['at'][11:19]} {it['what']} ({it['by']})" for it in timeline),
        "",
    ]


if __name__ == "__main__":
    review(write)
