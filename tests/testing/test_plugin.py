"""The pytest plugin, in a project of its own and a pytest of its own: what is collected, what a failure says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import REPOSITORY

PASSES = "{rules: counters-and-metrics, base: {counters: {n: 1}}, shards: {a: {counters: {n: 2}}}, expect: {}}\n"


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest there with the plugin as it is loaded where shardflow is installed, by its name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "--color=no", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_case_files_are_collected_by_name_anywhere_and_by_folder(project: Path) -> None:
    for name in ("a.case.yaml", "deep/b.case.json", "c.case.yml", "merge_rules/cases/set/d.yaml"):
        text = '{"base": {}, "shards": {}, "expect": {}}' if name.endswith("json") else PASSES
        write(project / name, text)
    for name in ("other.yaml", "workflow.json", "merge_rules/findings.yaml", "my/cases/e.yaml"):
        write(project / name, "not: a case\n")
    ended = pytest_in(project, "--collect-only", "-q")
    assert sorted(ended.stdout.splitlines()[:4]) == [
        "a.case.yaml::case",
        "c.case.yml::case",
        "deep/b.case.json::case",
        "merge_rules/cases/set/d.yaml::case",
    ]
    ended = pytest_in(project, "-v")
    assert ended.returncode == 0
    assert "merge_rules/cases/set/d.yaml::case PASSED" in ended.stdout
    assert "4 passed" in ended.stdout


def test_other_folders_of_cases_are_named_in_the_ini_file(project: Path) -> None:
    write(project / "pytest.ini", "[pytest]\nshardflow_cases = my/cases\n    more\n")
    write(project / "my/cases/e.yaml", PASSES)
    write(project / "more/f.yml", PASSES)
    write(project / "merge_rules/cases/d.yaml", PASSES)
    assert "2 passed" in pytest_in(project, "-q").stdout


def test_a_failure_says_what_differs_and_who_decided_it(project: Path) -> None:
    case = """\
rules: {rules: [{path: $.n, strategy: sum}, {path: $.f, strategy: {keyed: id}}]}
base: {n: 5, f: [], s: ""}
shards:
  a: {n: 6, f: [{id: 1, v: 1}], s: x}
  b: {n: 7, f: [{id: 2, v: 1}], s: y}
expect:
  context: {n: 8.0, f: [{id: 1, v: 1}, {id: 2, v: 2}], s: ""}
"""
    write(project / "sums.case.yaml", case)
    ended = pytest_in(project)
    assert ended.returncode == 1
    start = ended.stdout.index("sums: not as expected")
    assert ended.stdout[start:].splitlines()[:7] == [
        "sums: not as expected",
        "  $.s: a conflict between a, b, which nobody expects",
        '      $.s by default (a and b changed it to different values): a "x" conflict, b "y" conflict',
        "  $.n: expected 8.0, came out as 8",
        "      $.n by sum at $.n (sums.case.yaml:1): a 6 combined, b 7 combined",
        "  $.f[1].v: expected 2, came out as 1",
        '      $.f[?@.id==2] by default: b {"id": 2, "v": 1} applied',
    ]
    assert "Traceback" not in ended.stdout


def test_a_case_that_cannot_be_read_or_cannot_fail_fails_and_says_why(project: Path) -> None:
    write(project / "a.case.yaml", "base: 1\nshards: {a: {n: }\n")
    write(project / "b.case.yaml", "base: 1\nrules: nowhere\n")
    write(project / "c.case.yaml", "{base: {}, shards: {}}\n")
    ended = pytest_in(project)
    assert "a.case.yaml:3: column 1" in ended.stdout
    assert "b.case.yaml:1: expected an object, found the integer 1 at $.base" in ended.stdout
    assert "nowhere: no such rules; " in ended.stdout
    assert "c: not as expected\n  it expects nothing; add `expect:`" in ended.stdout
    assert "3 failed" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert [line.strip("_ ") for line in ended.stdout.splitlines() if line.startswith("____")] == [
        "a.case.yaml",
        "b.case.yaml",
        "c.case.yaml",
    ]


TESTS = """\
import pytest


def test_rules_beside_the_test(shardflow_rules):
    rules = shardflow_rules("./r.yaml")
    assert rules.merge({"n": 1}, a={"n": 2}, b={"n": 3}) == {"n": 4}
    assert rules.conflicts({"s": ""}, a={"s": "x"}, b={"s": "y"}) == ["$.s"]


def test_shipped_and_written_rules(shardflow_rules):
    assert shardflow_rules("strict").conflicts({"n": 1}, a={"n": 2}, b={"n": 2}) == ["$.n"]
    largest = shardflow_rules({"rules": [{"path": "$.n", "strategy": "max"}]})
    assert largest.merge({}, a={"n": 2}, b={"n": 3}) == {"n": 3}


def test_conflicts_where_none_are_expected(shardflow_rules):
    shardflow_rules("default").merge({"s": ""}, a={"s": "x"}, b={"s": "y"})


def test_misspelt(shardflow_rules):
    shardflow_rules({"rules": [{"path": "$.n", "strategy": "smu"}]})
"""


def test_the_fixture_gives_rules_to_merge_documents_under(project: Path) -> None:
    write(project / "r.yaml", "rules: [{path: $.n, strategy: sum}]\n")
    write(project / "test_it.py", TESTS)
    ended = pytest_in(project)
    assert "2 failed, 2 passed" in ended.stdout
    assert "$.s: a and b changed it to different values (default)" in ended.stdout
    assert "unknown strategy 'smu' at $.rules[0].strategy; did you mean 'sum'?" in ended.stdout


def test_what_can_be_no_rules_is_refused_in_words(project: Path) -> None:
    write(project / "test_it.py", "def test_it(shardflow_rules):\n    shardflow_rules([{'path': '$.n'}])\n")
    told = "rules to try are a path, a shipped set's name, or a dict as a rule file holds it, not a list"
    assert told in pytest_in(project).stdout


def test_rules_that_are_not_there_are_told_at_the_line_that_asks_for_them_and_nowhere_else(project: Path) -> None:
    write(project / "test_it.py", "def test_it(shardflow_rules):\n    shardflow_rules('./rules.yaml')\n")
    ended = pytest_in(project)
    assert "rules.yaml: no such rules" in ended.stdout
    assert "\ntest_it.py:2: InvalidRules\n" in ended.stdout
    assert "shardflow/" not in ended.stdout


def test_a_pytest_without_cases_loads_nothing_but_the_plugin_itself(project: Path) -> None:
    write(
        project / "test_it.py",
        "import sys\n\n\ndef test_it():\n    print(*sorted(name for name in sys.modules if 'shardflow' in name))\n"
        "    assert not {'yaml', 'orjson', 'hypothesis', 'typer'} & set(sys.modules)\n",
    )
    ended = pytest_in(project, "-s", "-p", "no:hypothesispytest", "-p", "no:_hypothesis_pytestplugin")
    assert ended.returncode == 0, ended.stdout
    assert "shardflow shardflow.testing shardflow.testing.plugin" in ended.stdout


def test_a_broken_law_and_a_conflict_are_shown_without_the_inside_of_the_kit(project: Path) -> None:
    write(
        project / "test_ours.py",
        """\
from shardflow.testing import check_strategy

def first(base, candidates):
    return candidates[0].value

def test_first():
    check_strategy(first, declared=["commutative"], examples=20)

def test_texts(shardflow_rules):
    shardflow_rules("default").merge({"s": ""}, a={"s": "x"}, b={"s": "y"})
""",
    )
    ended = pytest_in(project)
    assert "2 failed" in ended.stdout
    assert "commutative is broken" in ended.stdout
    assert not [line for line in ended.stdout.splitlines() if "shardflow/testing/" in line], ended.stdout
