"""Where functions of rules come from, what keeps them out, and that a run repeats with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from shardflow.errors import InvalidRules
from shardflow.execution.rules.sources import load_named_rules, read_effective_rules
from shardflow.storage.files import sha256_hex
from tests.cli.git_repository import Repository
from tests.cli.shell import shardflow
from tests.cli.workflows import adding

LONGEST = """\
print("loaded")

def longest(base, candidates):
    print("asked")
    return max((c.value for c in candidates), key=len)
"""
RULES = "rules: [{path: $.n, strategy: {custom: 'ours.merging:longest'}}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules" / "ours").mkdir(parents=True)
    (tmp_path / "rules/ours/merging.py").write_text(LONGEST)
    (tmp_path / "rules/rules.yaml").write_text(RULES)
    for name, value in {"base": "", "one": "abc", "two": "ab"}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"n": value}))
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


FILES = ["base.json", "one.json", "two.json"]


def problem(module: str, function: str, folder: Path) -> str:
    (folder / "module.py").write_text(module)
    (folder / "r.yaml").write_text(f"rules: [{{path: $.n, strategy: {{custom: 'module:{function}'}}}}]")
    with pytest.raises(InvalidRules) as caught:
        load_named_rules(str(folder / "r.yaml")).load_functions()
    return str(caught.value).replace(f"{folder}/", "")


def test_a_function_beside_the_rule_file_merges_files(folder: Path) -> None:
    ended = shardflow("merge", *FILES, "--rules", "rules/rules.yaml", cwd=folder)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {"n": "abc"})
    assert ended.stderr.startswith("loaded\nasked\n")


def test_the_folder_a_command_is_started_in_has_no_say(folder: Path) -> None:
    (folder / "ours").mkdir()
    (folder / "ours/merging.py").write_text(LONGEST)
    (folder / "rules/ours/merging.py").unlink()
    ended = shardflow("merge", *FILES, "--rules", "rules/rules.yaml", cwd=folder)
    assert ended.returncode == 2
    assert "no function 'ours.merging:longest' for 'custom'" in ended.stderr
    assert "there is neither rules/ours/merging.py nor an installed module ours.merging" in ended.stderr


def test_a_function_that_is_a_link_or_no_file_is_not_used(folder: Path) -> None:
    (folder / "rules/ours/merging.py").rename(folder / "real.py")
    (folder / "rules/ours/merging.py").symlink_to(folder / "real.py")
    ended = shardflow("rules", "lint", "rules/rules.yaml", cwd=folder)
    assert (ended.returncode, "a symbolic link" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", [["lint"], ["show"], ["explain", "$.n", "--rules"]], ids=lambda words: words[0])
def test_looking_at_rules_runs_none_of_their_functions(command: list[str], folder: Path) -> None:
    (folder / "rules/ours/merging.py").write_text("import os; os._exit(9)\nlongest = print")
    ended = shardflow("rules", *command, "rules/rules.yaml", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "custom" in ended.stdout or command == ["lint"]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("from __future__ import annotations", "module.py defines no f"),
        ("def other(): pass", "module.py defines no f; known are other"),
        ("import os\ndef ff(b, c): pass\nfff = ff", "module.py defines no f; did you mean 'ff'?"),
        ("def f(base): pass", "module.py:1: f must take (base, candidates)"),
        ("def f(base, candidates, more): pass", "module.py:1: f must take (base, candidates)"),
        ("def f(base, candidates, *, more): pass", "module.py:1: f must take (base, candidates)"),
        ("async def f(base, candidates): pass", "module.py:1: f is asynchronous"),
        ("x = 1\ndef f(:", "module.py:2: invalid syntax"),
        ("import nowhere_to_be_found\ndef f(b, c): pass", "raised ModuleNotFoundError: No module named 'nowhere_to_be"),
        ("raise SystemExit(1)\ndef f(b, c): pass", "loading its module raised SystemExit: 1"),
        ("import os as f", "module.py:1: f is a module, not a function"),
        ("f = 1", "module:f cannot be used: it is no function but of type int"),
        ("f = 1\ndel f", "loading its module raised AttributeError"),
    ],
)
def test_what_is_no_function_to_ask_is_told_before_anything_runs(module: str, reason: str, tmp_path: Path) -> None:
    assert reason in problem(module, "f", tmp_path)


@pytest.mark.parametrize(
    "module", ["def f(*all): pass", "from operator import add as f", "f = lambda b, c: b", "class f: pass"]
)
def test_whatever_may_be_called_with_two_arguments_is_taken(module: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(module)
    (tmp_path / "r.yaml").write_text("rules: [{path: $.n, strategy: {custom: 'module:f'}}]")
    load_named_rules(str(tmp_path / "r.yaml")).load_functions()


def test_two_rule_files_may_have_modules_of_one_name(tmp_path: Path) -> None:
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text(f"def f(base, candidates): return {value}")
        (tmp_path / name / "r.yaml").write_text(f"rules: [{{path: $.{name}, strategy: {{custom: 'module:f'}}}}]")
    (tmp_path / "both.yaml").write_text("extends: [a/r.yaml, b/r.yaml]")
    found = load_named_rules(str(tmp_path / "both.yaml")).functions
    assert [function(0, []) for function in found] == [1, 2]


def test_an_installed_function_is_recorded_by_its_digest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder / "packages"
    (package / "theirs").mkdir(parents=True)
    (package / "theirs/__init__.py").write_text("")
    (package / "theirs/merging.py").write_text("from . import __name__ as home\ndef f(b, c): return home")
    monkeypatch.syspath_prepend(str(package))
    (folder / "r.yaml").write_text("rules: [{path: $.n, strategy: {custom: 'theirs.merging:f'}}]")
    loaded = load_named_rules(str(folder / "r.yaml"))
    assert loaded.functions[0](0, []) == "theirs"
    digest = sha256_hex((package / "theirs/merging.py").read_bytes())
    assert json.loads(loaded.data)["rules"][0]["strategy"] == {
        "custom": {"function": "theirs.merging:f", "sha256": digest}
    }
    read_effective_rules(loaded.data, "rules.json", sha256_hex(loaded.data))
    (package / "theirs/merging.py").write_text("def f(b, c): return 1")
    with pytest.raises(InvalidRules, match="not the one that was recorded"):
        read_effective_rules(loaded.data, "rules.json", sha256_hex(loaded.data))
    for name in ("theirs", "theirs.merging"):
        sys.modules.pop(name)


@pytest.fixture
def run(folder: Path) -> Path:
    rules = {"rules": [{"path": "$.n", "strategy": {"custom": "ours.merging:longest"}}]}
    subagents = [{"id": name, "run": adding(n=value)} for name, value in (("a", "abc"), ("b", "ab"))]
    phase = {"id": "work", "behavior": "parallel", "subagents": subagents}
    (folder / "rules/w.yaml").write_text(json.dumps({"name": "w", "rules": rules, "phases": [phase]}))
    ended = shardflow("run", "rules/w.yaml", "--run-dir", "r", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "r"


def test_a_run_asks_functions_of_its_own_rules_and_can_be_repeated_without_their_file(run: Path, folder: Path) -> None:
    assert json.loads((run / "context.json").read_bytes()) == {"n": "abc"}
    (folder / "rules/ours/merging.py").unlink()
    again = shardflow("merge", run)
    assert (again.returncode, "same bytes" in again.stdout) == (0, True)


def test_functions_in_rules_altered_since_the_run_are_not_asked(run: Path, folder: Path) -> None:
    [file] = run.glob("groups/*/rules.json")
    file.write_text(file.read_text().replace("def longest", "open('../trap', 'w')\\ndef longest"))
    again = shardflow("merge", run, cwd=folder / "elsewhere")
    assert (again.returncode, "altered since the run" in again.stdout) == (1, True)
    assert not (folder / "trap").exists()


def test_a_dry_run_and_validate_run_no_function(folder: Path) -> None:
    (folder / "rules/ours/merging.py").write_text("import os; os._exit(9)\nlongest = print")
    (folder / "rules/w.yaml").write_text(
        "name: w\nrules: rules.yaml\nphases: [{id: a, behavior: main-only, run: 'true'}]"
    )
    assert shardflow("run", "rules/w.yaml", "--dry-run", cwd=folder).returncode == 0
    assert shardflow("validate", "rules/w.yaml", cwd=folder).returncode == 0


def test_a_module_that_cannot_be_loaded_keeps_a_run_from_starting(folder: Path) -> None:
    (folder / "rules/ours/merging.py").write_text("import nowhere_to_be_found\nlongest = print")
    (folder / "rules/w.yaml").write_text(
        "name: w\nrules: rules.yaml\nphases: [{id: a, behavior: main-only, run: 'true'}]"
    )
    ended = shardflow("run", "rules/w.yaml", "--run-dir", "r", cwd=folder)
    assert (ended.returncode, (folder / "r").exists()) == (2, False)
    assert "No module named 'nowhere_to_be_found'; install what it imports, or correct it" in ended.stderr


@pytest.mark.needs("git")
@pytest.mark.parametrize("named", [True, False])
def test_a_repository_runs_functions_only_if_the_driver_names_its_rules(named: bool, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo", "--rules .shardflow-rules.yaml" if named else "")
    rules = "rules: [{path: $.n, strategy: {custom: 'merging:longest'}}]"
    repository.commit({".shardflow-rules.yaml": rules, "merging.py": LONGEST, "c.json": {"n": ""}})
    repository.diverge(ours={"c.json": {"n": "abc"}}, theirs={"c.json": {"n": "ab"}})
    ended = repository.git("merge", "theirs", code=0 if named else 1)
    assert ("a repository may not run by itself" in ended.stderr) is not named
    assert json.loads(repository.path("c.json").read_text()) == {"n": "abc"}
