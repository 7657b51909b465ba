"""A run that fails at first, and resuming any run, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shardflow.execution.reporting.events import Event
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import read_run_record
from tests.execution.hearing import heard
from tests.execution.running import Workplace, request

TEXT = """
    name: again
    context: {n: 1}
    phases:
      - id: look
        behavior: parallel
        subagents:
          - {id: a, run: 'echo a >> count; echo ''{"n": 1, "a": 1}'' > "$SHARDFLOW_SHARD"'}
          - id: b
            shard: patch
            run: |
              echo b >> count; [ -e fixed ] || exit 3; echo '{"b": 1}' > "$SHARDFLOW_SHARD"
      - id: report
        behavior: sequential
        subagents:
          - {id: c, run: 'echo c >> count; echo ''{"c": 1}'' > "$SHARDFLOW_SHARD"', shard: patch}
          - {id: d, run: 'echo d >> count; echo ''{"d": 1}'' > "$SHARDFLOW_SHARD"', shard: patch}
    """
WHOLE = {"n": 1, "a": 1, "b": 1, "c": 1, "d": 1}


def resumed(
    place: Workplace,
    text: str | None = None,
    run_dir: str | None = None,
    listen: Callable[[Event], None] = lambda event: None,
    **options: Any,
) -> RunReport:
    if text is not None:
        place.write(text)
    asked = request(str(place.folder))
    directory = RunDirectory(run_dir or str(place.run_dir))
    record = read_run_record(directory)
    told = ResumeRequest(directory, record, asked.workflow, asked.workflow_file, asked.workflow_bytes, **options)
    return heard(resume_run, told, listen)


def counted(place: Workplace) -> str:
    """Give the subagents that ran, in the order they were started, those of a parallel phase sorted."""
    return "".join(sorted((place.folder / "count").read_text().split()))


def failed_run(place: Workplace) -> None:
    assert place.run(TEXT).status is Status.FAILED
    (place.folder / "fixed").touch()
