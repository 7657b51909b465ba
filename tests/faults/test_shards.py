"""Shards that cannot be used: each is refused with its reason, kept as it is, and nothing of the group is merged."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from shardflow.execution.reporting.endings import EmptyShard, InvalidShard, Succeeded, ending_text
from tests.execution.running import Workplace, endings

TEXT = """
    name: shards
    context: {{n: 1}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: bad
            shard: {form}
            run: |
              {run}
          - id: good
            run: |
              echo '{{"n": 2}}' > "$SHARDFLOW_SHARD"
    """

BAD = {
    "torn": ("""printf '{"n": 1, "l": [1, 2' > "$SHARDFLOW_SHARD" """, "context-bad.json:1: column"),
    "empty": (': > "$SHARDFLOW_SHARD"', "left an empty shard"),
    "blank": ('echo > "$SHARDFLOW_SHARD"', "left an empty shard"),
    "not JSON": ('echo hello > "$SHARDFLOW_SHARD"', "context-bad.json:1: column"),
    "two documents": ("""echo '{} {}' > "$SHARDFLOW_SHARD" """, "context-bad.json:1: column"),
    "a list": ("echo '[1]' > \"$SHARDFLOW_SHARD\"", "expected an object, found a list"),
    "a text": ("""echo '"a"' > "$SHARDFLOW_SHARD" """, "expected an object, found a text"),
    "null": ('echo null > "$SHARDFLOW_SHARD"', "expected an object, found null"),
    "a number twice": ("""echo '{"n": 1, "n": 2}' > "$SHARDFLOW_SHARD" """, "n"),
    "not finite": ("""echo '{"n": NaN}' > "$SHARDFLOW_SHARD" """, "NaN"),
    "binary": ("""printf '\\377\\376{}' > "$SHARDFLOW_SHARD" """, "UTF-8"),
    "missing": ('rm "$SHARDFLOW_SHARD"', "it does not exist"),
    "a symbolic link": (
        """echo '{"n": 3}' > elsewhere; ln -sf "$PWD/elsewhere" "$SHARDFLOW_SHARD" """,
        "it is a symbolic link",
    ),
    "a link to nowhere": ('ln -sf /no/where "$SHARDFLOW_SHARD"', "it is a symbolic link"),
    "a pipe": ('rm "$SHARDFLOW_SHARD"; mkfifo "$SHARDFLOW_SHARD"', "a pipe, not a regular file"),
    "a folder": ('rm "$SHARDFLOW_SHARD"; mkdir "$SHARDFLOW_SHARD"', "a folder, not a regular file"),
    "a hard link": (
        """echo '{"n": 3}' > elsewhere; ln -f elsewhere "$SHARDFLOW_SHARD" """,
        "has another name too (a hard link)",
    ),
    "a device": ('rm "$SHARDFLOW_SHARD"; ln -s /dev/zero "$SHARDFLOW_SHARD"', "it is a symbolic link"),
    "a file of /proc": ('ln -sf /proc/self/environ "$SHARDFLOW_SHARD"', "it is a symbolic link"),
    "in a folder elsewhere": (
        'd=$(dirname "$SHARDFLOW_SHARD"); mv "$d" elsewhere; ln -s "$PWD/elsewhere" "$d"',
        "its folder is a symbolic link",
    ),
    "too deep": (
        f"""{sys.executable} -c 'print("{{\\"a\\": " * 300 + "1" + "}}" * 300)' > "$SHARDFLOW_SHARD" """,
        "deep",
    ),
}


@pytest.mark.parametrize("form", ["copy", "patch"])
@pytest.mark.parametrize("case", BAD)
def test_a_shard_that_cannot_be_used_fails_its_group_with_its_reason(place: Workplace, case: str, form: str) -> None:
    run, reason = BAD[case]
    report = place.run(TEXT.format(form=form, run=run))
    assert report.exit_code == 1
    ending = endings(report)["bad"]
    assert isinstance(ending, EmptyShard if case in ("empty", "blank") else InvalidShard)
    assert reason in ending_text(ending)
    if isinstance(ending, InvalidShard):
        assert ending_text(ending).startswith("left an invalid shard: context-bad.json:")
    assert str(place.run_dir) not in ending_text(ending)
    assert endings(report)["good"] == Succeeded()
    assert place.context == {"n": 1}
    assert not (place.run_dir / "groups/01-work/merge.json").exists()


def test_an_unusable_shard_is_kept_for_inspection(place: Workplace) -> None:
    place.run(TEXT.format(form="copy", run=BAD["torn"][0]))
    folder = place.run_dir / "groups/01-work"
    assert (folder / "bad/context-bad.json").read_text() == '{"n": 1, "l": [1, 2'
    assert (folder / "good/context-good.json").read_text() == '{"n": 2}\n'
    record = place.read("groups/01-work/group.json")
    assert [one["ending"] for one in record["subagents"]] == ["invalid-shard", "succeeded"]


def test_a_shard_of_fifty_megabytes_is_merged(place: Workplace) -> None:
    large = """
import json, os
member = {"text": "x" * 80, "n": 1.5}
json.dump({"n": 1, "l": [member] * 500_000}, open(os.environ["SHARDFLOW_SHARD"], "w"))
"""
    (place.folder / "large.py").write_text(large)
    report = place.run(TEXT.format(form="copy", run=f"{sys.executable} large.py"))
    assert report.exit_code == 0
    folder = place.run_dir / "groups/01-work"
    assert (folder / "bad/context-bad.json").stat().st_size > 50_000_000
    assert (folder / "context.json").stat().st_size > 50_000_000


def test_a_shard_may_be_replaced_by_renaming(place: Workplace) -> None:
    run = """echo '{"n": 1, "m": 1}' > new.json; mv new.json "$SHARDFLOW_SHARD" """
    assert place.run(TEXT.format(form="copy", run=run)).exit_code == 0
    assert place.context == {"n": 2, "m": 1}


def test_a_pipe_in_place_of_a_log_blocks_nobody(place: Workplace) -> None:
    run = 'd=$(dirname "$SHARDFLOW_SHARD"); rm "$d/stdout.log"; mkfifo "$d/stdout.log"'
    assert place.run(TEXT.format(form="copy", run=run)).exit_code == 0
    path = place.run_dir / "groups/01-work/bad/stdout.log"
    assert stat.S_ISFIFO(os.lstat(path).st_mode)


def test_the_target_of_a_symbolic_link_is_left_alone(place: Workplace) -> None:
    run, _ = BAD["a symbolic link"]
    place.run(TEXT.format(form="copy", run=run))
    assert Path(place.folder / "elsewhere").read_text() == '{"n": 3}\n'
