"""`diff3` of two shards is what `git merge-file` makes of a file, conflicts too, if no line stands in the base twice.

Equal lines may be aligned in more than one way, and each tool has its own.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardflow.merge.engine import MergeResult
from shardflow.model.values import Json
from tests.merge.small import merged, rule_set

pytestmark = pytest.mark.needs("git")

DIFF3 = rule_set({"path": "$.text", "strategy": "diff3"})
NEW = st.sampled_from(["x", "y", "z"])


@st.composite
def edited(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Draw lines with up to three of them put in, taken out or changed."""
    result = list(lines)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(result)))
        result[place : place + draw(st.integers(0, 1))] = draw(st.lists(NEW, max_size=1))
    return result


@st.composite
def versions(draw: st.DrawFn) -> list[str]:
    """Draw a base without equal lines, and two edits of it; the last line may have no end."""
    base = [f"line {number}" for number in range(draw(st.integers(0, 8)))]
    end = draw(st.sampled_from(["\n", "\n", ""])) if base else "\n"
    return ["".join(f"{line}\n" for line in lines[:-1]) + "".join(f"{line}{end}" for line in lines[-1:])
            for lines in (base, draw(edited(base)), draw(edited(base)))]  # fmt: skip


def by_git(folder: Path, base: str, ours: str, theirs: str) -> str | None:
    """Merge as git does; None for a conflict."""
    for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_text(text)
    command = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert 0 <= ended.returncode < 128, ended.stderr
    return ended.stdout if ended.returncode == 0 else None


def by_shardflow(*texts: str) -> MergeResult:
    base, *shards = ({"text": text} for text in texts)
    return merged(base, *shards, rules=DIFF3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(texts=versions())
def test_texts_merge_as_git_merges_files(tmp_path: Path, texts: list[str]) -> None:
    wanted: Json = by_git(tmp_path, *texts)
    result = by_shardflow(*texts)
    assert bool(result.conflicts) == (wanted is None)
    assert wanted is None or result.context == {"text": wanted}
