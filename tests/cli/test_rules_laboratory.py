"""`shardflow rules check` and `rules coverage` as people and programs call them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import ABSENT, Value
from shardflow.testing.laboratory.coverage import SITUATIONS, situation
from tests.cli.shell import COMMAND, ENVIRONMENT, shardflow

RULES = """\
# Ours.
#
# Laws
#     {laws}
rules:
  - {{path: $.hits, strategy: sum}}
  - {{path: $.title, strategy: {{custom: 'merging:longest'}}}}
"""
MODULE = '''\
def longest(base, candidates):
    """Take the longest text.

    Laws
        {laws}
    """
    found = base
    for one in candidates:
        if not isinstance(one.value, str):
            continue
        if not isinstance(found, str) or len(one.value) > len(found):
            found = one.value
    return found
'''


def write(folder: Path, rules: str = "commutative up to order", function: str = "none") -> None:
    (folder / "rules.yaml").write_text(RULES.format(laws=rules))
    (folder / "merging.py").write_text(MODULE.format(laws=function))


ENOUGH = ("--examples", "200")
"""So many break a law that is broken, whatever the seed: with 40, one seed in ten found nothing."""


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shardflow("rules", "check", "rules.yaml", "--examples", "40", *arguments, cwd=folder)


def complaints(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """Give what was said beside the report and how far a check is, which a slow machine is told."""
    return [line for line in ended.stderr.splitlines() if not line.endswith(" examples looked at")]


def test_laws_that_are_kept_are_told_one_by_one(tmp_path: Path) -> None:
    write(tmp_path, rules="none")
    ended = check(tmp_path)
    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert (ended.returncode, complaints(ended)) == (0, [])
    assert lines[0] == "rules.yaml: seed 0"
    assert "grouping kept in 40 examples" in lines
    assert list(tmp_path.glob("*.case.yaml")) == []


def test_a_broken_law_is_told_by_its_smallest_example_and_kept_as_a_case(tmp_path: Path) -> None:
    write(tmp_path, function="commutative")
    ended = check(tmp_path, "--cases", "cases", "--law", "commutative", "--examples", "300")
    assert ended.returncode == 1
    told = ended.stdout[ended.stdout.index("commutative (merging:longest at $.title) is broken") :].splitlines()
    assert [line.split(":")[0].strip() for line in told[1:4]] == ["base", "s0", "s1"]
    assert told[4].startswith("  ranked s0, s1: ")
    assert told[5].startswith("  ranked s1, s0: ")
    assert told[6] == "  decided by custom at $.title (rules.yaml:7)"
    assert "cases/rules-commutative" in told[7]


def test_the_case_is_replayed_by_merge_and_fails_until_the_law_is_kept(tmp_path: Path) -> None:
    write(tmp_path, rules="idempotent")
    assert check(tmp_path, "--law", "idempotent", *ENOUGH).returncode == 1
    [case] = tmp_path.glob("*.case.yaml")
    assert "law: idempotent\nrules: rules.yaml\n" in case.read_text()
    replayed = shardflow("merge", case, cwd=tmp_path)
    assert replayed.returncode == 1
    assert "sum at $.hits" in replayed.stdout
    assert pytest_of(tmp_path).returncode == 1
    (tmp_path / "rules.yaml").write_text("rules: [{path: $.hits, strategy: max}]\n")
    assert pytest_of(tmp_path).returncode == 0


INSIDE = """\
rules:
  - {path: $.items, strategy: {keyed: [file, line]}}
  - {path: '$.items[*].t', strategy: {custom: 'merging:first'}, type: text}
default: {scalars: last}
"""
FIRST = '''\
def first(base, candidates):
    """Take one of the longest.

    Laws
        commutative
    """
    return max((one.value for one in candidates), key=LEN)
'''


def test_the_case_of_a_function_inside_a_keyed_list_is_plain_and_passes_once_the_function_is_mended(
    tmp_path: Path,
) -> None:
    (tmp_path / "rules.yaml").write_text(INSIDE)
    (tmp_path / "merging.py").write_text(FIRST.replace("LEN", "len"))
    ended = check(tmp_path, "--cases", "cases", "--law", "commutative", *ENOUGH)
    assert "commutative (merging:first at $.items[*].t) is broken" in ended.stdout
    assert "  decided by custom at $.items[*].t (rules.yaml:3)\n" in ended.stdout
    [case] = (file for file in tmp_path.glob("cases/*") if "merging:first" in file.read_text())
    assert "{items: [{file: a, line: a, t: a}]}" in case.read_text()
    assert 'rules: "../rules.yaml"\n' in case.read_text()
    assert shardflow("merge", case, cwd=tmp_path).returncode == 1
    (tmp_path / "merging.py").write_text(FIRST.replace("LEN", "lambda text: (len(text), text)"))
    assert shardflow("merge", case, cwd=tmp_path).returncode == 0


def test_what_breaks_a_law_of_a_function_is_decided_by_that_function(tmp_path: Path) -> None:
    rules = "rules:\n  - {path: $.a.t, strategy: {custom: 'merging:first'}, type: text}\ndefault: {scalars: last}\n"
    (tmp_path / "rules.yaml").write_text(rules)
    (tmp_path / "merging.py").write_text(FIRST.replace("LEN", "len"))
    told = check(tmp_path, "--law", "commutative", *ENOUGH).stdout
    broken = told[told.index("commutative (merging:first at $.a.t) is broken") :]
    assert "  decided by custom at $.a.t (rules.yaml:2)\n" in broken


def test_laws_of_a_function_that_is_a_default_are_told_as_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: []\ndefault: {scalars: {custom: 'merging:first'}}\n")
    (tmp_path / "merging.py").write_text(FIRST.replace("LEN", "len"))
    told = check(tmp_path).stdout
    asks = "check_strategy of shardflow.testing asks for it"
    assert f"  not asked for here: commutative, merging:first as a default: {asks}\n" in told


def pytest_of(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    plugin = ["-p", "shardflow.testing.plugin"] if not _has_plugin() else []
    return subprocess.run([*command, *plugin], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def _has_plugin() -> bool:
    from importlib.metadata import entry_points

    return any(point.value == "shardflow.testing.plugin" for point in entry_points(group="pytest11"))


def test_a_law_with_an_exception_breaks_nothing_unless_it_is_asked_for_by_name_which_is_said(tmp_path: Path) -> None:
    write(tmp_path, rules="idempotent (but for hits, which are counted)")
    assert "perhaps by what its exception names" in check(tmp_path, *ENOUGH).stdout
    asked = check(tmp_path, "--law", "idempotent", "--law", "associative", *ENOUGH)
    assert (asked.returncode, len(list(tmp_path.glob("*.case.yaml")))) == (1, 1)
    lines = [" ".join(line.split()) for line in asked.stdout.splitlines()]
    counts = "which counts, since the law was asked for by name: exceptions do not, nor whether it is declared"
    assert [line for line in lines if line.startswith("idempotent broken by example") and line.endswith(counts)]
    assert "associative kept in 200 examples, as asked" in lines
    [file] = json.loads(check(tmp_path, "--law", "idempotent", "--json", *ENOUGH).stdout)["files"]
    assert [law["standing"] for law in file["laws"] if "subject" not in law] == ["asked for"]


def test_a_counterexample_is_never_written_over_another(tmp_path: Path) -> None:
    write(tmp_path, rules="idempotent")
    for _ in range(2):
        assert check(tmp_path, "--law", "idempotent", *ENOUGH).returncode == 1
    assert {file.name for file in tmp_path.glob("*.case.yaml")} == {
        "rules-idempotent.case.yaml",
        "rules-idempotent-2.case.yaml",
    }


def test_programs_get_one_object(tmp_path: Path) -> None:
    write(tmp_path, rules="idempotent")
    told = json.loads(check(tmp_path, "--law", "idempotent", "--json", *ENOUGH).stdout)
    assert (told["status"], told["exit_code"]) == ("broken", 1)
    [file] = told["files"]
    [law] = [law for law in file["laws"] if law["status"] == "broken" and "subject" not in law]
    assert law["standing"] == "declared"
    assert set(law["counterexample"]) >= {"case", "base", "shards", "one", "other", "rule"}


def test_the_same_seed_finds_the_same(tmp_path: Path) -> None:
    write(tmp_path, rules="commutative", function="commutative")
    one, other = (check(tmp_path, "--seed", "7", "--json", "--cases", f"c{n}").stdout for n in (1, 2))
    assert one.replace("c1/", "c2/") == other


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--law", "idempotnt"], "no law 'idempotnt'; did you mean 'idempotent'?"),
        (["--law", "idempotnt", "--law", "groping"], "\nno law 'groping'; did you mean 'grouping'?"),
        (["--like", "nowhere.json"], "cannot read nowhere.json"),
        (["nowhere.yaml", "findngs"], "nowhere.yaml: no such rules"),
        (["nowhere.yaml", "findngs"], "findngs: no such rules; did you mean 'findings'?"),
        (["--cases", "rules.yaml"], "cannot write cases to rules.yaml: "),
        (["--cases", "rules.yaml/deep"], "rules.yaml is no folder; name another by --cases"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    write(tmp_path)
    ended = check(tmp_path, *arguments)
    assert ended.returncode == 2
    assert complaint in ended.stderr


def test_all_sources_that_cannot_be_used_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/a.case.yaml").write_text("base: 5\nshards: {}\n")
    (tmp_path / "cases/b.case.yaml").write_text("shards: {}\n")
    by = [word for name in ("nowhere", "cases", "lost.yaml") for word in ("--by", name)]
    ended = shardflow("rules", "coverage", "rules.yaml", *by, "--examples", "5", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    told = [" ".join(line.split()[:4]) for line in ended.stderr.splitlines()]
    assert told == [
        "shardflow rules coverage: nowhere",
        "cases/a.case.yaml:1: expected an object,",
        "cases/b.case.yaml:1: field 'base' is",
        "lost.yaml is no case",
    ]


def test_what_breaks_rules_that_came_through_a_pipe_is_a_case_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: [{path: $.hits, strategy: last}]\n")
    line = f"cat rules.yaml | {shlex.join(COMMAND)} rules check /dev/stdin --examples 200 --law commutative"
    ended = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (1, "pipe: seed 0"), ended.stderr
    [case] = tmp_path.glob("*.case.yaml")
    assert case.name == "pipe-commutative.case.yaml"
    replayed = shardflow("merge", case, cwd=tmp_path)
    assert (replayed.returncode, "breaks the law it names" in replayed.stdout) == (1, True), replayed.stderr


def test_a_function_that_cannot_be_loaded_is_told_before_anything_is_checked(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "merging.py").write_text("import nowhere\ndef longest(base, candidates): ...\n")
    ended = check(tmp_path)
    assert ended.returncode == 2
    assert "merging:longest cannot be used" in ended.stderr


@pytest.mark.parametrize("kind", ["", ", type: object"])
@pytest.mark.parametrize("arguments", [[], ["--law", "permutation"]], ids=" ".join)
def test_a_function_that_never_answers_is_no_success_though_nothing_is_broken(
    tmp_path: Path, arguments: list[str], kind: str
) -> None:
    picked = f"{{path: '$.items[*].x', strategy: {{custom: 'own:pick'}}{kind}}}"
    (tmp_path / "rules.yaml").write_text(f"rules: [{{path: $.items, strategy: {{keyed: id}}}}, {picked}]\n")
    (tmp_path / "own.py").write_text("def pick(base, candidates):\n    return candidates[0].value['a']['b'] + 1\n")
    ended = check(tmp_path, *arguments)
    assert (ended.returncode, complaints(ended)) == (1, [])
    assert "  not checked: laws of own:pick at $.items[*].x: the function own:pick raised " in ended.stdout
    assert (
        "in every example; say what it is meant for, by `type:` in its rule or by an example (`like`)\n" in ended.stdout
    )
    told = json.loads(check(tmp_path, "--json", *arguments).stdout)
    assert (told["status"], told["exit_code"], told["files"][0]["status"]) == ("unchecked", 1, "unchecked")
    (tmp_path / "like.json").write_text('{"items": [{"id": 1, "x": {"a": {"b": 1}}}]}')
    assert "not checked" not in check(tmp_path, "--like", "like.json", *arguments).stdout


def test_a_function_for_few_texts_answers_where_an_example_has_one_of_them(tmp_path: Path) -> None:
    rules = "[{path: $.l, strategy: {keyed: id}}, {path: '$.l[*].severity', strategy: {custom: 'own:worst'}}]"
    (tmp_path / "rules.yaml").write_text(f"rules: {rules}\n")
    worst = "max((one.value for one in candidates), key=['low', 'high'].index)"
    (tmp_path / "own.py").write_text(f"def worst(base, candidates):\n    return {worst}\n")
    (tmp_path / "like.json").write_text('{"l": [{"id": 1, "severity": "low", "note": "x", "n": 1}], "owner": "me"}')
    for seed in ("0", "5"):
        told = check(tmp_path, "--like", "like.json", "--law", "identity", "--seed", seed)
        assert (told.returncode, "not checked" in told.stdout) == (0, False), told.stdout


@pytest.mark.parametrize("command", ["check", "coverage"])
def test_without_hypothesis_it_is_told_how_to_install_it(command: str) -> None:
    script = (
        "import sys\n"
        "import importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name == 'hypothesis' else real(name, package)\n"
        f"sys.argv = ['shardflow', 'rules', '{command}', 'findings']\n"
        "from shardflow.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [COMMAND[0], "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 2
    assert "needs Hypothesis, which is not installed: pip install 'shardflow[testing]'" in ended.stderr


def test_coverage_tells_rules_branches_lines_and_paths_without_a_rule(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "context.json").write_text('{"hits": 1, "title": "x", "other": {"deep": [1]}}')
    ended = shardflow("rules", "coverage", "rules.yaml", "--context", "context.json", "--examples", "60", cwd=tmp_path)
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0] == "rules.yaml: 2 of 2 rules exercised"
    assert "merging:longest: every line ran" in lines
    assert lines[-2:] == ["1 path of the context that no rule covers:", "  $.other.deep"]


def test_coverage_tells_what_no_case_exercises(tmp_path: Path) -> None:
    write(tmp_path)
    case = {
        "rules": "rules.yaml",
        "base": {"hits": 1},
        "shards": {"a": {"hits": 2}},
        "expect": {"context": {"hits": 2}},
    }
    (tmp_path / "one.case.json").write_text(json.dumps(case))
    arguments = ["rules.yaml", "--by", "one.case.json", "--examples", "60", "--json"]
    told = json.loads(shardflow("rules", "coverage", *arguments, cwd=tmp_path).stdout)
    [hits, title, *_] = told["files"][0]["rules"]
    assert {(b["situation"], b["case_count"]) for b in hits["branches"] if b["case_count"]} == {("one changed it", 1)}
    assert not any(branch["case_count"] for branch in title["branches"])
    assert told["files"][0]["functions"]["merging:longest"] != []


@given(st.sampled_from([ABSENT, 0]), st.lists(st.sampled_from([ABSENT, 1, 2]), min_size=1, max_size=3))
def test_every_situation_is_listed(base: Value, left: list[Value]) -> None:
    assert situation(base, left) in SITUATIONS


def test_coverage_tells_the_situations_that_nothing_came_to(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "one.yaml").write_text("rules: [{path: $.hits, strategy: sum}]\n")
    told = json.loads(shardflow("rules", "coverage", "one.yaml", "--examples", "1", "--json", cwd=tmp_path).stdout)
    [hits, *_] = told["files"][0]["rules"]
    assert (hits["branches"], hits["never"]) == ([], list(SITUATIONS))
    lines = shardflow("rules", "coverage", "one.yaml", "--examples", "30", cwd=tmp_path).stdout.splitlines()
    assert any("never met" in line for line in lines)


def test_coverage_of_a_run_counts_its_merges(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nrules: {rules: [{path: $.n, strategy: sum}]}\ncontext: {n: 1}\nphases:\n"
        '  - {id: p, behavior: parallel, subagents: [{id: a, run: \'echo "{\\"n\\": 2}" > $SHARDFLOW_SHARD\'}]}\n'
    )
    assert shardflow("run", "w.yaml", "--run-dir", "r", cwd=tmp_path).returncode == 0
    (tmp_path / "rules.yaml").write_text("rules: [{path: $.n, strategy: max}]\n")
    arguments = ["rules.yaml", "--by", "r", "--examples", "20", "--json"]
    told = json.loads(shardflow("rules", "coverage", *arguments, cwd=tmp_path).stdout)
    assert sum(branch["case_count"] for branch in told["files"][0]["rules"][0]["branches"]) == 1


def test_coverage_of_a_run_that_failed_counts_what_it_merged_before(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\ncontext: {n: 1}\nphases:\n"
        '  - {id: p, behavior: parallel, subagents: [{id: a, run: \'echo "{\\"n\\": 2}" > $SHARDFLOW_SHARD\'}]}\n'
        "  - {id: q, behavior: parallel, subagents: [{id: b, run: exit 1}]}\n"
    )
    assert shardflow("run", "w.yaml", "--run-dir", "r", cwd=tmp_path).returncode == 1
    (tmp_path / "rules.yaml").write_text("rules: [{path: $.n, strategy: max}]\n")
    arguments = ["rules.yaml", "--by", "r", "--examples", "20", "--json"]
    ended = shardflow("rules", "coverage", *arguments, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert sum(branch["case_count"] for branch in told["files"][0]["rules"][0]["branches"]) == 1


def test_coverage_takes_the_files_of_a_folder_that_case_run_takes(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "cases/deep").mkdir(parents=True)
    (tmp_path / "cases/deep/one.case.json").write_text('{"base": {"hits": 1}, "shards": {"a": {"hits": 2}}}')
    (tmp_path / "cases/notes.yaml").write_text("no case\n")
    arguments = ["rules.yaml", "--by", "cases", "--examples", "5", "--json"]
    told = json.loads(shardflow("rules", "coverage", *arguments, cwd=tmp_path).stdout)
    assert sum(branch["case_count"] for branch in told["files"][0]["rules"][0]["branches"]) == 1
    ran = json.loads(shardflow("case", "run", "cases", "--json", cwd=tmp_path).stdout)
    assert [case["file"] for case in ran["cases"]] == ["cases/deep/one.case.json"]


def test_coverage_by_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "empty").mkdir()
    ended = shardflow("rules", "coverage", "rules.yaml", "--by", "empty", "--examples", "5", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "empty holds no case: no file whose name ends in .case.yaml, .case.yml, .case.json" in ended.stderr


@pytest.mark.parametrize("command", ["check", "coverage"])
def test_nothing_is_left_in_the_folder_that_a_command_is_started_in(tmp_path: Path, command: str) -> None:
    write(tmp_path)
    shardflow("rules", command, "rules.yaml", "--examples", "5", cwd=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} <= {"rules.yaml", "merging.py", "__pycache__"}
