"""`shardflow git-driver` inside real git: merges, rebases, cherry-picks, both ways round, clean and with conflicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.git_repository import Repository, written
from tests.cli.shell import shardflow
from tests.execution.git.hunks import BASE, OURS, THEIRS, always, keeping

pytestmark = pytest.mark.needs("git")

FIRST = {"name": "a", "version": 1, "tags": ["x"], "owner": "o"}
SUM = "rules:\n  - {path: $.version, strategy: sum}\n"
LISTS_AS_GIT = "default: {lists: diff3}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit({"conf.json": FIRST})
    return made


def test_a_merge_takes_neighbouring_lines_that_git_alone_calls_a_conflict(repository: Repository) -> None:
    repository.diverge(
        {"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "name": "b", "tags": ["x", "y"]}}
    )
    repository.git("merge", "--quiet", "theirs")
    assert repository.text("conf.json") == written({**FIRST, "version": 2, "name": "b", "tags": ["x", "y"]})
    assert repository.git("status", "--porcelain").stdout == ""


def test_a_merge_the_other_way_round_gives_the_same_but_for_the_order_of_what_both_added(
    repository: Repository,
) -> None:
    repository.diverge({"conf.json": {**FIRST, "tags": ["x", "m"]}}, {"conf.json": {**FIRST, "tags": ["x", "t"]}})
    repository.git("checkout", "--quiet", "-b", "other", "theirs")
    repository.git("merge", "--quiet", "main")
    assert json.loads(repository.text("conf.json"))["tags"] == ["x", "t", "m"]
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "theirs")
    assert json.loads(repository.text("conf.json"))["tags"] == ["x", "m", "t"]


def test_a_conflict_stops_the_merge_with_markers_in_the_file_and_words_on_standard_error(
    repository: Repository,
) -> None:
    repository.diverge(
        {"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "version": 3, "tags": ["x", "y"]}}
    )
    ended = repository.git("merge", "theirs", code=1)
    assert "CONFLICT (content): Merge conflict in conf.json" in ended.stdout
    assert (
        "conflict: conf.json: $.version\n"
        "  ours and theirs changed it to different values\n"
        "  base:            1\n"
        "  ours (rank 0):   2\n"
        "  theirs (rank 1): 3\n"
    ) in ended.stderr
    assert "\nrules of a repository stand in .shardflow-rules.yaml at its root, as 'rules:' and a list" in ended.stderr
    assert repository.unmerged() == ["conf.json"]
    marked = repository.text("conf.json")
    for side, version in ((OURS, 2), (BASE, 1), (THEIRS, 3)):
        kept = keeping(marked.encode(), always(side))
        assert kept.decode() == written({**FIRST, "version": version, "tags": ["x", "y"]})
    repository.path("conf.json").write_bytes(keeping(marked.encode(), lambda _: THEIRS))
    repository.git("commit", "--quiet", "--all", "--no-edit")
    assert repository.git("status", "--porcelain").stdout == ""


def test_git_finds_the_markers_it_looks_for(repository: Repository) -> None:
    repository.diverge({"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "version": 3}})
    repository.git("merge", "theirs", code=1)
    repository.git("add", "conf.json")
    told = repository.git("diff", "--check", "--cached", "HEAD", code=2).stdout
    assert told.count("leftover conflict marker") == 4


def test_the_rules_at_the_root_of_the_repository_settle_it_from_any_folder(repository: Repository) -> None:
    repository.commit({".shardflow-rules.yaml": SUM, "deep/er/x.json": FIRST})
    repository.diverge(
        {"conf.json": {**FIRST, "version": 11}, "deep/er/x.json": {**FIRST, "version": 11}},
        {"conf.json": {**FIRST, "version": 101}, "deep/er/x.json": {**FIRST, "version": 101}},
    )
    repository.git("merge", "--quiet", "theirs", cwd="deep")
    assert json.loads(repository.text("conf.json"))["version"] == 111
    assert json.loads(repository.text("deep/er/x.json"))["version"] == 111


def test_rules_on_the_command_line_go_over_those_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules:\n  - {path: $.version, strategy: max}\n")
    repository = Repository(tmp_path / "repository", f"--rules '{tmp_path}/rules.yaml'")
    repository.commit({"conf.json": FIRST, ".shardflow-rules.yaml": SUM})
    repository.diverge({"conf.json": {**FIRST, "version": 11}}, {"conf.json": {**FIRST, "version": 101}})
    repository.git("merge", "--quiet", "theirs")
    assert json.loads(repository.text("conf.json"))["version"] == 101


LEFT = "conf.json: not merged, the file stays as it is on our side; mend what is told above and merge again\n"


def test_broken_rules_leave_the_file_as_ours_and_are_told_with_their_line(repository: Repository) -> None:
    repository.commit({".shardflow-rules.yaml": "rules:\n  - {path: $.version, strategy: summ}\n"})
    repository.diverge({"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "name": "b"}})
    ended = repository.git("merge", "theirs", code=1)
    assert ".shardflow-rules.yaml:2: unknown strategy 'summ'" in ended.stderr
    assert LEFT in ended.stderr
    assert repository.text("conf.json") == written({**FIRST, "version": 2})
    assert repository.unmerged() == ["conf.json"]


def test_a_rebase_merges_each_commit_and_goes_on_after_a_conflict(repository: Repository) -> None:
    repository.commit({"conf.json": {**FIRST, "name": "b"}}, "theirs")
    repository.commit({"conf.json": {**FIRST, "name": "b", "version": 3}})
    repository.commit({"conf.json": {**FIRST, "name": "b", "version": 3, "new": [1]}})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"conf.json": {**FIRST, "version": 2, "owner": "p"}})
    repository.git("checkout", "--quiet", "theirs")
    repository.git("rebase", "main", code=1)
    assert repository.unmerged() == ["conf.json"]
    # in a rebase ours is the branch that is rebased onto, theirs the commit that is applied
    marked = repository.path("conf.json").read_bytes()
    assert json.loads(keeping(marked, lambda _: OURS))["version"] == 2
    repository.path("conf.json").write_bytes(keeping(marked, lambda _: THEIRS))
    repository.git("add", "conf.json")
    repository.git("rebase", "--continue")
    assert json.loads(repository.text("conf.json")) == {**FIRST, "name": "b", "version": 3, "owner": "p", "new": [1]}
    assert repository.git("rev-list", "--count", "main..theirs").stdout == "3\n"


def test_a_cherry_pick_and_a_revert_take_only_their_own_change(repository: Repository) -> None:
    repository.commit({"conf.json": {**FIRST, "name": "b"}}, "theirs")
    repository.commit({"conf.json": {**FIRST, "name": "b", "version": 3}})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"conf.json": {**FIRST, "owner": "p"}})
    repository.git("cherry-pick", "theirs")
    assert json.loads(repository.text("conf.json")) == {**FIRST, "version": 3, "owner": "p"}
    repository.git("revert", "--no-edit", "HEAD~1")
    assert json.loads(repository.text("conf.json")) == {**FIRST, "version": 3}


def test_a_cherry_pick_in_conflict_can_be_aborted(repository: Repository) -> None:
    repository.diverge({"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "version": 3}})
    repository.git("cherry-pick", "theirs", code=1)
    assert "<<<<<<< ours\n" in repository.text("conf.json")
    repository.git("cherry-pick", "--abort")
    assert repository.text("conf.json") == written({**FIRST, "version": 2})


def test_a_stash_is_merged_back(repository: Repository) -> None:
    repository.path("conf.json").write_text(written({**FIRST, "version": 2}))
    repository.git("stash")
    repository.commit({"conf.json": {**FIRST, "name": "b"}})
    repository.git("stash", "pop")
    assert json.loads(repository.text("conf.json")) == {**FIRST, "name": "b", "version": 2}


def test_a_file_that_both_sides_added_is_merged_member_by_member(repository: Repository) -> None:
    repository.diverge({"new.json": {"a": 1, "both": {"x": 1}}}, {"new.json": {"b": 2, "both": {"y": 2}}})
    repository.git("merge", "--quiet", "theirs")
    assert json.loads(repository.text("new.json")) == {"a": 1, "both": {"x": 1, "y": 2}, "b": 2}


def test_a_file_that_both_sides_added_with_other_values_is_a_conflict_without_a_base(repository: Repository) -> None:
    repository.diverge({"new.json": {"a": 1, "z": 0}, "l.json": [1]}, {"new.json": {"a": 2, "z": 0}, "l.json": [2]})
    repository.git("merge", "theirs", code=1)
    assert sorted(repository.unmerged()) == ["l.json", "new.json"]
    marked = repository.path("new.json").read_bytes()
    kept = [json.loads(keeping(marked, always(side))) for side in (OURS, BASE, THEIRS)]
    assert kept == [{"a": 1, "z": 0}, {"z": 0}, {"a": 2, "z": 0}]
    assert repository.text("l.json") == "<<<<<<< ours\n[\n  1\n]\n||||||| base\n=======\n[\n  2\n]\n>>>>>>> theirs\n"


@pytest.mark.parametrize("broken", ["ours", "theirs"])
def test_a_side_that_is_no_strict_json_is_told_with_its_line_and_ours_stays(
    repository: Repository, broken: str
) -> None:
    torn = '{"name": "a",\n "name": "b"}\n'
    sound = written({**FIRST, "version": 2})
    ours, theirs = (torn, sound) if broken == "ours" else (sound, torn)
    repository.diverge({"conf.json": ours}, {"conf.json": theirs})
    ended = repository.git("merge", "theirs", code=1)
    assert f"conf.json ({broken}):2: column 2: duplicate key 'name'" in ended.stderr
    assert repository.text("conf.json") == ours
    assert repository.unmerged() == ["conf.json"]
    repository.git("merge", "--abort")


def test_several_common_ancestors_are_merged_first_and_their_conflicts_count_as_their_base(
    repository: Repository,
) -> None:
    def branch(name: str, changed: dict[str, object]) -> None:
        repository.commit({"conf.json": {**FIRST, **changed}}, name)
        repository.git("tag", f"{name}-1")
        repository.git("checkout", "--quiet", "main")

    branch("one", {"version": 2, "name": "b"})
    branch("two", {"version": 3, "owner": "p"})
    for name, other, version in (("one", "two", 4), ("two", "one", 4)):
        repository.git("checkout", "--quiet", name)
        repository.git("merge", f"{other}-1", code=1)
        repository.path("conf.json").write_text(written({**FIRST, "version": version, "name": "b", "owner": "p"}))
        repository.git("commit", "--quiet", "--all", "--no-edit")
        repository.commit({"conf.json": {**FIRST, "version": version, "name": "b", "owner": "p", name: True}})
    assert len(repository.git("merge-base", "--all", "one", "two").stdout.splitlines()) == 2
    ended = repository.git("merge", "one")
    assert "not strict" not in ended.stderr
    merged = {**FIRST, "version": 4, "name": "b", "owner": "p", "two": True, "one": True}
    assert json.loads(repository.text("conf.json")) == merged


@pytest.mark.parametrize(
    "name",
    [
        "a dir/-- x.json",
        "it's $(touch hacked); `touch hacked`.json",
        "--rules=evil.json",
        "-x.json",
        "é\U0001f600.json",
    ],
)
def test_the_name_of_a_file_is_never_taken_for_an_option_or_a_command(repository: Repository, name: str) -> None:
    repository.commit({name: FIRST})
    repository.diverge({name: {**FIRST, "version": 2}}, {name: {**FIRST, "name": "b"}})
    repository.git("merge", "--quiet", "theirs")
    assert json.loads(repository.text(name)) == {**FIRST, "version": 2, "name": "b"}
    assert not repository.path("hacked").exists()


def test_hostile_names_and_values_cannot_steer_a_terminal(repository: Repository) -> None:
    hostile = "\x1b[31m\u202e"
    repository.commit({f"{hostile}.json": {hostile: 0}})
    repository.diverge({f"{hostile}.json": {hostile: hostile + "1"}}, {f"{hostile}.json": {hostile: hostile + "2"}})
    ended = repository.git("merge", "theirs", code=1)
    told = ended.stderr.split("conflict: ")[1]
    assert all(line.isprintable() for line in told.splitlines())


def test_what_only_one_side_changed_keeps_its_bytes_and_git_never_asks(repository: Repository) -> None:
    odd = '{"version":  1, "name": "\\u0061"}'
    repository.commit({"odd.json": odd, "conf.json": FIRST}, "theirs")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"conf.json": {**FIRST, "version": 2}})
    repository.git("merge", "--quiet", "theirs")
    assert repository.text("odd.json") == odd


def test_one_change_that_reached_both_branches_counts_once_unless_a_list_collects_it(repository: Repository) -> None:
    repository.commit({"conf.json": {**FIRST, "version": 2, "tags": ["x", "y"]}}, "theirs")
    repository.git("tag", "shared")
    repository.commit({"conf.json": {**FIRST, "version": 2, "tags": ["x", "y"], "theirs": 1}})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"conf.json": {**FIRST, "ours": 1}})
    repository.git("cherry-pick", "shared")
    repository.git("merge", "--quiet", "theirs")
    merged = {**FIRST, "version": 2, "tags": ["x", "y", "y"], "ours": 1, "theirs": 1}
    assert json.loads(repository.text("conf.json")) == merged
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.path(".shardflow-rules.yaml").write_text(LISTS_AS_GIT)
    repository.git("merge", "--quiet", "theirs")
    assert json.loads(repository.text("conf.json")) == {**merged, "tags": ["x", "y"]}


def test_a_key_deleted_on_one_side_is_gone_and_a_conflict_where_the_other_changed_it(repository: Repository) -> None:
    without = {name: value for name, value in FIRST.items() if name != "version"}
    repository.diverge({"conf.json": without}, {"conf.json": {**FIRST, "name": "b"}})
    repository.git("merge", "--quiet", "theirs")
    assert repository.text("conf.json") == written({**without, "name": "b"})
    repository.commit({"conf.json": {**FIRST, "name": "b", "version": 2}}, "theirs")
    repository.git("checkout", "--quiet", "main")
    ended = repository.git("merge", "theirs", code=1)
    assert "$.version\n  deleted by ours but changed by theirs\n" in ended.stderr
    marked = repository.path("conf.json").read_bytes()
    kept = [json.loads(keeping(marked, always(side))) for side in (OURS, BASE, THEIRS)]
    assert kept == [{**without, "name": "b"}, {**FIRST, "name": "b"}, {**FIRST, "name": "b", "version": 2}]


def test_a_file_deleted_on_one_side_stays_the_question_of_git(repository: Repository) -> None:
    repository.commit({"conf.json": {**FIRST, "version": 2}}, "theirs")
    repository.git("checkout", "--quiet", "main")
    repository.git("rm", "--quiet", "conf.json")
    repository.git("commit", "--quiet", "--message", "gone")
    assert "CONFLICT (modify/delete)" in repository.git("merge", "theirs", code=1).stdout
    assert repository.text("conf.json") == written({**FIRST, "version": 2})


def test_a_file_that_one_side_moved_is_merged_where_it_is_now(repository: Repository) -> None:
    large = {**FIRST, **{f"key {number}": number for number in range(50)}}
    repository.commit({"large.json": large})
    repository.git("checkout", "--quiet", "-b", "theirs")
    repository.git("mv", "large.json", "moved.json")
    repository.commit({"moved.json": {**large, "key 1": 0}})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"large.json": {**large, "key 2": 0}})
    repository.git("merge", "--quiet", "theirs")
    assert repository.text("moved.json") == written({**large, "key 1": 0, "key 2": 0})


def test_a_rebase_in_conflict_can_be_aborted_or_the_commit_skipped(repository: Repository) -> None:
    repository.diverge({"conf.json": {**FIRST, "version": 2}}, {"conf.json": {**FIRST, "version": 3}})
    repository.git("checkout", "--quiet", "theirs")
    for option, version in (("--abort", 3), ("--skip", 2)):
        repository.git("rebase", "main", code=1)
        repository.git("rebase", option)
        assert repository.text("conf.json") == written({**FIRST, "version": version})


def test_a_linked_work_tree_has_the_rules_at_its_own_root(repository: Repository) -> None:
    repository.commit({".shardflow-rules.yaml": SUM})
    repository.diverge({"conf.json": {**FIRST, "version": 11}}, {"conf.json": {**FIRST, "version": 101}})
    repository.git("worktree", "add", "--quiet", "-b", "linked", "../linked", "main")
    repository.git("merge", "--quiet", "theirs", cwd="../linked")
    assert json.loads((repository.folder / "../linked/conf.json").read_text())["version"] == 111


def test_a_repository_kept_apart_inside_another_has_its_own_rules(repository: Repository) -> None:
    repository.commit({".shardflow-rules.yaml": SUM, "inner/conf.json": FIRST})
    repository.git("clone", "--quiet", "--bare", ".", "../apart")
    driver = repository.git("config", "merge.shardflow.driver").stdout.strip()

    def apart(*arguments: str) -> None:
        repository.git("--git-dir=../../apart", "--work-tree=.", *arguments, cwd="inner")

    def commit(version: int) -> None:
        repository.path("inner/conf.json").write_text(written({**FIRST, "version": version}))
        apart("add", "--all")
        apart("commit", "--quiet", "--message", "a change")

    apart("config", "core.bare", "false")
    apart("config", "merge.shardflow.driver", driver)
    apart("checkout", "--quiet", "--force", "main")
    repository.path("inner/.shardflow-rules.yaml").write_text("rules:\n  - {path: $.version, strategy: max}\n")
    commit(10)
    apart("checkout", "--quiet", "-b", "theirs")
    commit(101)
    apart("checkout", "--quiet", "main")
    commit(11)
    apart("merge", "--quiet", "theirs")
    assert json.loads(repository.text("inner/conf.json"))["version"] == 101


def files(folder: Path, **contents: str) -> list[str]:
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [*contents, "conf.json"]


def test_by_hand_the_exit_code_tells_what_happened_and_the_result_replaces_ours(tmp_path: Path) -> None:
    clean = files(tmp_path, base='{"a": 1}', ours='{"a": 2}', theirs='{"a": 1, "b": 2}')
    (tmp_path / "ours").chmod(0o640)
    ended = shardflow("git-driver", *clean, cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (tmp_path / "ours").read_text() == '{"a": 2, "b": 2}'
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o640
    conflict = files(tmp_path, base='{"a": 1}', ours='{"a": 2}', theirs='{"a": 3}')
    assert shardflow("git-driver", *conflict, cwd=tmp_path).returncode == 1
    broken = files(tmp_path, base='{"a": 1}', ours='{"a": 2}', theirs="{")
    ended = shardflow("git-driver", *broken, cwd=tmp_path)
    assert (ended.returncode, (tmp_path / "ours").read_text()) == (2, '{"a": 2}')
    assert "conf.json (theirs):1: column 2: expected a key" in ended.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["base", "ours", "theirs"]


def test_outside_of_a_repository_the_rules_of_the_current_folder_count(tmp_path: Path) -> None:
    named = files(tmp_path, base='{"version": 1}', ours='{"version": 2}', theirs='{"version": 3}')
    (tmp_path / ".shardflow-rules.yaml").write_text(SUM)
    assert shardflow("git-driver", *named, cwd=tmp_path).returncode == 0
    assert (tmp_path / "ours").read_text() == '{"version": 4}'


def test_the_set_up_in_the_help_is_the_one_the_tests_use() -> None:
    told = shardflow("git-driver", "--help", environment={"COLUMNS": "200"}).stdout
    assert 'git config merge.shardflow.driver "shardflow git-driver -- %O %A %B %P"' in told
    assert 'echo "context.json merge=shardflow" >> .gitattributes' in told
