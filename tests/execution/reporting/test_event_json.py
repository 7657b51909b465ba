"""What the docstring of `storage/runs/journal.py` says of events: every one that is written, with its members."""

from __future__ import annotations

import json
import re
from inspect import getsource

from shardflow.execution.reporting import event_json
from shardflow.storage.runs import journal
from tests.execution.running import Workplace

TEXT = """
name: all-kinds
context: {items: [{name: a}, {name: b}], n: 0}
rules: {rules: [{path: $.name, strategy: last}]}
retry: {max: 2, backoff: 0}
phases:
  - id: never
    behavior: main-only
    when: {path: $.n, equals: 1}
    run: 'true'
  - id: many
    behavior: parallel
    subagents:
      - {id: item, run: 'cat "$SHARDFLOW_ITEM" > "$SHARDFLOW_SHARD"', shard: patch, foreach: {path: $.items, key: name}}
      - {id: skipped, run: 'true', when: {path: $.n, equals: 1}}
      - {id: later, run: 'test -e tried || { touch tried; exit 1; }', writes: []}
"""


def entries() -> dict[str, str]:
    """Give what the page says of each event, by its name."""
    _, told, _ = re.split(r"and what belongs to its event:\n|\n`content` is", journal.__doc__ or "")
    parts = re.split(r"^    ([a-z-]+)(?=  )", told, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_names_exactly_the_events_there_are() -> None:
    written = set(re.findall(r'return "([a-z-]+)", ', getsource(event_json)))
    assert written | {"journal-altered"} == set(entries())


def test_the_page_names_the_members_of_every_event_of_a_run(place: Workplace) -> None:
    assert place.run(TEXT).exit_code == 0
    lines = [json.loads(line) for line in (place.run_dir / "events.jsonl").read_text().splitlines()]
    assert {"subagent-retried", "subagent-skipped", "group-finished", "phase-finished"} <= {
        one["event"] for one in lines
    }
    told = entries()
    for line in lines:
        missing = [name for name in line if name not in ("v", "at", "event") and name not in told[line["event"]]]
        assert not missing, line["event"]
