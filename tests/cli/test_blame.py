"""`shardflow blame` on real runs: the right shard over all phases, for items that shift, and for what is gone."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow
from tests.cli.workflows import adding, write_workflow

WORKFLOW = """
name: w
context: {n: 0, l: [first], keep: {a: 1}, untouched: {x: [1]}}
rules: {rules: [{path: $.n, strategy: first}, {path: $.f, strategy: {keyed: file}}, {path: $.l, strategy: prepend}]}
phases:
  - id: audit
    behavior: parallel
    subagents:
      - {id: a, python: 'edits:a'}
      - {id: b, python: 'edits:b'}
  - id: then
    behavior: sequential
    subagents:
      - {id: one, python: 'edits:one'}
      - {id: two, python: 'edits:two'}
"""

EDITS = r"""
def a(c): c["n"] = 1; c["l"].insert(0, "by a"); c["f"] = [{"file": "a", "s": 1}]; return c
def b(c): c["n"] = 2; c["l"].insert(0, "by b"); c["f"] = [{"file": "a", "s": 1}, {"file": "b", "s": 1}]; return c
def one(c): del c["keep"]; c["l"].insert(0, "\x1b[31m|`<b>"); return c
def two(c): c["f"][1]["s"] = 9; return c
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blame")
    (folder / "w.yaml").write_text(WORKFLOW)
    (folder / "edits.py").write_text(EDITS)
    ended = shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "run"


def told(run: Path, *path: str) -> dict[str, Any]:
    ended = shardflow("blame", run, *path, "--json")
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["exit_code"] == ended.returncode
    return found


def makers(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {part["path"]: (part.get("phase", part["came_from"]), *part.get("shards", ())) for part in found["parts"]}


def test_without_a_path_every_part_of_the_context_has_its_origin(run: Path) -> None:
    found = told(run)
    assert makers(found) == {
        "$.n": ("audit", "a"),
        "$.l[0]": ("then", "one"),
        "$.l[1]": ("audit", "a"),
        "$.l[2]": ("audit", "b"),
        "$.l[3]": ("initial",),
        "$.untouched": ("initial",),
        "$.f[0]": ("audit", "a", "b"),
        "$.f[1].file": ("audit", "b"),
        "$.f[1].s": ("then", "two"),
    }
    context = json.loads((run / "context.json").read_text())
    assert {part["path"]: part["value"] for part in found["parts"]}["$.l[0]"] == context["l"][0]


def test_a_place_is_told_with_rule_and_with_what_was_superseded_there(run: Path) -> None:
    found = told(run, "$.n")
    rule = {"path": "$.n", "strategy": "first", "origin": "w.yaml:4"}
    assert found["parts"] == [
        {
            "path": "$.n",
            "value": 1,
            "came_from": "merge",
            "group": "01-audit",
            "phase": "audit",
            "shards": ["a"],
            "outcome": "applied",
            "rule": rule,
        }
    ]
    [lost] = found["superseded"]
    assert (lost["shard"], lost["after"], lost["superseded_by"], lost["rule"]) == ("b", 2, ["a"], rule)
    text = shardflow("blame", run, "$.n").stdout
    assert text == (
        "path  value  made by  phase  rule\n"
        "$.n   1      a        audit  first at $.n (w.yaml:4)\n"
        "superseded:\n"
        "path  shard  value  superseded by  phase  rule\n"
        "$.n   b      2      a              audit  first at $.n (w.yaml:4)\n"
    )


@pytest.mark.parametrize("path", ["$.f[1].s", "$.f[?@.file=='b'].s"])
def test_a_member_of_a_keyed_list_is_found_by_place_and_by_key(run: Path, path: str) -> None:
    assert makers(told(run, path)) == {"$.f[1].s": ("then", "two")}


def test_what_is_gone_is_told_with_who_removed_it(run: Path) -> None:
    for path in ("$.keep", "$.keep.a"):
        found = told(run, path)
        assert (found["status"], found["exit_code"], found["parts"]) == ("absent", 0, [])
        assert [(said["path"], said["shard"], said["phase"]) for said in found["removed"]] == [
            ("$.keep", "one", "then")
        ]


def test_an_item_taken_out_of_a_list_is_told_there_with_its_value(tmp_path: Path) -> None:
    (tmp_path / "edits.py").write_text("def a(c): del c['l'][1]; return c\n")
    phase = "{id: w, behavior: parallel, subagents: [{id: a, python: 'edits:a'}]}"
    (tmp_path / "w.yaml").write_text(f"name: w\ncontext: {{l: [x, y, z]}}\nphases:\n  - {phase}\n")
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    shown = shardflow("blame", "run", "$.l", cwd=tmp_path).stdout.splitlines()
    assert [line.split() for line in shown[2:]] == [
        ["removed:"],
        ["path", "value", "removed", "by", "phase", "rule"],
        ["$.l[1]", '"y"', "a", "w", "default"],
    ]
    [removed] = told(tmp_path / "run", "$.l")["removed"]
    assert (removed["path"], removed["before"], removed["shard"]) == ("$.l[1]", "y", "a")
    assert told(tmp_path / "run", "$.l[0]")["removed"] == []


def test_a_member_that_vanished_in_an_object_replaced_whole_is_told_where_it_stood(tmp_path: Path) -> None:
    (tmp_path / "edits.py").write_text("def a(c): c['o'] = {'x': 2}; return c\n")
    phase = "{id: w, behavior: parallel, subagents: [{id: a, python: 'edits:a'}]}"
    rules = "rules: {rules: [{path: $.o, strategy: last}]}"
    (tmp_path / "w.yaml").write_text(f"name: w\ncontext: {{o: {{x: 1, y: {{z: 3}}}}}}\n{rules}\nphases:\n  - {phase}\n")
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    for path in ("$.o", "$.o.y", "$.o.y.z"):
        [removed] = told(tmp_path / "run", path)["removed"]
        assert (removed["path"], removed["before"], removed["shard"]) == ("$.o.y", {"z": 3}, "a")
    assert told(tmp_path / "run", "$.o.x")["removed"] == []


@pytest.mark.parametrize("path", ["$.never", "$.f[0].x", "$.l[9]", "$.f[?@.file=='z']"])
def test_what_never_stood_there_is_said_to(run: Path, path: str) -> None:
    ended = shardflow("blame", run, path)
    assert (ended.returncode, ended.stdout) == (1, f"nothing stands at {path}\n")


@pytest.mark.parametrize("path", ["n", "$.", "$.l[x]"])
def test_a_text_that_is_no_path_is_wrong_usage(run: Path, path: str) -> None:
    ended = shardflow("blame", run, path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is no path: " in ended.stderr


def test_markdown_and_text_show_hostile_values_as_text(run: Path) -> None:
    for asked in ([], ["--format", "markdown"]):
        shown = shardflow("blame", run, *asked).stdout
        assert shown.replace("\n", "").isprintable()
    assert shown.startswith("| path | value | made by | phase | rule |\n| --- |")
    assert '| ``"\\u001b[31m\\|`<b>"`` | `one` | `then` |' in shown


def test_a_hostile_path_is_only_text_in_a_report(run: Path) -> None:
    shown = shardflow("blame", run, "$['<img src=x>`']", "--format", "markdown").stdout
    assert shown == "\nnothing stands at ``$['<img src=x>`']``\n\n"


def test_an_altered_record_is_refused(run: Path) -> None:
    ledger = run / "groups/01-audit/merge.json"
    kept = ledger.read_bytes()
    try:
        ledger.write_bytes(kept.replace(b'"b"', b'"x"'))
        ended = shardflow("blame", run)
    finally:
        ledger.write_bytes(kept)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "01-audit/merge.json was altered since the run" in ended.stderr


def test_a_run_that_merged_nothing_has_its_initial_context(tmp_path: Path) -> None:
    phases = [{"id": "p", "behavior": "main-only", "run": "exit 1"}]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "context": {"a": 1}, "phases": phases}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 1
    assert makers(told(tmp_path / "run")) == {"$": ("initial",)}


def test_what_was_decided_about_a_conflict_is_laid_at_its_door(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", a=adding(n=1, m=1), b=adding(n=2, m=2))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 3
    ended = shardflow("merge", "run", "--resolve", "$.n=b", "--resolve", "$.m=7", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = told(tmp_path / "run")
    assert makers(found) == {"$.n": ("work", "b"), "$.m": ("work",)}
    assert {part["rule"]["strategy"] for part in found["parts"]} == {"resolution"}
    assert [(said["path"], said["shard"]) for said in found["superseded"]] == [("$.n", "a"), ("$.m", "a"), ("$.m", "b")]
    lines = shardflow("blame", tmp_path / "run").stdout.splitlines()
    assert lines[2].split()[:4] == ["$.m", "7", "a", "resolution"]


def test_a_change_settled_around_a_place_is_told_there_too(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", a=adding(o={"x": 1}), b=adding(o={"x": 2}))
    workflow = json.loads((tmp_path / "w.yaml").read_text())
    rules = {"rules": [{"path": "$.o", "strategy": "first"}]}
    (tmp_path / "w.yaml").write_text(json.dumps({**workflow, "rules": rules}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    found = told(tmp_path / "run", "$.o.x")
    assert makers(found) == {"$.o.x": ("work", "a")}
    assert [(said["path"], said["shard"], said["after"]) for said in found["superseded"]] == [("$.o", "b", {"x": 2})]


def test_what_no_merge_made_between_two_is_told_as_such(tmp_path: Path) -> None:
    phases = [{"id": name, "behavior": "main-only", "run": adding(**{name: 1})} for name in ("one", "two")]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": phases}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    group = tmp_path / "run/groups/02-two"
    record = json.loads((group / "group.json").read_text())
    for name in ("base", "context"):  # as if somebody had added to the context between the two groups
        file = group / f"{name}.json"
        data = json.dumps({**json.loads(file.read_text()), "by hand": 1}).encode()
        file.unlink()
        file.write_bytes(data)
        record[name] = hashlib.sha256(data).hexdigest()
    (group / "group.json").write_text(json.dumps(record))
    wanted = {"$.one": ("one", "one"), "$.two": ("two", "two"), "$['by hand']": ("outside",)}
    assert makers(told(tmp_path / "run")) == wanted
    assert "no merge, before 02-two" in shardflow("blame", tmp_path / "run").stdout


def test_nobody_is_blamed_for_what_a_lost_group_made(tmp_path: Path) -> None:
    phases = [{"id": name, "behavior": "main-only", "run": adding(**{name: 1})} for name in ("one", "two")]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": phases}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    (tmp_path / "run/groups/01-one/group.json").unlink()
    refused = shardflow("blame", "run", cwd=tmp_path)
    assert refused.returncode != 0
    assert "run/groups/01-one/group.json is gone since the run" in refused.stderr


def test_what_no_shard_superseded_says_what_did(tmp_path: Path) -> None:
    items: list[dict[str, Any]] = [{"id": 1}, {"id": 2}]
    rules: list[dict[str, Any]] = [{"path": "$.kept", "strategy": "base"}, {"path": "$.l", "strategy": {"keyed": "id"}}]
    ones = [{"id": one, "run": adding(kept=one, n=one, l=items[::-1] if one == "b" else items)} for one in ("a", "b")]
    phase = {"id": "work", "behavior": "parallel", "subagents": ones}
    context = {"kept": "", "n": "", "l": []}
    (tmp_path / "w.yaml").write_text(
        json.dumps({"name": "w", "context": context, "rules": {"rules": rules}, "phases": [phase]})
    )
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 3
    assert shardflow("merge", "run", "--resolve", '$.n="c"', cwd=tmp_path).returncode == 0
    lines = shardflow("blame", "run", cwd=tmp_path).stdout.partition("superseded:\n")[2].splitlines()[1:]
    told = {
        (line.split("  ")[0], by) for line in lines for by in ("the base", "a resolution", "own order") if by in line
    }
    assert told == {("$.kept", "the base"), ("$.n", "a resolution"), ("$.l (order)", "own order")}
    merged = shardflow("merge", "run", cwd=tmp_path).stdout
    assert re.search(r"^\$\.kept +superseded +the base over a, b ", merged, re.MULTILINE)
    assert re.search(r"^\$\.n +superseded +a resolution over a, b ", merged, re.MULTILINE)
    assert re.search(r"^\$\.l \(order\) +superseded +the rule's own order over b ", merged, re.MULTILINE)


def test_a_run_that_died_before_any_merge_has_only_the_initial_context(tmp_path: Path) -> None:
    phases = [{"id": "p", "behavior": "main-only", "run": "kill -9 $PPID"}]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "context": {"n": 7}, "phases": phases}))
    options = ("--run-dir", "run", "--context", "c.json", "-q")
    assert shardflow("run", "w.yaml", *options, cwd=tmp_path).returncode == -9
    ended = shardflow("blame", "run", "$.n", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].split() == ["$.n", "7", "the", "initial", "context"]
