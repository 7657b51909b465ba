"""`shardflow diff` as a person uses it: two files in, what differs out, exit codes as diff(1) has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardflow.cli.views.tables import markdown_code
from tests.cli.shell import reader_that_left, shardflow
from tests.cli.workflows import adding, write_workflow

A = '{"n": 1, "list": [1, 2, {"x": true}], "gone": null, "big": 18446744073709551616}'
B = '{"n": 1.0, "list": [1, 9, 2, {"x": 1}], "new": "|", "big": 18446744073709551617}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text(A)
    (tmp_path / "b.json").write_text(B)
    (tmp_path / "a-again.json").write_text(json.dumps(dict(reversed(json.loads(A).items())), indent=4))
    return tmp_path


def test_the_table_has_every_difference_with_its_path_before_and_after(folder: Path) -> None:
    ended = shardflow("diff", "a.json", "b.json", cwd=folder)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == (
        "path       before                after\n"
        "$.n        1                     1.0\n"
        "$.list[1]  2                     9\n"
        '$.list[2]  {"x": true}           2\n'
        '$.list[3]  (absent)              {"x": 1}\n'
        "$.gone     null                  (absent)\n"
        "$.big      18446744073709551616  18446744073709551617\n"
        '$.new      (absent)              "|"\n'
        "7 differences\n"
    )


@pytest.mark.parametrize("asked", [["--format", "json"], ["--json"]])
def test_json_is_one_object_without_before_or_after_where_nothing_stands(folder: Path, asked: list[str]) -> None:
    told = json.loads(shardflow("diff", "a.json", "b.json", *asked, cwd=folder).stdout)
    assert (told["status"], told["exit_code"]) == ("different", 1)
    assert told["differences"][0] == {"path": "$.n", "before": 1, "after": 1.0}
    assert told["differences"][4:] == [
        {"path": "$.gone", "before": None},
        {"path": "$.big", "before": 2**64, "after": 2**64 + 1},
        {"path": "$.new", "after": "|"},
    ]


def test_markdown_is_a_table_in_which_values_mean_nothing(folder: Path) -> None:
    told = shardflow("diff", "a.json", "b.json", "--format=markdown", cwd=folder).stdout.splitlines()
    assert told[:3] == ["| path | before | after |", "| --- | --- | --- |", "| `$.n` | `1` | `1.0` |"]
    assert told[-3:] == ['| `$.new` | `(absent)` | `"\\|"` |', "", "7 differences"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("plain", "`plain`"),
        ("a|b", "`a\\|b`"),
        ('"\\\\|"', '`"\\\\\\u007c"`'),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        (" a", "`  a `"),
        ("<b>", "`<b>`"),
        ("", ""),
        (" ", "` `"),
    ],
)
def test_code_in_markdown_is_fenced_so_that_nothing_in_it_ends_it(text: str, code: str) -> None:
    assert markdown_code(text) == code


@pytest.mark.parametrize("layout", ["table", "markdown", "json"])
def test_documents_of_the_same_value_are_the_same_in_any_layout_and_order_of_keys(folder: Path, layout: str) -> None:
    ended = shardflow("diff", "a.json", "a-again.json", "--format", layout, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = "no differences\n" if layout != "json" else '"differences": []'
    assert told in ended.stdout


def test_hostile_texts_cannot_steer_a_terminal(folder: Path) -> None:
    hostile = "\x1b[31m\u202e\x9b\n"
    (folder / "a.json").write_text(json.dumps({"ok": 1, hostile: hostile}))
    for layout in ("table", "markdown"):
        told = shardflow("diff", "a.json", "b.json", "--format", layout, cwd=folder).stdout
        assert all(line.isprintable() for line in told.splitlines())
        assert "\\u001b[31m" in told


def test_many_differences_are_counted_and_not_all_shown(folder: Path) -> None:
    (folder / "a.json").write_text(json.dumps(list(range(1000))))
    (folder / "b.json").write_text(json.dumps(list(range(1, 1001))))
    told = shardflow("diff", "a.json", "b.json", cwd=folder).stdout.splitlines()
    assert len(told) == 202
    assert told[-1] == "1,000 differences; 200 of them shown, --format json lists every one"
    all_told = json.loads(shardflow("diff", "a.json", "b.json", "--format", "json", cwd=folder).stdout)
    assert len(all_told["differences"]) == 1000


def test_the_problems_of_both_documents_are_told_with_file_and_line(folder: Path) -> None:
    (folder / "a.json").write_text('{"a": 1,\n "a": 2}')
    (folder / "b.json").write_text("[NaN]")
    ended = shardflow("diff", "a.json", "b.json", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "a.json:2: column 2: duplicate key 'a'" in ended.stderr
    assert "b.json:1: column 2: 'NaN' is not a finite number" in ended.stderr
    ended = shardflow("diff", "b.json", "nowhere.json", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "'NaN' is not a finite number" in ended.stderr
    assert "cannot read nowhere.json" in ended.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["a.json", "nowhere.json"], "cannot read nowhere.json: it does not exist"),
        (["a.json", "."], ". is no folder of a run"),
        (["a.json", "b.json", "--format", "tabel"], "unknown format 'tabel'; did you mean 'table'?"),
    ],
)
def test_wrong_usage_is_trouble_and_not_a_difference(folder: Path, line: list[str], said: str) -> None:
    ended = shardflow("diff", *line, cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_reader_that_left_is_no_error(folder: Path) -> None:
    with reader_that_left() as gone:
        assert shardflow("diff", "a.json", "b.json", cwd=folder, stdout=gone).returncode == 1


def test_of_a_run_base_shard_of_any_form_and_context_can_be_compared(tmp_path: Path) -> None:
    patch = {"id": "patch", "shard": "patch", "run": 'echo \'{"n": 2, "gone": null}\' > "$SHARDFLOW_SHARD"'}
    copy = {"id": "copy", "run": adding(new=1)}
    phase = {"id": "work", "behavior": "parallel", "subagents": [patch, copy]}
    context = {"n": 1, "gone": 1}
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "context": context, "phases": [phase]}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path).returncode == 0

    def paths(one: str, other: str) -> list[str]:
        told = json.loads(shardflow("diff", one, other, "--format", "json", cwd=tmp_path).stdout)
        return sorted(difference["path"] for difference in told["differences"])

    group = "run/groups/01-work"
    assert paths(f"{group}/base.json", f"{group}/patch") == ["$.gone", "$.n"]
    assert paths(f"{group}/base.json", f"{group}/copy/") == ["$.new"]
    assert paths(f"{group}/patch", group) == ["$.new"]
    assert paths(group, "run") == []
    assert paths(f"{group}/copy/context-copy.json", f"{group}/copy") == []


@pytest.mark.parametrize("named", [".", "run/groups", "run/groups/01-work/other"])
def test_any_other_folder_is_said_to_be_none_of_a_run(tmp_path: Path, named: str) -> None:
    write_workflow(tmp_path / "w.yaml", a="true")
    shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path)
    (tmp_path / "run/groups/01-work/other").mkdir()
    ended = shardflow("diff", named, "run", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no folder of a run" in ended.stderr or "knows no subagent other" in ended.stderr


def test_a_group_that_merged_nothing_has_no_context_to_compare(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", a=adding(n=1), b=adding(n=2))
    assert shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path).returncode == 3
    ended = shardflow("diff", "run", "run/groups/01-work", cwd=tmp_path)
    assert ended.returncode == 2
    said = "run/groups/01-work came to no context: its merge was left in conflict; its base and shards can be compared"
    assert said in ended.stderr


def test_differences_are_told_in_deepdiffs_words_and_counted_strictly(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": 1, "z": 0.0, "gone": null, "\\u001b": "x\\ny"}')
    (tmp_path / "b.json").write_text('{"n": 2, "z": -0.0, "\\u001b": ["x"]}')
    ended = shardflow("diff", "a.json", "b.json", "--format", "deepdiff", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    *lines, counted = ended.stdout.splitlines()
    assert "Value of root['n'] changed from 1 to 2." in lines
    assert len(lines) == 3  # it does not tell 0.0 from -0.0
    assert counted == "4 differences, strictly compared"
    assert all(line.isprintable() for line in lines)
    ended = shardflow("diff", "a.json", "a.json", "--format", "deepdiff", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "no differences\n")
    ended = shardflow("merge", "a.json", "b.json", "--format", "deepdiff", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--format deepdiff words what differs" in ended.stderr
