"""`shardflow rules ...` as people and programs call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardflow.execution.rules.sources import shipped_rule_sets
from shardflow.merge.guide.declared_laws import OF_EVERY_MERGE, OF_RULE_SETS
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.testing.laws import DECLARABLE, REQUIRED
from tests.cli.shell import shardflow

OWN = """\
description: Our own.
extends: [findings]
rules:
  - path: $.n
    strategy: sum
    on_delete: keep
default: {lists: set}
"""


FINDINGS = Path(shipped_rule_sets()["findings"]).read_text().split("path: $.findings,")[0].count("\n") + 1
"""The line of its first rule."""


def told(*arguments: str | Path, cwd: Path | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(shardflow("rules", *arguments, "--json", cwd=cwd).stdout)
    return answer


def test_rules_list_has_every_set_that_ships_and_every_strategy() -> None:
    listed = told("list")
    assert [one["name"] for one in listed["rule_sets"]] == list(shipped_rule_sets())
    assert [one["name"] for one in listed["strategies"]] == list(STRATEGIES)
    text = shardflow("rules", "list").stdout
    assert all(one["description"] in text for one in listed["rule_sets"])
    assert all(one["summary"] in text for one in listed["strategies"])


def test_no_rule_set_is_called_as_a_strategy() -> None:
    assert not set(shipped_rule_sets()) & set(STRATEGIES)


def test_rules_show_lays_out_effective_rules_in_order_with_where_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    lines = shardflow("rules", "show", "own.yaml", cwd=tmp_path).stdout.splitlines()
    assert lines[0] == "own.yaml: Our own."
    assert lines[4].split() == ["1", "$.n", "sum", "on_delete:", "keep", "own.yaml:5"]
    assert lines[5].split() == ["2", "$.findings", "keyed", '["file",', '"line"]', f"findings:{FINDINGS}"]
    assert "lists    set" in "\n".join(lines)


def test_rules_show_writes_numbers_that_no_float_holds_as_they_are(tmp_path: Path) -> None:
    huge = "1" + 5000 * "0"
    rank = f"{{rank: [0.1000000000000000001, {huge}]}}"
    (tmp_path / "rules.yaml").write_text(f"rules: [{{path: $.a, strategy: {rank}}}]")
    ended = shardflow("rules", "show", "rules.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"rank [0.1000000000000000001, {huge}]" in ended.stdout


def test_rules_show_gives_programs_a_rule_file_again(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    shown = told("show", "own.yaml", cwd=tmp_path)
    assert shown["rules"][0] == {"path": "$.n", "strategy": "sum", "on_delete": "keep", "origin": "own.yaml:5"}
    assert shown["default"] == {"lists": {"strategy": "set", "origin": "own.yaml:7"}}


@pytest.mark.parametrize("name", STRATEGIES)
def test_rules_show_has_a_page_for_every_strategy(name: str) -> None:
    page = told("show", name)["page"]
    assert list(page) == ["summary", "What it does", "Why", "Known problems", "Example", "Laws"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("keyd", "no rule set or strategy 'keyd'; did you mean 'keyed'?"),
        ("finding", "no rule set or strategy 'finding'; did you mean 'findings'?"),
        ("./none.yaml", "./none.yaml: no such rules; cannot read ./none.yaml: it does not exist"),
    ],
)
def test_rules_show_answers_a_name_it_does_not_know(name: str, complaint: str, tmp_path: Path) -> None:
    ended = shardflow("rules", "show", name, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, f"shardflow rules show: {complaint}\n")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("plain.json", "the file of this name is ./plain.json"), (".", "it is a folder, and rules stand in files")],
)
def test_a_name_that_is_no_rule_set_but_stands_in_the_folder_is_told_so(name: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "plain.json").write_text('{"rules": []}')
    ended = shardflow("rules", "lint", name, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, f"{name}: no such rules; {hint}\ninvalid: 1 of 1 file\n")
    assert shardflow("rules", "lint", "./plain.json", cwd=tmp_path).returncode == 0


def test_rules_explain_names_the_rule_that_decides_and_those_that_do_not_match(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    ended = shardflow("rules", "explain", "$.findings[0].severity", "--rules", "own.yaml", cwd=tmp_path)
    lines = ended.stdout.splitlines()
    assert lines[0].startswith('$.findings[0].severity is decided by rank ["info", ')
    assert lines[0].endswith(f"] at $.findings[*].severity (findings:{FINDINGS + 1})")
    assert "  sum at $.n (own.yaml:5): it wants .n where the path has .findings" in lines
    assert f'  $.findings: keyed ["file", "line"] at $.findings (findings:{FINDINGS}) goes into it' in lines
    assert ended.returncode == 0


def test_rules_explain_tells_a_rule_that_settles_the_value_around_a_path(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    explained = told("explain", "$.n.deeper", "--rules", "own.yaml", cwd=tmp_path)
    assert (explained["path"], explained["decided_at"]) == ("$.n.deeper", "$.n")
    assert explained["rule"]["strategy"] == "sum"
    assert explained["default"] == {"lists": {"strategy": "set", "origin": "own.yaml:7"}}


def test_rules_explain_answers_what_is_no_path() -> None:
    ended = shardflow("rules", "explain", "findings")
    assert ended.returncode == 2
    assert ended.stderr.startswith("shardflow rules explain: 'findings' is no path: a path starts with '$'")


def test_rules_explain_refuses_a_path_that_leads_deeper_than_documents_go() -> None:
    assert shardflow("rules", "explain", "$" + ".a" * 200).returncode == 0
    ended = shardflow("rules", "explain", "$" + ".a" * 20_000)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(" leads to no value: what stands there would be nested deeper than 200 levels\n")
    assert len(ended.stderr) < 1000


def test_rules_lint_tells_every_error_of_every_file_at_once(tmp_path: Path) -> None:
    rules = [
        "{path: $.a, strategy: unoin}",
        "{path: $.n, strategy: sum}",
        "{path: $.n, strategy: max}",
        "{path: $.q, strategy: {quorum: 0}}",
    ]
    (tmp_path / "bad.yaml").write_text("extends: [nope]\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    (tmp_path / "one.yaml").write_text("extends: two.yaml\n")
    (tmp_path / "two.yaml").write_text("extends: [./one.yaml]\n")
    ended = shardflow("rules", "lint", "bad.yaml", "one.yaml", "findings", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == "findings: valid, 5 rules\n"
    assert [line.split(" at ")[0] for line in ended.stderr.splitlines()] == [
        "bad.yaml:3: unknown strategy 'unoin'",
        "bad.yaml:5: this rule can never decide anything",
        "bad.yaml:6: strategy 'quorum' needs the number of votes, 1 or more",
        "bad.yaml:1: no rule set 'nope'",
        "two.yaml:1: rule sets extend each other in a circle: one.yaml -> two.yaml -> one.yaml",
        "invalid: 2 of 3 files",
    ]


def test_a_key_that_stands_twice_hides_no_other_error_of_a_rule_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("rules:\n  - {path: $.a, path: $.b, strategy: summ}\nextend: strict\n")
    for command in (["rules", "lint", "r.yaml"], ["rules", "show", "./r.yaml"]):
        ended = shardflow(*command, cwd=tmp_path)
        assert ended.returncode == 2
        found = [ended.stderr.find(text) for text in ("duplicate key 'path'", "strategy 'summ'", "field 'extend'")]
        assert -1 not in found
        assert found == sorted(found)


def test_rules_lint_warns_of_laws_that_a_file_declares_and_nobody_knows(tmp_path: Path) -> None:
    laws = "# A set.\n#\n# Laws\n#     idempotent (but for sums), permutation,\n#     comutative up to  order, monotone"
    (tmp_path / "odd.yaml").write_text(laws + "\nrules: []\n")
    ended = shardflow("rules", "lint", "odd.yaml", *shipped_rule_sets(), cwd=tmp_path)
    assert ended.returncode == 0
    first, second = ended.stderr.splitlines()
    known = "did you mean 'commutative up to order'?"
    assert first == f"warning: odd.yaml:5: no law of a whole rule set: 'comutative up to order'; {known}"
    assert second.startswith(
        "warning: odd.yaml:5: no law of a whole rule set: 'monotone'; known are associative, commutative, "
    )


def test_the_laws_that_lint_knows_are_those_that_are_asked_for() -> None:
    assert (tuple(REQUIRED), tuple(DECLARABLE)) == (OF_EVERY_MERGE, OF_RULE_SETS)


def test_rules_lint_warns_of_a_files_own_rules_only(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("rules: [{path: $.n, strategy: sum, type: text}]\n")
    (tmp_path / "own.yaml").write_text("extends: [odd.yaml]\n")
    ended = shardflow("rules", "lint", "odd.yaml", "own.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "odd.yaml: valid, 1 rule, 1 warning\nown.yaml: valid, 1 rule\n")
    assert ended.stderr.startswith("warning: odd.yaml:1: 'sum' works on integer or number")
    [file] = told("lint", "odd.yaml", cwd=tmp_path)["files"]
    assert (file["status"], file["problems"]) == ("valid", [])
    assert [warning["line"] for warning in file["warnings"]] == [1]
