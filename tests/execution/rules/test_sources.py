"""Where rules come from: files, shipped sets, the workflow; and back from `rules.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardflow import load_rules
from shardflow.errors import InvalidInput
from shardflow.execution.rules.sources import (
    NO_EFFECTIVE_RULES,
    read_effective_rules,
    rules_of,
    shipped_rule_sets,
)
from shardflow.merge.rules import NO_RULES, RuleSet, rules_json
from shardflow.model.documents import Document
from shardflow.storage.files import sha256_hex
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.workflow.model import InlineRules, RulesFile
from tests.cli.shell import shardflow
from tests.cli.workflows import adding, write_workflow


def read_back(data: bytes) -> RuleSet:
    return read_effective_rules(data, "rules.json", sha256_hex(data))


def patterns(rules: RuleSet) -> list[str]:
    return [str(rule.pattern) for rule in rules.rules]


def test_no_rules_are_written_as_the_empty_set_is() -> None:
    assert NO_EFFECTIVE_RULES.data == canonical_bytes(rules_json(NO_RULES))
    assert rules_of(None, "").rules is NO_RULES
    assert read_back(NO_EFFECTIVE_RULES.data).rules == ()


@pytest.mark.parametrize("name", sorted(shipped_rule_sets()))
def test_every_shipped_set_is_found_by_its_name_and_reads_back_from_its_effective_form(name: str) -> None:
    loaded = rules_of(RulesFile(name), "/nowhere")
    assert canonical_bytes(rules_json(read_back(loaded.data))) == loaded.data


def test_rules_extend_files_beside_them_and_shipped_sets_and_may_override_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "top.yaml").write_text("extends: [sub/middle.yml]\nrules: [{path: $.a, strategy: sum}]")
    (tmp_path / "sub/middle.yml").write_text("extends: ./last.yaml\nrules: [{path: $.a, strategy: max}]")
    (tmp_path / "sub/last.yaml").write_text("rules: [{path: $.b, strategy: last}]")
    loaded = rules_of(RulesFile("top.yaml"), str(tmp_path))
    assert patterns(loaded.rules) == ["$.a", "$.a", "$.b"]
    assert loaded.rules.rules[2].origin == "sub/last.yaml:1"
    assert patterns(read_back(loaded.data)) == ["$.a", "$.a", "$.b"]


def test_inline_rules_extend_relative_to_the_workflow(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("rules: [{path: $.b, strategy: last}]")
    document = Document(f"{tmp_path}/workflow.yaml", {"extends": ["./more.yaml"], "rules": []})
    assert patterns(rules_of(InlineRules(document), "").rules) == ["$.b"]


def test_python_loads_rules_by_a_path_or_by_the_name_of_a_shipped_set_with_all_they_extend(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("extends: [findings]\nrules: [{path: $.n, strategy: sum}]")
    loaded = load_rules(tmp_path / "r.yaml")
    assert patterns(loaded) == ["$.n", *patterns(load_rules("findings"))]
    assert loaded.rules[0].origin == "r.yaml:2"


def test_python_is_told_all_that_is_wrong_with_rules_and_all_they_extend_with_lines(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "extends: ./more.yaml\nrules:\n- {path: $.a, strategy: summ}\n- {path: b, strategy: last}"
    )
    (tmp_path / "more.yaml").write_text("rules: [{path: $.c, strategy: {keyed: 7}}]")
    with pytest.raises(InvalidInput) as refused:
        load_rules(str(tmp_path / "r.yaml"))
    found = [(Path(problem.source).name, problem.line) for problem in refused.value.problems]
    assert found == [("r.yaml", 3), ("r.yaml", 4), ("more.yaml", 1)]


def test_python_is_told_of_a_function_that_cannot_be_loaded_before_it_merges(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("rules: [{path: $.a, strategy: {custom: 'own:pick'}}]")
    (tmp_path / "own.py").write_text("import no_such_module\ndef pick(base, candidates): return base")
    with pytest.raises(InvalidInput, match=r"own:pick cannot be used: .*no_such_module"):
        load_rules(tmp_path / "r.yaml")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("defualt", "did you mean 'default'"),
        ("./nowhere.yaml", "it does not exist"),
        ("broken.yaml", "unknown strategy"),
        ("lost.yaml", "it does not exist"),
        ("torn.yaml", "torn.yaml"),
    ],
)
def test_rules_that_cannot_be_loaded_say_where_and_why(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "broken.yaml").write_text("rules: [{path: $.a, strategy: summ}]")
    (tmp_path / "lost.yaml").write_text("extends: ./nowhere.yaml")
    (tmp_path / "torn.yaml").write_text("rules: [")
    with pytest.raises(InvalidInput) as refused:
        rules_of(RulesFile(name), str(tmp_path))
    assert said in str(refused.value)
    assert name.removeprefix("./") in str(refused.value)


INLINE = {"extends": ["rules/shared.yaml", "findings"], "rules": [{"path": "$.n", "strategy": "sum"}]}


def recorded(workflow: str, cwd: Path, *options: str) -> dict[str, bytes]:
    """Run a workflow from a folder; give its recorded rules and ledgers."""
    ended = shardflow("run", workflow, "--run-dir", f"{cwd}/run", *options, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    kept = [*(cwd / "run/groups").rglob("merge.json"), *(cwd / "run/groups").rglob("rules.json")]
    return {str(file.relative_to(cwd)): file.read_bytes() for file in kept}


@pytest.mark.parametrize(
    ("rules", "options", "origins"),
    [
        (INLINE, (), {"workflow.yaml:1", "rules/shared.yaml:1", "findings"}),
        ("rules/shared.yaml", (), {"rules/shared.yaml:1"}),
        (INLINE, ("--rules", "rules/shared.yaml"), {"shared.yaml:1"}),
    ],
)
def test_a_run_records_the_same_bytes_from_whatever_folder_it_is_started(
    tmp_path: Path, rules: object, options: tuple[str, ...], origins: set[str]
) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    (home / "rules").mkdir(parents=True)
    other.mkdir()
    (home / "rules/shared.yaml").write_text("rules: [{path: $.m, strategy: max}]")
    write_workflow(home / "workflow.yaml", a=adding(n=1, m=1), b=adding(m=2))
    workflow = json.loads((home / "workflow.yaml").read_text())
    (home / "workflow.yaml").write_text(json.dumps({**workflow, "context": {"n": 0, "m": 0}, "rules": rules}))
    beside = recorded("workflow.yaml", home, *options)
    far = [option.replace("rules/", "../home/rules/") for option in options]
    assert recorded("../home/workflow.yaml", other, *far) == beside
    ledger = json.loads(beside["run/groups/01-work/merge.json"])
    named = {rule["origin"] for rule in json.loads(beside["run/groups/01-work/rules.json"])["rules"]}
    assert origins <= named | {origin.rpartition(":")[0] for origin in named}
    assert {decision["rule"]["origin"] for decision in ledger["decisions"]} <= named | {""}
