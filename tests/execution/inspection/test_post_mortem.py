"""Repeating recorded merges: the same bytes, or the name of what was altered since."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shardflow.errors import NotARun
from shardflow.execution.inspection.post_mortem import PostMortem, Repetition, repeat_merges
from tests.execution.running import Workplace, edit

TEXT = """
    name: kept
    context: {{n: 1, l: []}}
    rules: {{rules: [{{path: $.n, strategy: sum}}, {{path: '$..n', strategy: max}}]}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: a
            run: |
              {edit_a}
          - id: b
            shard: patch
            run: |
              {edit_b}
      - id: last
        behavior: main-only
        run: |
          {last}
    """


def ran(place: Workplace, last: str = "true") -> PostMortem:
    edits = {"edit_a": edit('c["n"] = 3; c["l"] = [me]'), "edit_b": edit('c["n"] = 10')}
    place.run(TEXT.format(last=last, **edits))
    return repeat_merges(str(place.run_dir))


def test_every_merge_of_a_run_comes_out_the_same_again(place: Workplace) -> None:
    repeated = ran(place, edit('c["n"] += 1'))
    assert [(group.group, group.verdict) for group in repeated.groups] == [
        ("01-work", Repetition.SAME),
        ("02-last", Repetition.SAME),
    ]
    assert repeated.is_same
    folded = repeated.groups[0].folded
    assert folded is not None
    assert folded.context == (place.run_dir / "groups/01-work/context.json").read_bytes()
    assert folded.ledger == (place.run_dir / "groups/01-work/merge.json").read_bytes()
    assert json.loads(folded.context) == {"n": 12, "l": ["a"]}


def test_a_conflict_comes_out_the_same_again(place: Workplace) -> None:
    edits = {"edit_a": edit('c["l"] = 1'), "edit_b": edit('c["l"] = 2'), "last": "true"}
    assert place.run(TEXT.format(**edits)).exit_code == 3
    [first] = repeat_merges(str(place.run_dir)).groups
    assert first.verdict is Repetition.SAME
    assert first.folded is not None
    assert len(first.folded.result.conflicts) == 1


def test_a_group_that_failed_was_never_merged(place: Workplace) -> None:
    repeated = ran(place, "exit 1")
    assert [group.verdict for group in repeated.groups] == [Repetition.SAME, Repetition.NOT_MERGED]


def replaced(content: bytes) -> Callable[[Path], object]:
    def alter(path: Path) -> object:
        path.unlink()
        return path.write_bytes(content)

    return alter


@pytest.mark.parametrize(
    ("name", "alter", "how", "can_be_merged"),
    [
        ("base.json", replaced(b'{"n": 2, "l": []}'), "altered since", True),
        ("rules.json", replaced(b'{"rules": []}'), "altered since", True),
        ("rules.json", replaced(b"nonsense"), "altered since", False),
        ("a/context-a.json", replaced(b'{"n": 4, "l": []}'), "altered since", True),
        ("b/context-b.json", Path.unlink, "does not exist", False),
        ("merge.json", Path.unlink, "does not exist", True),
        ("group.json", Path.unlink, "does not exist", False),
        ("context.json", replaced(b"{}"), "altered since", True),
    ],
)
def test_an_altered_file_is_named(
    place: Workplace, name: str, alter: Callable[[Path], object], how: str, *, can_be_merged: bool
) -> None:
    ran(place)
    path = place.run_dir / "groups/01-work" / name
    alter(path)
    repeated = repeat_merges(str(place.run_dir))
    first = repeated.groups[0]
    assert first.verdict is Repetition.ALTERED
    assert [one.path for one in first.altered] == [str(path)]
    assert how in first.altered[0].how
    assert (first.folded is not None) == can_be_merged
    assert not repeated.is_same


def test_a_recorded_merge_that_comes_out_differently_is_told(place: Workplace) -> None:
    ran(place)
    path = place.run_dir / "groups/01-work/group.json"
    record = json.loads(path.read_text())
    # As another version of the merge might have recorded it, its own files included.
    ledger = place.run_dir / "groups/01-work/merge.json"
    ledger.write_bytes(b"{}\n")
    record["ledger"] = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
    path.write_text(json.dumps(record))
    assert repeat_merges(str(place.run_dir)).groups[0].verdict is Repetition.DIFFERENT


def test_a_repeated_merge_writes_nothing(place: Workplace) -> None:
    ran(place)
    before = {path: os.stat(path) for path in place.run_dir.rglob("*")}
    repeat_merges(str(place.run_dir))
    assert [path for path in place.run_dir.rglob("*") if os.stat(path).st_mtime_ns != before[path].st_mtime_ns] == []


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "has no run.json"),
        ("{", "cannot be read"),
        ('{"format": 2}', "format 2"),
        ('{"format": 1}', "no record of a run"),
        (
            '{"format": 1, "workflow": "x", "status": "done", "started": "", "finished": null, "groups": ["../x"]}',
            "no record of a run",
        ),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, record: str | None, said: str) -> None:
    if record is not None:
        (tmp_path / "run.json").write_text(record)
    with pytest.raises(NotARun, match=said) as refused:
        repeat_merges(str(tmp_path))
    assert str(refused.value).count(str(tmp_path)) == 1


@pytest.mark.parametrize("change", [{"subagents": [{"id": "../a"}]}, {"base": 5}, {"subagents": [5]}])
def test_a_group_record_of_another_form_is_refused(place: Workplace, change: dict[str, object]) -> None:
    ran(place)
    path = place.run_dir / "groups/01-work/group.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(NotARun, match=r"group.json"):
        repeat_merges(str(place.run_dir))
