"""Looking at recorded merges: forms, selections, long ledgers cut short, and hostile text in reports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.shell import shardflow
from tests.cli.workflows import adding, write_workflow

MANY = {f"k{number:02}": number for number in range(30)}
RULES = {"rules": [{"path": "$.first", "strategy": "first"}, {"path": "$.kept", "strategy": "ignore"}]}


def with_rules(file: Path, rules: object, context: object) -> Path:
    workflow = json.loads(file.read_text())
    file.write_text(json.dumps({**workflow, "context": context, "rules": rules}))
    return file


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose one merge has a long ledger, superseded changes, and no conflict."""
    folder = tmp_path_factory.mktemp("run")
    file = write_workflow(
        folder / "w.yaml", a=adding(**MANY, first=1, kept=1, both=1), b=adding(first=2, kept=2, both=1)
    )
    with_rules(file, RULES, {"first": 0, "kept": 0})
    assert shardflow("run", file, "--run-dir", "run", cwd=folder).returncode == 0
    return folder / "run"


@pytest.fixture(scope="module")
def contested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that ended in a conflict over hostile text."""
    folder = tmp_path_factory.mktemp("contested")
    a, b = {"x|`<b>": "|`<img src=x>\x1b[31m", "n": 1}, {"x|`<b>": "other", "n": 1}
    assert shardflow("run", write_workflow(folder / "w.yaml", a=adding(**a), b=adding(**b)), cwd=folder).returncode == 3
    [made] = (folder / ".shardflow/runs").glob("2*")
    return made


def test_a_long_ledger_is_cut_and_says_so_and_the_counts_stay_whole(run: Path) -> None:
    told = shardflow("merge", run).stdout
    assert "… and 13 more decisions; --all shows every one\n" in told
    assert told.count("\n$.") == 20
    assert "\n36 changes (31 applied, 2 agreed, 3 superseded)\n" in told
    whole = shardflow("merge", run, "--all").stdout
    assert whole.count("\n$.") == 33
    assert "more decision" not in whole


def test_superseded_changes_are_shown_with_who_superseded_them_by_which_rule(run: Path) -> None:
    told = shardflow("merge", run, "--only", "superseded").stdout
    assert re.search(r"^\$\.first +1 applied, 1 superseded +a over b +first at \$\.first \(w\.yaml:1\) +1$", told, re.M)
    assert re.search(r"^\$\.kept +superseded +the base over a, b +ignore at \$\.kept \(w\.yaml:1\) +0$", told, re.M)
    assert "$.k00" not in told
    assert "\n36 changes " in told


def test_long_lists_of_shards_hide_neither_who_won_nor_who_lost(tmp_path: Path) -> None:
    shards = {f"a_long_name_{number}": adding(s="won") for number in range(20)}
    write_workflow(tmp_path / "w.yaml", **shards, loser=adding(s="lost"))
    with_rules(tmp_path / "w.yaml", {"rules": [{"path": "$.s", "strategy": "majority"}]}, {"s": ""})
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    assert "a-long-name-7 and 12 more over loser " in shardflow("merge", "run", cwd=tmp_path).stdout


def test_each_shard_has_its_counts(run: Path) -> None:
    told = shardflow("merge", run).stdout
    assert "\nshard  applied  agreed  combined  superseded  conflict\n" in told
    assert re.search(r"^a +31 +1 +0 +1 +0$", told, re.M)
    assert re.search(r"^b +0 +1 +0 +2 +0$", told, re.M)


@pytest.mark.parametrize("asked", [["--json"], ["--format", "json"], ["--format", "json", "--json"]])
def test_json_has_counts_by_shard_and_who_superseded(run: Path, asked: list[str]) -> None:
    told = json.loads(shardflow("merge", run, *asked, "--only", "superseded").stdout)
    [group] = told["groups"]
    assert group["shards"]["b"] == {"applied": 0, "agreed": 1, "combined": 0, "superseded": 2, "conflict": 0}
    assert group["counts"]["applied"] == 31
    assert {d["path"]: d["superseded_by"] for d in group["decisions"]} == {"$.first": ["a"], "$.kept": []}


@pytest.mark.parametrize(
    ("only", "shown"), [("agreed", {"$.both"}), ("conflicts", set()), ("superseded", {"$.first", "$.kept"})]
)
def test_any_outcome_can_be_asked_for(run: Path, only: str, shown: set[str]) -> None:
    [group] = json.loads(shardflow("merge", run, "--json", "--only", only).stdout)["groups"]
    assert {decision["path"] for decision in group["decisions"]} == shown


def cells(line: str) -> list[str]:
    """Split a row of a table as GitHub does: at every pipe without a backslash before it."""
    return re.split(r"(?<!\\)\|", line.strip())[1:-1]


def test_markdown_shows_conflicts_as_a_table_in_which_hostile_text_is_only_text(contested: Path) -> None:
    ended = shardflow("merge", contested, "--format", "markdown")
    assert (ended.returncode, ended.stderr) == (3, "")
    told = ended.stdout
    assert told.replace("\n", "").isprintable()
    rows = [cells(line) for line in told.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {5, 6}
    bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", told)
    assert "<" not in bare
    assert "`" not in bare
    assert told.startswith("### `01-work`\n\n**4 changes (2 agreed, 2 in conflict)**\n\n| path | conflict | base |")


def test_only_conflicts_leaves_the_rest_out(contested: Path) -> None:
    told = shardflow("merge", contested, "--only", "conflicts").stdout
    assert "conflict: " in told
    assert "$.n" not in told
    assert "4 changes (2 agreed, 2 in conflict)" in told


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--format", "xml"], "unknown format 'xml'; known are deepdiff, json, markdown, table"),
        (["--only", "supersede"], "unknown outcome 'supersede' for --only; did you mean 'superseded'?"),
        (["--json", "--format", "table"], "--json is --format json"),
    ],
)
def test_what_nobody_offers_is_refused_with_what_there_is(run: Path, asked: list[str], said: str) -> None:
    ended = shardflow("merge", run, *asked)
    assert (ended.returncode, ended.stderr.count(said)) == (2, 1)


def test_an_error_is_an_object_too_when_the_format_is_json(tmp_path: Path) -> None:
    ended = shardflow("merge", tmp_path, "--format", "json")
    assert (ended.returncode, json.loads(ended.stdout)["exit_code"]) == (2, 2)


def test_the_merges_of_a_run_are_told_apart_by_an_empty_line_and_the_names_of_their_groups(tmp_path: Path) -> None:
    later = {"id": "later", "behavior": "main-only", "run": "true"}
    workflow = json.loads(write_workflow(tmp_path / "w.yaml", a=adding(n=1)).read_text())
    (tmp_path / "w.yaml").write_text(json.dumps({**workflow, "phases": [*workflow["phases"], later]}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "-q", cwd=tmp_path).returncode == 0
    told = shardflow("merge", "run", cwd=tmp_path).stdout
    assert re.search(
        r"\A01-work\npath [^:]*^01-work: same bytes .*\n\n02-later\n0 changes\n02-later: same bytes", told, re.MULTILINE
    )
    assert not told.startswith("\n")


def test_a_function_that_answers_otherwise_in_another_process_is_suspected_of_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text("def any_order(base, candidates):\n    return [*{c.value for c in candidates}]\n")
    (tmp_path / "say.sh").write_text('echo "{\\"v\\": \\"$SHARDFLOW_ID\\"}" > "$SHARDFLOW_SHARD"\n')
    subagents = ", ".join(f"{{id: {one}, run: sh say.sh}}" for one in "abcdefg")
    (tmp_path / "w.yaml").write_text(
        "name: w\nrules: {rules: [{path: $.v, strategy: {custom: 'ours:any_order'}}]}\n"
        f"phases: [{{id: p, behavior: parallel, subagents: [{subagents}]}}]\n"
    )
    ran = shardflow("run", "w.yaml", "--run-dir", "r", cwd=tmp_path, environment={"PYTHONHASHSEED": "1"})
    assert ran.returncode == 0, ran.stderr
    again = shardflow("merge", "r", cwd=tmp_path, environment={"PYTHONHASHSEED": "2"})
    assert again.returncode == 1
    suspected = "another version of shardflow, or does a function of a custom rule depend on more than its arguments?"
    assert f"other bytes from the same inputs: was the run made by {suspected}\n" in again.stdout
