"""Declared reads: a subagent whose reads are the same is found again, whatever else its base holds."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.execution.folding.base import base_of
from shardflow.execution.groups.sealing.rebasing import read_digest, rebased
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.model.changes import same_edit
from shardflow.model.diff import diff
from shardflow.model.patterns import parse_pattern
from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.workflow.model import ShardForm
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace

TEXT = """
    name: reads
    context: {seen: {}, level: 1}
    phases:
      - {id: list, behavior: main-only, run: PYTHON list.py}
      - id: scan
        behavior: parallel
        subagents:
          - id: each
            foreach: {path: $.files, key: name}
            run: PYTHON scan.py
            shard: FORM
            reads: READS
    """

LIST = """
import json, os
shard = os.environ["SHARDFLOW_SHARD"]
context = json.load(open(shard))
context.update(json.load(open("made.json")))
json.dump(context, open(shard, "w"))
"""

SCAN = """
import json, os
item = json.load(open(os.environ["SHARDFLOW_ITEM"]))
base = json.load(open(os.environ["SHARDFLOW_BASE"]))
with open("count", "a") as count:
    count.write(item["name"] + "\\n")
shard, size = os.environ["SHARDFLOW_SHARD"], item["size"] * base["level"]
form = "FORM"
if form == "journal":
    left = {"set": f"$.seen.{item['name']}", "value": size}
elif form == "patch":
    left = {"seen": {item["name"]: size}}
else:
    left = base
    left["seen"][item["name"]] = size
open(shard, "w").write(json.dumps(left) + "\\n")
"""


def files(**sizes: int) -> Json:
    return [{"name": name, "size": size} for name, size in sizes.items()]


class Scanning(Workplace):
    """A workflow that lists files and scans each."""

    def made(self, **made: Json) -> None:
        (self.folder / "made.json").write_text(json.dumps(made))

    def text(self, reads: str, form: str = "copy") -> str:
        (self.folder / "list.py").write_text(LIST)
        (self.folder / "scan.py").write_text(SCAN.replace("FORM", form))
        return TEXT.replace("PYTHON", sys.executable).replace("FORM", form).replace("READS", reads)

    def scanned(self) -> list[str]:
        """Give who was scanned since this was last asked."""
        count = self.folder / "count"
        scanned = sorted(count.read_text().split()) if count.exists() else []
        count.unlink(missing_ok=True)
        return scanned

    def again(self) -> RunReport:
        """List the files again, and go on."""
        return resumed(self, rerun=("list",))

    def bytes_of_a_new_run(self, text: str) -> bytes:
        other = Scanning(self.folder / "undisturbed")
        other.folder.mkdir()
        for name in ("list.py", "scan.py", "made.json"):
            shutil.copy(self.folder / name, other.folder)
        other.run(text)
        return (other.run_dir / "context.json").read_bytes()


@pytest.fixture
def scanning(tmp_path: Path) -> Scanning:
    return Scanning(tmp_path)


@pytest.mark.parametrize("form", ["copy", "patch", "journal"])
def test_items_that_are_the_same_are_not_run_again_wherever_they_stand_in_a_list_that_changed(
    scanning: Scanning, form: str
) -> None:
    text = scanning.text("[$.level]", form)
    scanning.made(files=files(a=1, b=2, c=3))
    assert scanning.run(text).status is Status.DONE
    assert scanning.scanned() == ["a", "b", "c"]
    scanning.made(files=files(d=4, c=3, b=22), more="of what nobody reads")
    assert scanning.again().status is Status.DONE
    assert scanning.scanned() == ["b", "d"]
    whole = scanning.bytes_of_a_new_run(text)
    assert (scanning.run_dir / "context.json").read_bytes() == whole
    assert repeat_merges(str(scanning.run_dir)).is_same
    assert resumed(scanning).status is Status.DONE
    scanning.made(files=files(c=3, a=1))
    assert scanning.again().status is Status.DONE
    assert scanning.scanned() == []
    assert scanning.context["seen"] == {"c": 3, "a": 1}
    assert repeat_merges(str(scanning.run_dir)).is_same


@pytest.mark.parametrize(
    ("reads", "change"),
    [
        ("null", {"more": 1}),
        ("[$.level]", {"level": 2}),
        ("[]", {"seen": {"a": 0, "b": 0}}),
        ("[$.seen]", {"seen": {"other": 0}}),
    ],
)
def test_who_declares_nothing_reads_what_changed_or_changed_what_is_another_now_runs_again(
    scanning: Scanning, reads: str, change: dict[str, Json]
) -> None:
    text = scanning.text(reads).replace("            reads: null\n", "")
    scanning.made(files=files(a=1, b=2))
    scanning.run(text)
    scanning.scanned()
    scanning.made(files=files(a=1, b=2), **change)
    report = scanning.again()
    assert report.status is Status.DONE
    told = "scan/each-a: its shard changed what is another in the context by now, so it runs again"
    assert (told in report.notes) == (reads == "[]")
    assert scanning.scanned() == ["a", "b"]
    assert (scanning.run_dir / "context.json").read_bytes() == scanning.bytes_of_a_new_run(text)


def test_another_run_reuses_them_too(scanning: Scanning) -> None:
    text = scanning.text("[$.level]")
    scanning.made(files=files(a=1, b=2))
    scanning.run(text, run_dir=str(scanning.folder / "runs/first"))
    scanning.scanned()
    scanning.made(files=files(c=3, b=2))
    # what the list is made of is a file, of which no content knows: it is asked for by another command
    text = text.replace("list.py", "list.py again")
    assert scanning.run(text, run_dir=str(scanning.folder / "runs/second"), reuse=True).exit_code == 0
    assert scanning.scanned() == ["c"]
    whole = scanning.bytes_of_a_new_run(text)
    assert (scanning.folder / "runs/second/context.json").read_bytes() == whole
    assert repeat_merges(str(scanning.folder / "runs/second")).is_same


def test_where_the_base_of_a_shard_is_gone_it_is_made_again(scanning: Scanning) -> None:
    text = scanning.text("[$.level]")
    scanning.made(files=files(a=1, b=2))
    scanning.run(text)
    scanning.scanned()
    scanning.made(files=files(a=1))
    base = scanning.run_dir / "groups/02-scan/base.json"
    base.chmod(0o600)
    base.write_text('{"seen": {"a": 7}, "level": 1}')
    assert scanning.again().status is Status.DONE
    assert (scanning.scanned(), scanning.context["seen"]) == (["a"], {"a": 1})


def test_where_a_power_cut_left_the_line_of_the_new_shard_and_not_its_bytes_the_former_is_found(
    scanning: Scanning,
) -> None:
    text = scanning.text("[$.level]")
    scanning.made(files=files(a=1, b=2))
    scanning.run(text)
    scanning.made(files=files(b=2, a=1))
    assert scanning.again().status is Status.DONE
    assert scanning.scanned() == ["a", "b"]
    (scanning.run_dir / "groups/02-scan/group.json").unlink()
    for shard in scanning.run_dir.glob("groups/02-scan/*/context-*.json"):
        shard.write_bytes(b"")
    assert resumed(scanning).status is Status.DONE
    assert (scanning.scanned(), scanning.context["seen"]) == ([], {"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("old", "shard", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"b": 2}, {"b": 2}),
        ({"a": 1}, {"a": 1, "n": 1}, {"b": 2}, {"b": 2, "n": 1}),
        ({"a": 1}, {"a": 2}, {"b": 2, "a": 1}, {"b": 2, "a": 2}),
        ({"a": 1}, {"a": 2}, {"a": 1.0}, None),
        ({"a": 1}, {}, {"b": 2}, None),
        ({"o": {"x": 1}}, {"o": {"x": 2}}, {"o": {"x": 1, "y": 1}}, {"o": {"x": 2, "y": 1}}),
        ({"o": {"x": 1}}, {"o": {"x": 1, "y": 1}}, {"o": []}, None),
        ({"o": {"x": 1}}, {"o": 5}, {"o": {"x": 1, "y": 1}}, None),
        ({"l": [1]}, {"l": [1, 2]}, {"l": [0, 1]}, None),
    ],
)
def test_a_copy_holds_on_another_base_where_the_same_stands_at_all_that_it_changed(
    old: dict[str, Json], shard: dict[str, Json], new: dict[str, Json], expected: Json
) -> None:
    found = rebased(written_bytes(shard), ShardForm.COPY, written_bytes(old), base_of(new), "s")
    assert found == (None if expected is None else written_bytes(expected))


small = st.recursive(
    st.sampled_from([0, 1, None, [], [0], "x"]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
contexts = st.dictionaries(st.sampled_from("abc"), small)


@given(contexts, contexts, contexts)
def test_on_another_base_a_copy_changes_exactly_what_it_changed(
    old: dict[str, Json], shard: dict[str, Json], new: dict[str, Json]
) -> None:
    found = rebased(written_bytes(shard), ShardForm.COPY, written_bytes(old), base_of(new), "s")
    if found is not None:
        assert same_edit(diff(old, shard), diff(new, parse_json(found, "s")))
    if same(old, new):
        assert found is not None


def test_what_patterns_match_counts_with_its_place_and_nothing_else_does() -> None:
    def digest(*reads: str, **base: Json) -> str:
        return read_digest(base_of(base), tuple(parse_pattern(text) for text in reads))

    assert digest("$.a", a=1, b=1) == digest("$.a", b=2, a=1)
    assert digest("$.a", a=1) != digest("$.a", a=1.0)
    assert digest("$.a", a=None) != digest("$.a")
    assert digest("$.a") != digest("$.b")
    assert digest("$.l[*].n", l=[{"n": 1, "m": 1}]) == digest("$.l[*].n", l=[{"n": 1}])
    assert digest("$.l[*].n", l=[{"n": 1}, {}]) != digest("$.l[*].n", l=[{}, {"n": 1}])
    assert digest("$..n", o={"n": 1, "x": 1}) == digest("$..n", o={"n": 1, "x": 2})
    assert digest(a=1) == digest(b=2)
