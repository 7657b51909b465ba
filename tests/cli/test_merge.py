"""`shardflow merge` as a person uses it: files in, merged JSON out, a table of what was decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardflow.cli.commands.merging.options import shard_id
from shardflow.model.values import Json
from tests.cli.shell import reader_that_left, shardflow

BASE = {"n": 1, "list": [1], "status": "open"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "base.json", BASE)
    write(tmp_path / "context-one.json", {**BASE, "n": 2, "list": [1, 2]})
    write(tmp_path / "context-two.json", {**BASE, "n": 3, "list": [1, 3], "new": None})
    (tmp_path / "rules.yaml").write_text("rules:\n  - {path: $.n, strategy: sum}\n")
    return tmp_path


def write(file: Path, value: object) -> Path:
    file.write_text(json.dumps(value))
    return file


FILES = ["base.json", "context-one.json", "context-two.json"]
MERGED = {"n": 4, "list": [1, 2, 3], "status": "open", "new": None}


def test_the_merged_context_goes_to_standard_output_and_the_table_to_standard_error(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--rules", "rules.yaml", cwd=folder)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, MERGED)
    assert ended.stdout == json.dumps(MERGED, indent=2) + "\n"
    assert ended.stderr == (
        "path    outcome   shards    rule                       value\n"
        "$.n     combined  one, two  sum at $.n (rules.yaml:2)  4\n"
        "$.list  combined  one, two  default                    [1, 2, 3]\n"
        "$.new   applied   two       default                    null\n"
        "shard  applied  agreed  combined  superseded  conflict\n"
        "one          0       0         2           0         0\n"
        "two          1       0         2           0         0\n"
        "5 changes (1 applied, 4 combined)\n"
    )


def test_a_dash_is_standard_output(folder: Path) -> None:
    assert json.loads(shardflow("merge", *FILES, "--rules", "rules.yaml", "-o", "-", cwd=folder).stdout) == MERGED


def test_with_an_output_file_the_table_goes_to_standard_output(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--rules", "rules.yaml", "-o", "out.json", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("path ")
    assert json.loads((folder / "out.json").read_text()) == MERGED


def test_a_conflict_shows_base_candidates_rule_and_what_to_do_and_merges_nothing(folder: Path) -> None:
    (folder / "out.json").write_text("as it was")
    ended = shardflow("merge", *FILES, cwd=folder)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "conflict: $.n\n" in ended.stderr
    assert "\n  base:         1\n  one (rank 0): 2\n  two (rank 1): 3\n  rule: default\n" in ended.stderr
    assert "\n    - {path: '$.n', strategy: sum}  # adds up what each counted; max takes the largest\n" in ended.stderr
    assert shardflow("merge", *FILES, "-o", "out.json", cwd=folder).returncode == 3
    assert (folder / "out.json").read_text() == "as it was"


@pytest.mark.parametrize(
    ("base", "one", "two", "strategy"),
    [
        ({"n": 5}, {"n": 6}, {"n": 8}, "sum"),
        ({}, {"n": 1}, {"n": 2}, "sum"),
        ({"n": 5}, {"n": 4}, {"n": 8}, "max"),
        ({"n": 0.5}, {"n": 0.6}, {"n": 0.8}, "max"),
        ({}, {"n": -1}, {"n": 2}, "max"),
        ({"n": None}, {"n": 1}, {"n": 2}, "max"),
        ({"n": True}, {"n": 1}, {"n": 2}, "max"),
        ({}, {"n": [1]}, {"n": [2]}, "set"),
        ({"n": [1]}, {"n": []}, {"n": [2]}, "set"),
        ({"n": None}, {"n": [1]}, {"n": [2]}, '{prefer: ["one", "two"]}'),
        (
            {"n": [{"v": 0, "id": 1}]},
            {"n": [{"v": 1, "id": 1}]},
            {"n": [{"v": 0, "id": 1}, {"v": 2, "id": 2}]},
            '{keyed: "id"}',
        ),
        ({}, {"n": [{"id": 1}]}, {"n": [{"id": 1, "up": 1}, {"id": 2}]}, '{keyed: "id"}'),
        ({"n": [{"up": 0}]}, {"n": [{"up": 1}, {"up": 1}]}, {"n": []}, '{prefer: ["one", "two"]}'),
        ({"n": [0, 0, 0]}, {"n": [1, 0, 0]}, {"n": [0, 0, 2]}, '{prefer: ["one", "two"]}'),
        ({}, {"n": [0, 0]}, {"n": [0]}, '{prefer: ["one", "two"]}'),
        ({"n": "a\nb\nc"}, {"n": "A\nb\nc"}, {"n": "a\nb\nC"}, '{prefer: ["one", "two"]}'),
    ],
)
def test_a_rule_that_settles_values_like_these_is_offered_a_sum_only_where_shards_raised_a_number(
    folder: Path, base: Json, one: Json, two: Json, strategy: str
) -> None:
    for name, value in zip(FILES, (base, one, two), strict=True):
        write(folder / name, value)
    [line] = [line for line in shardflow("merge", *FILES, cwd=folder).stderr.splitlines() if line.startswith("    - {")]
    assert f"strategy: {strategy}}}" in line
    (folder / "rules.yaml").write_text(f"rules:\n{line}\n")
    assert shardflow("merge", *FILES, "--rules", "rules.yaml", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("base", "one", "two", "told"),
    [
        ([0, 0, 0], [1, 0, 0], [0, 0, 2], True),
        ([{"up": 0}, {"up": 0}, {}], [{"up": 1}, {"up": 0}, {}], [{"up": 0}, {"up": 0}, {"up": 1}], True),
        ("a\nb\nc", "A\nb\nc", "a\nb\nC", True),
        ("a", "b\nc", "d", True),
        ("a", "b", "c", False),
        ([0, 0], [1, 0], "x\n", False),
        (None, [0, 0], [0], False),
        (0, "a\n", "b\n", False),
    ],
)
def test_diff3_is_told_of_where_parts_of_texts_and_lists_may_have_been_changed(
    folder: Path, base: Json, one: Json, two: Json, told: bool
) -> None:
    for name, value in zip(FILES, (base, one, two), strict=True):
        write(folder / name, {"n": value})
    [line] = [line for line in shardflow("merge", *FILES, cwd=folder).stderr.splitlines() if line.startswith("    - {")]
    assert line.endswith("  # diff3 takes changes of different parts") is told


def test_two_journals_that_count_at_one_place_are_offered_a_sum(tmp_path: Path) -> None:
    write(tmp_path / "base.json", {"done": 3})
    (tmp_path / "a.jsonl").write_text('{"add": "$.done", "value": 1}\n')
    (tmp_path / "b.jsonl").write_text('{"add": "$.done", "value": 4}\n')
    ended = shardflow("merge", "base.json", "a.jsonl", "b.jsonl", cwd=tmp_path)
    assert "    - {path: '$.done', strategy: sum}" in ended.stderr


def test_a_change_that_nobody_contests_but_a_rule_forbids_is_offered_as_it_is(folder: Path) -> None:
    write(folder / "rules.yaml", {"rules": [{"path": "$.n", "strategy": "immutable"}]})
    ended = shardflow("merge", "base.json", "context-one.json", "--rules", "rules.yaml", cwd=folder)
    assert "\n    - {path: '$.n', strategy: last}\n" in ended.stderr


def test_the_rule_line_of_a_conflict_settles_it_when_it_is_added(folder: Path) -> None:
    odd = 'it\'s "odd" \x9b.[*]'
    write(folder / "base.json", {odd: {"k": "a"}})
    write(folder / "context-one.json", {odd: {"k": "b"}})
    write(folder / "context-two.json", {odd: {"k": "c"}})
    told = shardflow("merge", *FILES, cwd=folder).stderr
    [line] = [line for line in told.splitlines() if line.startswith("    - {")]
    (folder / "rules.yaml").write_text(f"rules:\n{line}\n")
    ended = shardflow("merge", *FILES, "--rules", "rules.yaml", cwd=folder)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {odd: {"k": "b"}})


def test_json_is_one_object_with_the_merged_context_and_the_ledger(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--rules", "rules.yaml", "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert list(told) == ["status", "exit_code", "context", "counts", "shards", "conflicts", "decisions"]
    assert (told["status"], told["exit_code"], told["context"]) == ("done", 0, MERGED)


def test_json_of_a_conflict_has_the_candidates_and_no_context(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (3, "conflict", 3)
    assert "context" not in told
    assert [conflict["path"] for conflict in told["conflicts"]] == ["$.n"]


def test_json_with_an_output_file_names_the_file(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--rules", "rules.yaml", "--json", "-o", "out.json", cwd=folder)
    told = json.loads(ended.stdout)
    assert told["output_file"] == "out.json"
    assert json.loads((folder / "out.json").read_text()) == MERGED


def test_the_order_of_arguments_is_the_rank(folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules:\n  - {path: $.n, strategy: last}\n")
    merge = ["merge", "base.json", "--rules", "rules.yaml"]
    assert json.loads(shardflow(*merge, *FILES[1:], cwd=folder).stdout)["n"] == 3
    assert json.loads(shardflow(*merge, *reversed(FILES[1:]), cwd=folder).stdout)["n"] == 2


def test_a_shard_is_named_by_its_file() -> None:
    assert shard_id("/x/context-audit.v2.json") == "audit.v2"
    assert shard_id("a.json") == "a"
    assert shard_id("context-.json") == "context-"


def test_a_shard_given_twice_counts_once_and_two_of_one_name_are_refused(folder: Path) -> None:
    twice = shardflow("merge", *FILES, FILES[1], "--rules", "rules.yaml", cwd=folder)
    assert (twice.returncode, json.loads(twice.stdout)) == (0, MERGED)
    (folder / "other").mkdir()
    write(folder / "other/context-one.json", {})
    ended = shardflow("merge", *FILES, "other/context-one.json", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "shardflow merge: other/context-one.json: its shard is called one, as that of context-one.json, and holds "
        "something else; give one of the files another name\n"
    )


def test_the_problems_of_rules_base_and_shards_are_told_at_once(folder: Path) -> None:
    (folder / "r.yaml").write_text("rules: [{path: $.n, strategy: summ}]")
    (folder / "base.json").write_bytes(b"\xef\xbb\xbf{}")
    (folder / "bad.json").write_text('{"n": NaN}')
    (folder / "good.json").write_text("{}")
    (folder / "journal.jsonl").write_text("")
    inputs = ["base.json", "bad.json", "good.json", "journal.jsonl"]
    ended = shardflow("merge", *inputs, "--rules", "r.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.split(":")[0] for line in ended.stderr.removeprefix("shardflow merge: ").splitlines()] == [
        "r.yaml",
        "base.json",
        "bad.json",
    ]


def test_the_problems_of_all_shards_are_told_at_once(folder: Path) -> None:
    (folder / "context-one.json").write_text('{"a": 1, "a": 2}')
    (folder / "context-two.json").write_text("[1]")
    ended = shardflow("merge", *FILES, "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (2, "invalid", 2)
    assert [problem["file"] for problem in told["problems"]] == FILES[1:]
    assert all(f"{name}" in ended.stderr for name in FILES[1:])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("nowhere/out.json", "cannot write nowhere/out.json: its folder does not exist"),
        (".", "cannot write .: it is a folder, not a regular file; - is standard output"),
        ("link.json", "cannot write link.json: it is a symbolic link, not a regular file; - is standard output"),
        ("/dev/full", "cannot write /dev/full: it is a device, not a regular file; - is standard output"),
    ],
)
def test_an_output_that_cannot_be_is_wrong_usage_and_told_before_anything_is_merged(
    folder: Path, output: str, said: str
) -> None:
    (folder / "link.json").symlink_to("base.json")
    ended = shardflow("merge", *FILES, "-o", output, cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow merge: {said}\n")


@pytest.mark.parametrize("missing", range(3))
def test_a_file_that_is_not_there_is_wrong_usage(folder: Path, missing: int) -> None:
    (folder / FILES[missing]).unlink()
    ended = shardflow("merge", *FILES, cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert FILES[missing] in ended.stderr
    assert "does not exist" in ended.stderr


def test_a_folder_that_is_no_run_is_named(folder: Path) -> None:
    ended = shardflow("merge", ".", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no run directory" in ended.stderr


def test_exact_numbers_come_out_exactly(folder: Path) -> None:
    (folder / "base.json").write_text("{}")
    numbers = '{\n  "big": 123456789012345678901234567890,\n  "long": 0.1000000000000000055511151231257827\n}\n'
    (folder / "context-one.json").write_text(numbers)
    assert shardflow("merge", *FILES[:2], cwd=folder).stdout == numbers


def test_hostile_text_reaches_no_terminal_as_it_is(folder: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    write(folder / "base.json", {"plain": 1, "k": "a"})
    (folder / f"context-{evil}.json").write_text(json.dumps({"plain": 1, "k": evil, evil: evil}))
    write(folder / "context-two.json", {"plain": 2, "k": "c"})
    shards = ["merge", "base.json", f"context-{evil}.json", "context-two.json"]
    for ended in (shardflow(*shards, cwd=folder), shardflow(*shards, "-o", f"{evil}/x", cwd=folder)):
        assert ended.stderr or ended.stdout
        assert (ended.stderr + ended.stdout).replace("\n", "").isprintable()


def test_a_reader_that_leaves_is_no_error(folder: Path) -> None:
    with reader_that_left() as stdout:
        ended = shardflow("merge", *FILES, "--rules", "rules.yaml", "-o", "out.json", cwd=folder, stdout=stdout)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_full_disk_behind_standard_output_is_told(folder: Path) -> None:
    with open("/dev/full", "w") as stdout:
        ended = shardflow("merge", *FILES, "--rules", "rules.yaml", cwd=folder, stdout=stdout)
    assert ended.returncode == 1
    assert ended.stderr.endswith("standard output cannot be written: no space left on device\n")


def test_a_journal_is_a_shard_of_lines_and_goes_on_where_a_file_of_its_id_ended(folder: Path) -> None:
    base = write(folder / "start.json", {"n": 1, "l": []})
    (folder / "context-j.jsonl").write_text('{"add": "$.n", "value": 2}\n{"append": "$.l", "value": null}\n{"set"')
    done = shardflow("merge", base, folder / "context-j.jsonl")
    assert json.loads(done.stdout) == {"n": 3, "l": [None]}
    assert "context-j.jsonl: line 3 of its journal is torn" in done.stderr
    write(folder / "context-j.json", {"n": 10, "l": [0]})
    for files in (("context-j.jsonl", "context-j.json"), ("context-j.json", "context-j.jsonl")):
        done = shardflow("merge", base, *(folder / file for file in files))
        assert json.loads(done.stdout) == {"n": 12, "l": [0, None]}


def test_the_lines_of_a_journal_that_cannot_be_applied_are_told_with_those_of_other_shards(folder: Path) -> None:
    base = write(folder / "start.json", {"n": 1})
    (folder / "j.jsonl").write_text('{"append": "$.n", "value": 1}\n{"ad": "$.n"}\n')
    (folder / "k.jsonl").write_text("[]\n")
    done = shardflow("merge", base, folder / "j.jsonl", folder / "k.jsonl")
    for told in (
        "j.jsonl:1: append needs a list",
        "j.jsonl:2: unknown operation 'ad'; did you mean",
        "k.jsonl:1: expected",
    ):
        assert told in done.stderr
