"""`shardflow merge CASE_FILE`: what comes out of a case, whether that is what it expects, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import shardflow

CASE = """\
rules: {rules: [{path: $.n, strategy: sum}]}
base: {n: 5, s: ""}
shards:
  a: {n: 6, s: ""}
  b: {n: 7, s: ""}
expect: {context: {n: 8, s: ""}}
"""
CONFLICT = """\
base: {s: ""}
shards: {a: {s: x}, b: {s: y}}
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "sums.case.yaml"
    file.write_text(CASE)
    return file


def test_a_case_that_comes_out_as_expected_ends_with_0(case: Path) -> None:
    ended = shardflow("merge", case)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-2:] == ["2 changes (2 combined)", "sums: as expected"]


def test_every_difference_is_told_and_ends_with_1(case: Path) -> None:
    case.write_text(
        CASE.replace('expect: {context: {n: 8, s: ""}}', "expect:\n") + "  context: {n: 8.0, m: [1], s: ''}\n"
    )
    with case.open("a") as file:
        file.write("  conflicts: [{path: $.s, shards: [a, b]}]\n")
    ended = shardflow("merge", case)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-4:] == [
        "sums: not as expected",
        "  $.s: expected a conflict between a, b, none such came out",
        "  $.n: expected 8.0, came out as 8",
        "  $.m: expected [1], came out as (absent)",
    ]


def test_a_conflict_that_is_expected_ends_with_0_and_any_other_with_1_or_3(tmp_path: Path) -> None:
    file = tmp_path / "c.case.yaml"
    file.write_text(CONFLICT)
    assert shardflow("merge", file).returncode == 3
    file.write_text(CONFLICT + "expect: {conflicts: [{path: $.s, shards: [a, b]}]}\n")
    assert shardflow("merge", file).returncode == 0
    file.write_text(CONFLICT + "expect: {}\n")
    ended = shardflow("merge", file)
    assert ended.returncode == 1
    assert ended.stdout.endswith("  $.s: a conflict between a, b, which nobody expects\n")


def test_an_order_that_nobody_changed_is_told_by_its_rule_alone(tmp_path: Path) -> None:
    (tmp_path / "c.case.yaml").write_text(
        "rules: {rules: [{path: $.l, strategy: {keyed: {fields: id, order: key}}}]}\n"
        "base: {l: [{id: 2}, {id: 1}]}\nshards: {a: {l: [{id: 2}, {id: 1}, {id: 0}]}}\nexpect: {context: {l: []}}\n"
    )
    told = shardflow("case", "run", "c.case.yaml", cwd=tmp_path).stdout.splitlines()
    assert "      $.l (order) by keyed at $.l (c.case.yaml:1)" in told


def test_a_case_can_be_merged_under_other_rules(case: Path) -> None:
    ended = shardflow("merge", case, "--rules", "strict")
    assert ended.returncode == 1
    assert "$.n: a conflict between a, b, which nobody expects" in ended.stdout


def test_rules_may_stand_in_a_file_beside_the_case(tmp_path: Path, case: Path) -> None:
    (tmp_path / "r.yaml").write_text("rules: [{path: $.n, strategy: sum}]\n")
    case.write_text(CASE.replace("{rules: [{path: $.n, strategy: sum}]}", "./r.yaml"))
    ended = shardflow("merge", case, cwd=Path("/"))
    assert ended.returncode == 0
    assert "sum at $.n (r.yaml:1)" in ended.stdout


def test_programs_get_one_object(case: Path) -> None:
    told = json.loads(shardflow("merge", case, "--json").stdout)
    assert (told["status"], told["exit_code"], told["context"]) == ("as-expected", 0, {"n": 8, "s": ""})
    assert (told["differences"], told["missing"], told["unexpected"]) == ([], [], [])
    told = json.loads(shardflow("merge", case, "--json", "--rules", "strict").stdout)
    assert (told["status"], told["exit_code"]) == ("not-as-expected", 1)
    assert told["differences"] == [{"path": "$.n", "expected": 8, "found": 5}]
    assert told["unexpected"] == [{"path": "$.n", "shards": ["a", "b"]}]


def test_a_json_file_is_a_case_too_and_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "c.case.json"
    value = '{"n": 123456789012345678901234567890, "d": 0.1000000000000000055, "\\ud83d\\ude00": 1.0}'
    file.write_text(f'{{"base": {{}}, "shards": {{"a": {value}}}, "expect": {{"context": {value}}}}}')
    assert shardflow("merge", file).returncode == 0


def test_a_report_in_markdown_keeps_hostile_names_as_code(tmp_path: Path) -> None:
    file = tmp_path / "<b>.case.yaml"
    file.write_text(CONFLICT + "expect: {}\n")
    told = shardflow("merge", file, "--format", "markdown").stdout
    assert "- `<b>: not as expected`" in told
    assert "- `$.s: a conflict between a, b, which nobody expects`" in told


def test_every_problem_of_a_case_and_its_rules_is_told_with_its_line(case: Path) -> None:
    case.write_text(CASE.replace("sum", "smu").replace("shards:", "shard:"))
    ended = shardflow("merge", case)
    assert (ended.returncode, ended.stdout) == (2, "")
    told = [line.partition("sums.case.yaml")[2] for line in ended.stderr.splitlines()]
    assert told == [
        ":1: unknown strategy 'smu' at $.rules.rules[0].strategy; did you mean 'sum'?",
        ":3: unknown field 'shard' at $.shard; did you mean 'shards'?",
    ]


def test_a_case_that_names_a_law_is_held_to_it(tmp_path: Path) -> None:
    file = tmp_path / "c.case.yaml"
    file.write_text(CONFLICT + "law: permutation\n")
    kept = shardflow("merge", file)
    assert (kept.returncode, kept.stdout.splitlines()[-1]) == (0, "c: keeps the law 'permutation'")
    file.write_text(CASE + "law: idempotent\n")
    broken = shardflow("merge", file)
    assert broken.returncode == 1
    assert "c: breaks the law it names\n  idempotent: " in broken.stdout
    assert broken.stdout.endswith("c: as expected\n")
    told = json.loads(shardflow("merge", file, "--json").stdout)
    assert (told["status"], told["law"]["name"], told["law"]["kept"]) == ("not-as-expected", "idempotent", False)
    ran = shardflow("case", "run", tmp_path)
    assert ran.returncode == 1
    assert "  idempotent: " in ran.stdout
    file.write_text(CASE + "law: idempotnet\n")
    for command in (["merge"], ["case", "run"]):
        ended = shardflow(*command, file)
        assert ended.returncode == 2
        assert "no law 'idempotnet'; did you mean 'idempotent'?" in ended.stderr


@pytest.mark.parametrize("option", [("--resolve", "$.s=a"), ("--without", "a"), ("--output", "o.json"), ("--write",)])
def test_options_of_other_merges_are_refused(case: Path, option: tuple[str, ...]) -> None:
    ended = shardflow("merge", case, *option)
    assert ended.returncode == 2
    assert "only --rules and those about what is shown go with a case file" in ended.stderr


def test_a_case_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    ended = shardflow("case", "run", "nowhere.case.yaml", cwd=tmp_path)
    assert ended.returncode == 2
    assert "nowhere.case.yaml: no case can be read; it does not exist\n" in ended.stdout + ended.stderr
