"""Disks that are full and folders that cannot be written, by real means: a limit of the kernel, places of /proc."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from shardflow.errors import StorageError
from tests.cli.shell import COMMAND, ENVIRONMENT
from tests.execution.running import UNCOMPILED, Workplace, edit, group

GROW = edit("c[me] = me * 9000")

TEXT = f"""
    name: full
    context: {{n: 1}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: a
            run: |
              {GROW}
          - id: b
            run: |
              {GROW}
          - id: c
            run: |
              {GROW}
    """


def test_a_merge_that_does_not_fit_on_the_disk_leaves_the_context_and_keeps_the_shards(place: Workplace) -> None:
    context = place.folder / "shared.json"
    context.write_text('{ "n": 1 }')
    process = place.start(TEXT, str(context), size_limit=20_000)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, b"")
    assert context.read_text() == '{ "n": 1 }'
    assert sorted(os.listdir(place.folder)) == ["run", "shared.json", "workflow.yaml"]
    ended = next(line for line in place.journal() if line["event"] == "group-finished")
    assert ended["status"] == "failed"
    assert "too large" in ended["problems"][0]
    assert place.read("run.json")["status"] == "failed"
    assert (place.run_dir / "groups/01-work/c/context-c.json").stat().st_size > 9000
    assert not (place.run_dir / "groups/01-work/context.json").exists()


def test_a_subagent_that_fills_the_disk_is_that_subagents_failure(place: Workplace) -> None:
    text = f"""
        name: full
        phases:
          - id: work
            behavior: main-only
            run: {sys.executable} -c 'print("x" * 100_000)'
        """
    process = place.start(text, size_limit=20_000)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert place.read("groups/01-work/group.json")["subagents"][0]["ending"] == "exited-non-zero"


@pytest.mark.parametrize("change", ["true", edit("c[me] = 1")], ids=["none", "each"])
def test_where_the_journal_cannot_tell_of_them_no_more_subagents_start_and_nothing_is_merged(
    place: Workplace, change: str
) -> None:
    (place.folder / "step.sh").write_text(f"echo >> ran; {change}")
    steps = ", ".join(f"{{id: s{number}, run: sh step.sh}}" for number in range(30))
    text = f"{{name: journal, phases: [{{id: work, behavior: sequential, subagents: [{steps}]}}]}}"
    process = place.start(text, size_limit=6000)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert place.read("run.json")["status"] == "failed"
    told = [json.loads(line) for line in (place.run_dir / "events.jsonl").read_text().splitlines()[:-1]]
    finished = sum(line["event"] == "subagent-finished" for line in told)
    merged = sum(line["event"] == "group-merged" for line in told)
    ran = (place.folder / "ran").read_text().count("\n")
    assert 1 < finished <= ran <= finished + 1 < 30
    assert len(place.context) == merged


@pytest.mark.parametrize("blocks", [2, 3, 4])
def test_a_journal_that_cannot_be_written_is_told_once(place: Workplace, blocks: int) -> None:
    place.write(TEXT.replace(GROW, edit("c[me] = 1")))
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$0" "$@"', *COMMAND, "run", "workflow.yaml", "--json"]
    environment = ENVIRONMENT | UNCOMPILED
    process = subprocess.run(limited, cwd=place.folder, env=environment, capture_output=True, check=False)
    told = json.loads(process.stdout)
    (phase,) = told["phases"]
    problems = [*told["problems"], *phase["problems"], *phase["groups"][0]["problems"]]
    assert process.returncode == 1
    assert sum("events.jsonl" in problem["message"] for problem in problems) == 1


def test_a_context_whose_folder_vanishes_fails_the_group_and_its_record_says_so(place: Workplace) -> None:
    folder = place.folder / "contexts"
    folder.mkdir()
    text = TEXT.replace(GROW, GROW + f"; rm -rf {folder}", 1)
    report = place.run(text, context=str(folder / "context.json"))
    assert report.exit_code == 1
    assert "its folder does not exist" in group(report).problems[0]
    record = place.read("groups/01-work/group.json")
    assert (record["status"], record["context"]) == ("failed", None)
    assert not (place.run_dir / "groups/01-work/context.json").exists()


@pytest.mark.parametrize("option", ["run_dir", "context"])
def test_a_place_that_cannot_be_written_is_told_before_anything_starts(place: Workplace, option: str) -> None:
    text = TEXT.replace(GROW, "touch started")
    options: dict[str, Any] = {option: "/proc/self/fdinfo/here"}
    with pytest.raises(StorageError, match="/proc/self/fdinfo"):
        place.run(text, **options)
    assert not (place.folder / "started").exists()
