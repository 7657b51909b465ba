"""`shardflow case save` and `case run`: a real run's merge becomes a case that says the same of the same merge."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow
from tests.cli.workflows import adding

RULES = {"rules": [{"path": "$.n", "strategy": "sum"}, {"path": "$.level", "strategy": {"rank": ["low", "high"]}}]}
CONTEXT = {"n": 5, "level": "low", "status": "open", "notes": ["a secret", "another"], "wide": 2**70}


def write_run(folder: Path, **subagents: str) -> Path:
    listed = [{"id": name, "run": line} for name, line in subagents.items()]
    phases = [
        {"id": "work", "behavior": "parallel", "subagents": listed},
        {"id": "last", "behavior": "main-only", "run": adding(n=0)},
    ]
    (folder / "w.yaml").write_text(json.dumps({"name": "w", "rules": RULES, "context": CONTEXT, "phases": phases}))
    shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=folder)
    return folder


@pytest.fixture
def contested(tmp_path: Path) -> Path:
    """Give a folder with a run that ended in a conflict."""
    return write_run(tmp_path, one=adding(status="Zoë", n=6), two=adding(status="Al"))


def test_shards_rules_and_what_came_out_stand_in_the_case(tmp_path: Path) -> None:
    folder = write_run(tmp_path, one=adding(n=7, who="Zoë"), two=adding(n=6, who="Zoë"), idle="true")
    saved = shardflow("case", "save", "run", "counted", "--phase", "work", cwd=folder)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout.startswith("counted.case.yaml: 3 shards, 0 conflicts, ")
    replayed = shardflow("merge", "counted.case.yaml", "--json", cwd=folder)
    told = json.loads(replayed.stdout)
    assert (replayed.returncode, told["status"]) == (0, "as-expected")
    recorded = json.loads((folder / "run/groups/01-work/context.json").read_text())
    assert told["context"] == recorded
    ledger = json.loads((folder / "run/groups/01-work/merge.json").read_text())
    assert {name: told[name] for name in ledger} == ledger
    assert stat.S_IMODE((folder / "counted.case.yaml").stat().st_mode) == 0o644
    last = shardflow("case", "save", "run", "last.case.json", "--phase", "02-last", "--json", cwd=folder)
    assert json.loads(last.stdout) == {
        "status": "done",
        "exit_code": 0,
        "file": "last.case.json",
        "group": "02-last",
        "shard_count": 1,
        "conflict_count": 0,
        "complete": True,
    }
    assert shardflow("case", "run", ".", cwd=folder).stdout.endswith("2 cases, all as expected\n")


def test_a_journal_is_saved_as_its_operations_and_as_a_document_once_redacted(tmp_path: Path) -> None:
    lines = """'{"add": "$.n", "value": 2}' '{"set": "$.who", "value": "Zoë"}' '{"torn'"""
    said = f"printf '%s\\n%s\\n%s' {lines} > $SHARDFLOW_SHARD"
    listed = [{"id": "one", "run": said, "shard": "journal"}, {"id": "two", "run": adding(n=6)}]
    phases = [{"id": "work", "behavior": "parallel", "subagents": listed}]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "rules": RULES, "context": CONTEXT, "phases": phases}))
    shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=tmp_path)
    assert shardflow("case", "save", "run", "told.case.json", cwd=tmp_path).returncode == 0
    one, _ = json.loads((tmp_path / "told.case.json").read_text())["shards"]
    assert one == {"id": "one", "journal": [{"add": "$.n", "value": 2}, {"set": "$.who", "value": "Zoë"}]}
    assert shardflow("case", "save", "run", "hidden.case.json", "--redact", cwd=tmp_path).returncode == 0
    hidden = (tmp_path / "hidden.case.json").read_text()
    assert "Zoë" not in hidden
    assert "journal" not in hidden
    assert shardflow("case", "run", ".", cwd=tmp_path).stdout.endswith("2 cases, all as expected\n")


def test_a_group_in_conflict_is_saved_with_its_conflicts_and_shrunk_to_them(contested: Path) -> None:
    assert shardflow("case", "save", "run", "whole", cwd=contested).returncode == 0
    saved = shardflow("case", "save", "run", "clash", "--shrink", "--redact", cwd=contested)
    assert saved.returncode == 0
    assert (contested / "clash.case.yaml").read_text() == (
        "description: values redacted\n"
        "base: {status: t3}\n"
        "shards: {one: {status: t2}, two: {status: t1}}\n"
        "expect: {context: {status: t3}, conflicts: [{path: $.status, shards: [one, two]}]}\n"
    )
    assert shardflow("case", "run", ".", cwd=contested).returncode == 0


def test_what_was_decided_about_conflicts_is_saved_too(contested: Path) -> None:
    decided = shardflow("merge", "run", "--resolve", "$.status=two", cwd=contested)
    assert decided.returncode == 0
    assert shardflow("case", "save", "run", "decided", cwd=contested).returncode == 0
    assert "take: {shard: two}" in (contested / "decided.case.yaml").read_text()
    told = json.loads(shardflow("merge", "decided.case.yaml", "--json", cwd=contested).stdout)
    assert (told["status"], told["context"]["status"], told["conflicts"]) == ("as-expected", "Al", [])


def test_redacted_nothing_of_the_values_can_be_read(contested: Path) -> None:
    shardflow("case", "save", "run", "c", "--redact-numbers", cwd=contested)
    text = (contested / "c.case.yaml").read_text()
    assert not any(word in text for word in ("Zo", "Al", "secret", "another", "open", str(2**70)))
    assert "low" in text
    assert shardflow("merge", "c.case.yaml", cwd=contested).returncode == 0


def test_nothing_is_written_over_and_a_merge_must_be_plain(tmp_path: Path) -> None:
    folder = write_run(tmp_path, one=adding(n=7))
    several = shardflow("case", "save", "run", "c", cwd=folder)
    assert several.returncode == 2
    assert "the run has several merges; name one with --phase: 01-work, 02-last" in several.stderr
    unknown = shardflow("case", "save", "run", "c", "--phase", "wrok", cwd=folder)
    assert "no merge of the run is called 'wrok'; did you mean 'work'?" in unknown.stderr
    (folder / "c.case.yaml").write_text("mine")
    taken = shardflow("case", "save", "run", "c", "--phase", "work", cwd=folder)
    assert (taken.returncode, (folder / "c.case.yaml").read_text()) == (2, "mine")
    assert shardflow("case", "save", ".", "d", cwd=folder).returncode == 2


def test_a_run_that_was_altered_since_is_refused(contested: Path) -> None:
    shard = contested / "run/groups/01-work/one/context-one.json"
    shard.chmod(0o600)
    shard.write_text("{}")
    ended = shardflow("case", "save", "run", "c", cwd=contested)
    assert ended.returncode == 1
    assert "altered since" in ended.stderr


def test_every_case_is_replayed_and_what_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "good.case.yaml").write_text("{base: {}, shards: {a: {n: 1}}, expect: {context: {n: 1}}}")
    (tmp_path / "bad.case.yaml").write_text("{base: {}, shards: {a: {n: 1}}, expect: {context: {n: 2}}}")
    ended = shardflow("case", "run", ".", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        "./bad.case.yaml: not as expected",
        "  $.n: expected 2, came out as 1",
        "      $.n by default: a 1 applied",
        "./good.case.yaml: as expected",
        "2 cases, 1 not as expected",
    ]
    (tmp_path / "none.case.yaml").write_text("{base: {}, shards: {}}")
    (tmp_path / "odd.case.yaml").write_text("phases: []")
    ended = shardflow("case", "run", ".", "--json", cwd=tmp_path)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"]) == (2, "invalid")
    assert [case["status"] for case in told["cases"]] == [
        "not-as-expected",
        "as-expected",
        "not-as-expected",
        "invalid",
    ]
    assert told["cases"][3]["problems"][0]["message"] == "this is no case: it has neither 'base' nor 'shards'"
    quiet = shardflow("case", "run", "good.case.yaml", "--quiet", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert shardflow("case", "run", "nowhere", cwd=tmp_path).returncode == 2


def test_a_case_that_cannot_be_written_is_wrong_usage_and_told_before_anything_is_merged(contested: Path) -> None:
    ended = shardflow("case", "save", "run", "nowhere/x", cwd=contested)
    assert ended.returncode == 2
    assert ended.stderr == "shardflow case save: cannot write nowhere/x.case.yaml: its folder does not exist\n"


def test_a_case_that_would_nest_too_deep_is_told_with_what_to_do(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(198):
        deep = [deep]
    (tmp_path / "deep.json").write_text(json.dumps({"d": deep, "n": 0}))
    edit = 'sed -i \'s/"n": 0/"n": {}/\' $SHARDFLOW_SHARD'
    both = [{"id": name, "run": edit.format(n)} for name, n in (("a", 1), ("b", 2))]
    phases = [{"id": "p", "behavior": "parallel", "subagents": both}]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "context": "deep.json", "phases": phases}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 3
    for file in ("x.case.yaml", "x.case.json"):
        ended = shardflow("case", "save", "run", file, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (
            2,
            f"shardflow case save: {file}: the case cannot be written: nested deeper than 200 levels; "
            "shrink it, which leaves out what its conflicts do not need\n",
        )
        assert shardflow("case", "save", "run", file, "--shrink", cwd=tmp_path).returncode == 0
