"""Groups of several runs united: in any order of uniting, what one group of all their subagents would have merged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import shardflow
from tests.cli.workflows import adding

BASE = {"n": 0, "l": [1], "who": "nobody"}
RULES = {"rules": [{"path": "$.n", "strategy": "sum"}, {"path": "$.who", "strategy": "last"}]}
PARTS = {
    "one": {"a": adding(n=1, l=[1, 2], who="a"), "b": adding(n=2, l=[1, 3])},
    "two": {"c": adding(n=4, x={"c": True}), "d": adding(l=[1, 4], who="d")},
    "three": {"e": adding(n=8, x={"e": 1.0}, who="e")},
}


def run(
    folder: Path, name: str, subagents: dict[str, Any], *, base: Any = None, later: str = "", code: int = 0
) -> None:
    """Run subagents in parallel on the base, in a run directory of this name."""
    members = [{"id": one, **(what if isinstance(what, dict) else {"run": what})} for one, what in subagents.items()]
    phases: list[Any] = [{"id": "work", "behavior": "parallel", "subagents": members}]
    if later:
        phases.append({"id": "later", "behavior": "main-only", "run": later})
    workflow = {"name": name, "context": BASE if base is None else base, "rules": RULES, "phases": phases}
    (folder / f"{name}.yaml").write_text(json.dumps(workflow))
    ended = shardflow("run", f"{name}.yaml", "--run-dir", name, "-q", cwd=folder)
    assert ended.returncode == code, ended.stderr


def unite(folder: Path, name: str, *others: str) -> dict[str, Any]:
    """Unite runs with the one of this name, and record it there."""
    added = [option for other in others for option in ("--with", other)]
    ended = shardflow("merge", name, *added, "--write", "--json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def decisions(folder: Path, name: str) -> Any:
    ledger = json.loads((folder / name / "groups/01-work/merge.json").read_text())
    return [{key: one[key] for key in ("path", "outcome") if key in one} for one in ledger["decisions"]], ledger[
        "counts"
    ]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each part, and one of all."""
    made = tmp_path_factory.mktemp("parts")
    for name, subagents in PARTS.items():
        run(made, name, subagents)
    run(made, "whole", {**PARTS["one"], **PARTS["two"], **PARTS["three"]})
    return made


@pytest.fixture
def folder(parts: Path, tmp_path: Path) -> Path:
    """The runs of all parts at another place, as from other machines."""
    shutil.copytree(parts, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("tree", ["(one two) three", "one (two three)", "one two three"])
def test_any_tree_of_groups_merges_as_one_group_of_all_their_subagents(folder: Path, tree: str) -> None:
    match tree:
        case "(one two) three":
            unite(folder, "one", "two")
            unite(folder, "one", "three")
        case "one (two three)":
            unite(folder, "two", "three")
            unite(folder, "one", "two")
        case _:
            unite(folder, "one", "two", "three")
    assert (folder / "one/context.json").read_bytes() == (folder / "whole/context.json").read_bytes()
    assert decisions(folder, "one") == decisions(folder, "whole")
    assert shardflow("merge", "one", cwd=folder).returncode == 0
    assert json.loads((folder / "one/context.json").read_text())["n"] == 15


def test_a_shard_that_both_have_counts_once_so_uniting_again_changes_nothing(folder: Path) -> None:
    unite(folder, "one", "two", "two/groups/01-work")
    whole = (folder / "one/context.json").read_bytes()
    assert unite(folder, "one", "two")["status"] == "same"
    unite(folder, "two", "one")
    assert (folder / "one/context.json").read_bytes() == whole
    assert json.loads((folder / "two/context.json").read_text())["n"] == json.loads(whole)["n"] == 7


def test_without_write_it_is_told_what_uniting_would_change(folder: Path) -> None:
    before = (folder / "one/context.json").read_bytes()
    ended = shardflow("merge", "one", "--with", "three", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line.split() for line in ended.stdout.splitlines() if line.startswith("$.n ")] == [["$.n", "3", "11"]]
    assert (folder / "one/context.json").read_bytes() == before


def test_shards_come_along_in_the_form_they_have(folder: Path) -> None:
    patch = {"shard": "patch", "run": """echo '{"n": 16}' > $SHARDFLOW_SHARD"""}
    journal = {"shard": "journal", "run": """echo '{"append": "$.l", "value": 9}' >> $SHARDFLOW_SHARD"""}
    run(folder, "forms", {"p": patch, "j": journal})
    unite(folder, "one", "forms")
    assert json.loads((folder / "one/context.json").read_text()) == {"n": 19, "l": [1, 2, 3, 9], "who": "a"}
    assert shardflow("merge", "one", cwd=folder).returncode == 0


@pytest.mark.parametrize("order", [("two", "three"), ("three", "two")])
def test_ranks_follow_the_order_in_which_runs_are_named(folder: Path, order: tuple[str, str]) -> None:
    unite(folder, "one", *order)
    assert json.loads((folder / "one/context.json").read_text())["who"] == {"two": "d", "three": "e"}[order[-1]]


def test_a_run_of_two_merges_gives_the_one_that_started_from_the_same_base(folder: Path) -> None:
    run(folder, "longer", {"f": adding(n=32)}, later=adding(y=1))
    unite(folder, "one", "longer")
    assert json.loads((folder / "one/context.json").read_text())["n"] == 35


def test_what_cannot_be_united_is_refused_with_what_can_be_done(folder: Path) -> None:
    run(folder, "other", {"f": adding(n=1)}, base={**BASE, "n": 1})
    run(folder, "twin", {"a": adding(n=5)})
    run(folder, "idle", {"f": adding(n=1), "g": "true"}, later="true")
    run(folder, "still", {"f": "true"}, later="true")
    (folder / "empty").mkdir()
    for named, said in [
        ("other", "no merge of other started from a base that this run started a merge from"),
        ("twin", "01-work has a shard a already, and "),
        ("empty", "empty is no run directory"),
        ("still", "several merges of still started from a base of this run; name one's folder:"),
    ]:
        ended = shardflow("merge", "one", "--with", named, cwd=folder)
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stdout
        assert said in ended.stderr


def test_an_id_of_a_subagent_that_failed_here_is_said_to_be_one(folder: Path) -> None:
    run(folder, "again", {"f": adding(n=1)})
    run(folder, "partly", {"f": {"run": "exit 3", "allow_failure": True}, "g": adding(n=2)})
    file = folder / "again/groups/01-work/f/context-f.json"
    ended = shardflow("merge", "partly", "--with", "again", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "shardflow merge: f has no part in the merge of 01-work (exited with code 3), and what it left is kept under "
        f"its id; add the other shard by itself under another id: --with 01-work/ID={file}\n"
    )
    ended = shardflow("merge", "partly", "--with", f"01-work/f={file}", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "f has no part in the merge of 01-work (exited with code 3)" in ended.stderr
    ended = shardflow("merge", "partly", "--with", f"01-work/f-2={file}", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_two_shards_to_add_may_not_have_one_id(folder: Path) -> None:
    run(folder, "twin", {"c": adding(n=5)})
    (folder / "context-c.json").write_text(json.dumps({**BASE, "n": 6}))
    for others in (("two", "twin"), ("two", "context-c.json")):
        ended = shardflow("merge", "one", "--with", others[0], "--with", others[1], cwd=folder)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "two shards to add are called c: " in ended.stderr


def test_an_altered_shard_of_the_other_run_is_refused(folder: Path) -> None:
    (folder / "two/groups/01-work/c/context-c.json").write_text("{}")
    ended = shardflow("merge", "one", "--with", "two", cwd=folder)
    assert ended.returncode == 1
    assert "what the run recorded is not what it was" in ended.stderr
    assert "context-c.json: altered since" in ended.stderr
