"""Merging a run otherwise: what would have been is told and touches nothing; `--write` makes it what is."""

from __future__ import annotations

import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shardflow.errors import UsageError
from shardflow.execution.inspection.rewriting import write_down
from shardflow.execution.inspection.what_if import Alternative, what_if
from shardflow.execution.rules.sources import rules_of
from shardflow.workflow.model import RulesFile
from tests.cli.shell import shardflow
from tests.cli.workflows import adding

BASE = {"n": 0, "l": [1], "who": "nobody"}


def write_workflow(file: Path, *, contested: bool = False, later: str = "") -> None:
    """A parallel phase, and with `later` a phase behind it."""
    a, b = adding(n=1, l=[1, 2], who="a"), adding(n=2, l=[1, 3], x=1)
    phases: list[Any] = [
        {"id": "work", "behavior": "parallel", "subagents": [{"id": "a", "run": a}, {"id": "b", "run": b}]}
    ]
    if later:
        phases.append({"id": "later", "behavior": "main-only", "run": later})
    rules = [] if contested else [{"path": "$.n", "strategy": "first"}]
    file.write_text(json.dumps({"name": "w", "context": BASE, "rules": {"rules": rules}, "phases": phases}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sum.yaml").write_text("rules: [{path: $.n, strategy: sum}]")
    (tmp_path / "none.yaml").write_text("rules: []")
    return tmp_path


def run(folder: Path, code: int = 0, *options: str) -> Path:
    ended = shardflow("run", "w.yaml", "--run-dir", "run", "-q", *options, cwd=folder)
    assert ended.returncode == code, ended.stderr
    return folder / "run"


def image(folder: Path) -> dict[str, str]:
    """Give every file below a folder with its content's hash and its time stamp."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() + str(file.stat().st_mtime_ns) for file in files}


def otherwise(folder: Path, *options: str) -> dict[str, Any]:
    ended = shardflow("merge", "run", *options, "--json", cwd=folder)
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told["exit_code"] == ended.returncode, ended.stderr
    return told


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def test_other_rules_show_what_would_change_and_touch_nothing(folder: Path) -> None:
    write_workflow(folder / "w.yaml", later="true")
    run(folder)
    before = image(folder)
    told = otherwise(folder, "--rules", "sum.yaml")
    assert (told["status"], "written" in told, told["exit_code"]) == ("different", False, 0)
    first, later = told["groups"]
    assert first["differences"] == [{"path": "$.n", "before": 1, "after": 3}]
    assert (first["recorded"]["counts"]["superseded"], first["counts"]["combined"]) == (1, 4)
    assert (later["status"], later["differences"]) == ("same", [])
    ended = shardflow("merge", "run", "--rules", "sum.yaml", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == (
        "path  recorded  otherwise\n"
        "$.n   1         3\n"
        "01-work: 1 difference\n"
        "  recorded:  6 changes (3 applied, 2 combined, 1 superseded)\n"
        "  otherwise: 6 changes (2 applied, 4 combined)\n"
        "02-later: the same context\n"
        "  recorded:  0 changes\n"
        "  otherwise: 0 changes\n"
        "nothing was written: 02-later started from what 01-work left, so only a new run can come out like this\n"
    )
    worded = shardflow("merge", "run", "--rules", "sum.yaml", "--format", "deepdiff", cwd=folder)
    table = "path  recorded  otherwise\n$.n   1         3\n"
    assert worded.stdout == ended.stdout.replace(table, "Value of root['n'] changed from 1 to 3.\n")
    assert image(folder) == before


def test_markdown_shows_the_same_as_a_report(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    told = shardflow("merge", "run", "--rules", "sum.yaml", "--format", "markdown", cwd=folder).stdout
    assert told.startswith("### `01-work`\n\n| path | recorded | otherwise |\n| --- |")
    assert "| `$.n` | `1` | `3` |" in told


def test_one_outcome_of_the_merge_made_otherwise_can_be_looked_at(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    told = shardflow("merge", "run", "--rules", "sum.yaml", "--only", "combined", cwd=folder).stdout
    assert [line.split()[0] for line in told.splitlines() if line.startswith("$.n")] == ["$.n", "$.n"]
    assert "sum at $.n (sum.yaml:1)" in told
    assert "$.who" not in told


def test_rules_that_leave_conflicts_end_with_3_and_merge_nothing(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    before = image(folder)
    for options in ((), ("--write",)):
        told = otherwise(folder, "--rules", "none.yaml", *options)
        assert (told["status"], told["exit_code"]) == ("conflict", 3)
        assert [conflict["path"] for conflict in told["groups"][0]["conflicts"]] == ["$.n"]
    assert "conflict: $.n\n" in shardflow("merge", "run", "--rules", "none.yaml", cwd=folder).stdout
    assert image(folder) == before


def test_written_rules_settle_the_conflict_a_run_ended_with(folder: Path) -> None:
    write_workflow(folder / "w.yaml", contested=True)
    (folder / "c.json").write_text(json.dumps(BASE))
    run(folder, 3, "--context", "c.json")
    told = otherwise(folder, "--rules", "sum.yaml", "--write")
    assert (told["status"], told["written"], told["groups"][0]["recorded"]["conflict_count"]) == (
        "written",
        "01-work",
        1,
    )
    merged = {"n": 3, "l": [1, 2, 3], "who": "a", "x": 1}
    assert read(folder / "c.json") == read(folder / "run/context.json") == merged
    assert read(folder / "run/groups/01-work/context.json") == merged
    assert read(folder / "run/run.json")["status"] == "done"
    again = otherwise(folder)
    assert (again["status"], again["groups"][0]["status"]) == ("same", "same")
    assert shardflow("blame", "run", "$.n", cwd=folder).stdout.splitlines()[1].endswith("sum at $.n (sum.yaml:1)")
    former = folder / "run/groups/01-work/former-1"
    assert sorted(file.name for file in former.iterdir()) == [
        "conflicts.json",
        "group.json",
        "merge.json",
        "rules.json",
    ]
    assert read(former / "merge.json")["counts"]["conflict"] == 2


def test_it_is_said_whether_the_merge_can_be_written_where_its_former_record_is_and_how_the_run_goes_on(
    folder: Path,
) -> None:
    write_workflow(folder / "w.yaml", contested=True, later=adding(y=1))
    run(folder, 3)
    told = shardflow("merge", "run", "--rules", "none.yaml", cwd=folder)
    assert told.stdout.endswith(
        "\nnothing was written; for --write, change the rules so that they settle every conflict\n"
    )
    told = shardflow("merge", "run", "--rules", "sum.yaml", cwd=folder)
    assert told.stdout.endswith("\nnothing was written; --write records the last merge like this\n")
    told = shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    assert told.stdout.endswith(
        "\nwritten: 01-work; what was recorded before is kept in run/groups/01-work/former-1\n"
        "go on with the run: shardflow resume run\n"
    )
    told = shardflow("merge", "run", "--rules", "sum.yaml", cwd=folder)
    assert told.stdout.endswith("\nnothing was written: this is what the run recorded\n")


def test_a_shard_can_be_left_out_and_the_others_keep_their_ranks(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    for name in ("a", "work/a", "01-work/a"):
        [group] = otherwise(folder, "--without", name)["groups"]
        assert {change["path"]: change.get("after") for change in group["differences"]} == {
            "$.n": 2,
            "$.l[1]": None,
            "$.who": "nobody",
        }
        assert {change["rank"] for decision in group["decisions"] for change in decision["changes"]} == {1}
    assert otherwise(folder, "--without", "a", "--write")["status"] == "written"
    assert read(folder / "run/context.json") == {"n": 2, "l": [1, 3], "who": "nobody", "x": 1}
    assert otherwise(folder)["status"] == "same"
    assert "no merge of the run has a shard 'a'" in shardflow("merge", "run", "--without", "a", cwd=folder).stderr
    assert (folder / "run/groups/01-work/a/context-a.json").exists()


def test_a_late_shard_can_be_added_behind_all_others(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    (folder / "context-late.json").write_text(json.dumps({**BASE, "n": 9, "l": [1, 4]}))
    for given in ("context-late.json", "late=context-late.json", "work/late=context-late.json"):
        [group] = otherwise(folder, "--with", given)["groups"]
        assert group["differences"] == [{"path": "$.l[3]", "after": 4}]
        assert group["shards"]["late"] == {"applied": 0, "agreed": 0, "combined": 1, "superseded": 1, "conflict": 0}
    told = otherwise(folder, "--with", "context-late.json", "--without", "a", "--write")
    assert told["written"] == "01-work"
    assert read(folder / "run/context.json") == {"n": 2, "l": [1, 3, 4], "who": "nobody", "x": 1}
    assert otherwise(folder)["status"] == "same"
    assert (folder / "run/groups/01-work/late/context-late.json").exists()


def test_a_run_goes_on_from_what_was_written_with_a_late_shard(folder: Path) -> None:
    write_workflow(folder / "w.yaml", contested=True, later=adding(end=1))
    run(folder, 3)
    (folder / "late.json").write_text(json.dumps({**BASE, "n": 9}))
    told = otherwise(folder, "--rules", "sum.yaml", "--with", "late.json", "--write")
    assert told["written"] == "01-work"
    resumed = shardflow("resume", "run", cwd=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert "01-work: kept from an earlier start" in resumed.stdout
    assert read(folder / "run/context.json") == {"n": 12, "l": [1, 2, 3], "who": "a", "x": 1, "end": 1}
    assert (folder / "run/groups/01-work/late/context-late.json").exists()
    assert otherwise(folder)["status"] == "same"


def test_whoever_is_asked_to_run_again_is_told_that_a_late_shard_is_left_out_then(folder: Path) -> None:
    write_workflow(folder / "w.yaml", contested=True, later=adding(end=1))
    run(folder, 3)
    (folder / "late.json").write_text(json.dumps({**BASE, "n": 9}))
    otherwise(folder, "--rules", "sum.yaml", "--with", "late.json", "--write")
    resumed = shardflow("resume", "run", "--rerun", "a", cwd=folder)
    assert resumed.returncode == 3
    assert "work is merged again without late, added to it since" in resumed.stderr


def test_a_shard_added_again_with_the_same_content_counts_once(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    (folder / "context-late.json").write_text(json.dumps({**BASE, "n": 9, "l": [1, 4]}))
    otherwise(folder, "--with", "context-late.json", "--write")
    told = shardflow("merge", "run", "--with", "context-late.json", "--write", cwd=folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("\nnothing was written: this is what the run recorded\n")


def test_an_id_that_several_merges_have_is_offered_once(folder: Path) -> None:
    write_workflow(folder / "w.yaml", later="true")
    run(folder)
    (folder / "late.json").write_text(json.dumps({**read(folder / "run/context.json"), "n": 9}))
    otherwise(folder, "--with", "later/a=late.json", "--write")
    ended = shardflow("merge", "run", "--without", "c", cwd=folder)
    assert ended.stderr.endswith("no merge of the run has a shard 'c'; known are a, b, later\n")


def test_an_earlier_merge_is_never_written_and_the_refusal_says_what_to_do(folder: Path) -> None:
    write_workflow(folder / "w.yaml", later=adding(y=1))
    run(folder)
    before = image(folder)
    ended = shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "01-work would come out otherwise, and 02-later started from what it left" in ended.stderr
    assert "run the workflow again" in ended.stderr
    assert image(folder) == before


def test_a_context_that_changed_since_is_not_written_over(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder, 0, "--context", "c.json")
    (folder / "c.json").write_text('{"mine": 1}')
    before = image(folder)
    ended = shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is not what 01-work left any more" in ended.stderr
    assert image(folder) == before


def test_a_run_that_goes_on_is_not_written_to(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    record = run(folder) / "run.json"
    record.write_text(json.dumps({**read(record), "status": "running", "finished": None}))
    before = image(folder)
    ended = shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "the run has not ended" in ended.stderr
    assert image(folder) == before


def test_a_context_that_is_in_use_is_not_written(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder, 0, "--context", "c.json")
    with (folder / "c.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    assert ended.returncode == 1
    assert "is in use by another run" in ended.stderr
    assert read(folder / "c.json")["n"] == 1


def test_nothing_is_compared_with_an_altered_record(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    (run(folder) / "groups/01-work/a/context-a.json").write_text("{}")
    ended = shardflow("merge", "run", "--rules", "sum.yaml", cwd=folder)
    assert ended.returncode == 1
    assert "context-a.json: altered since" in ended.stderr


def test_writing_what_is_recorded_already_changes_nothing(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    shardflow("merge", "run", "--rules", "sum.yaml", "--write", cwd=folder)
    before = image(folder)
    told = otherwise(folder, "--rules", "sum.yaml", "--write")
    assert (told["status"], "written" in told) == ("same", False)
    assert image(folder) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["run", "--without", "c"], "no merge of the run has a shard 'c'; known are a, b, later"),
        (["run", "--without", "nowhere/a"], "no merge of the run is called 'nowhere'; known are 01-work, "),
        (["run", "--with", "work/a=c.json"], "01-work has a shard a already"),
        (["run", "--with", "01-work/A=c.json"], "01-work has a shard a already"),
        (["run", "--with", "c.json"], "say which one c belongs to: 01-work/c=FILE, 02-later/c=FILE"),
        (["run", "--with", "work/x=gone.json"], "gone.json: it does not exist"),
        (["run", "--with", "else/x=c.json"], "no merge of the run is called 'else'; known are 01-work, "),
        (["run", "--with", "work/x=torn.json"], "torn.json"),
        (["run", "--write"], "--write goes with --rules, --without or --with"),
        (["run", "--rules", "sum.yaml", "-o", "x"], "--output goes with a base and shards"),
        (["run", "--rules", "sum.yaml", "--resolve", "$.n=base"], "--resolve does not go with --rules"),
        (["c.json", "c.json", "--without", "c"], "--without, --with and --write go with a run directory"),
        (["c.json", "c.json", "--write"], "--without, --with and --write go with a run directory"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_does(folder: Path, options: list[str], said: str) -> None:
    write_workflow(folder / "w.yaml", later="true")
    run(folder)
    (folder / "c.json").write_text("{}")
    (folder / "torn.json").write_text('{"a')
    ended = shardflow("merge", *options, cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_all_that_cannot_be_left_out_or_added_is_told_at_once(folder: Path) -> None:
    write_workflow(folder / "w.yaml", later="true")
    run(folder)
    (folder / "c.json").write_text("{}")
    options = ("--without", "x", "--without", "nowhere/a", "--with", "c.json", "--with", "work/a=c.json")
    ended = shardflow("merge", "run", *options, cwd=folder)
    assert ended.returncode == 2
    known = "known are a, b, later"
    assert ended.stderr.splitlines()[:3] == [
        f"shardflow merge: no merge of the run has a shard 'x'; {known}",
        "no merge of the run is called 'nowhere'; known are 01-work, 02-later, later, work",
        "the run has several merges; say which one c belongs to: 01-work/c=FILE, 02-later/c=FILE",
    ]
    assert "01-work has a shard a already" in ended.stderr.splitlines()[3]


@pytest.mark.parametrize("text", ["a b=c.json", "a b=nowhere.json", "work/a b=c.json"])
def test_what_cannot_be_an_id_is_said_to_be_so_rather_than_that_a_file_is_missing(folder: Path, text: str) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    (folder / "c.json").write_text("{}")
    ended = shardflow("merge", "run", "--with", text, "--with", "-c=c.json", cwd=folder)
    name = text.partition("=")[0]
    first, second = ended.stderr.splitlines()
    assert (ended.returncode, f"--with: '{name}' cannot be a shard's id" in first) == (2, True)
    assert "--with: '-c' cannot be a shard's id" in second


def test_nothing_is_written_over_what_another_command_recorded_since_the_merge_was_read(folder: Path) -> None:
    write_workflow(folder / "w.yaml")
    run(folder)
    with_sums = Alternative(rules_of(RulesFile("./sum.yaml"), str(folder)), (), ())
    imagined = what_if(str(folder / "run"), with_sums)
    assert otherwise(folder, "--without", "a", "--write")["status"] == "written"
    before = image(folder / "run")
    with pytest.raises(UsageError, match="another command recorded 01-work anew meanwhile, and nothing was written"):
        write_down(imagined)
    assert image(folder / "run") == before
