"""`shardflow rules ...` as people and programs call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardflow.execution.rule_sources import shipped_rule_sets
from shardflow.merge.strategies.registry import STRATEGIES
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


def told(*arguments: str | Path, cwd: Path | None = None) -> dict:
    return json.loads(shardflow("rules", *arguments, "--json", cwd=cwd).stdout)


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
    assert lines[5].split() == ["2", "$.findings", "keyed", '["file",', '"line"]', "findings:10"]
    assert "lists    set" in "\n".join(lines)


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
