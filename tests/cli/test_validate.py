"""`shardflow validate`: all errors of all files, those of the files they name among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import shardflow

VALID = """\
name: valid
phases:
  - id: one
    behavior: parallel
    subagents:
      - {id: a, run: "true"}
      - {id: b, run: "true"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "valid.yaml").write_text(VALID)
    return tmp_path


def test_a_valid_workflow_is_said_to_be_valid(folder: Path) -> None:
    ended = shardflow("validate", "valid.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "valid.yaml: valid, 1 phase, 2 subagents\n", "")


def test_all_errors_of_all_files_are_told_with_their_lines(folder: Path) -> None:
    (folder / "typo.yaml").write_text(VALID.replace("behavior", "behaviour").replace("id: b", "id: a"))
    (folder / "torn.yaml").write_text("name: [")
    ended = shardflow("validate", "typo.yaml", "missing.yaml", "valid.yaml", "torn.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "valid.yaml: valid, 1 phase, 2 subagents\n")
    assert "typo.yaml:4: " in ended.stderr
    assert "typo.yaml:7: " in ended.stderr
    assert "\ntorn.yaml:2: " in ended.stderr
    assert "\nmissing.yaml: it does not exist\n" in ended.stderr
    assert ended.stderr.endswith("invalid: 3 of 4 workflows\n")


SLIPS = """\
name: slips
phases:
  - id: one
    behavior: parallel
    behavior: sequential
    subagents: [{id: a, run: *nobody}, {id: b, run: !!str [ls], timeout: soon}]
rules:
  rules: [{path: $.a, path: $.b, strategy: summ}]
max_paralel: 3
"""


@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_key_that_stands_twice_a_tag_or_an_alias_hides_no_other_error(folder: Path, command: str) -> None:
    (folder / "w.yaml").write_text(SLIPS)
    ended = shardflow(command, "w.yaml", cwd=folder)
    assert ended.returncode == 2
    told = ended.stderr.removeprefix("shardflow run: ").removesuffix("invalid: 1 of 1 workflow\n").splitlines()
    assert [(int(line.split(":")[1]), line.split(": ", 1)[1].split(" at $")[0]) for line in told] == [
        (5, "duplicate key 'behavior' (first on line 4)"),
        (6, "unknown alias 'nobody'"),
        (6, "tag 'tag:yaml.org,2002:str' is not allowed"),
        (6, "expected a number of seconds or a text such as '30s', '5m' or '1h', found the text 'soon'"),
        (8, "duplicate key 'path' (first on line 8)"),
        (8, "unknown strategy 'summ'"),
        (9, "unknown field 'max_paralel'"),
    ]


def test_rules_and_contexts_are_checked_too_each_once(folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules:\n  - {path: $.n, strategy: summ}\n")
    (folder / "w.yaml").write_text(f"rules: ./rules.yaml\ncontext: context.json\n{VALID}    rules: ./rules.yaml\n")
    ended = shardflow("validate", "w.yaml", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.count("unknown strategy 'summ'") == 1
    assert "rules.yaml:2: " in ended.stderr
    assert "did you mean 'sum'?" in ended.stderr
    assert "w.yaml:2: cannot read context.json: it does not exist at $.context" in ended.stderr


def test_an_id_that_a_rule_prefers_and_no_subagent_has_is_warned_of(folder: Path) -> None:
    rules = "rules: [{path: $.a, strategy: {prefer: [security, lint-x, stile]}}, {path: $.b, strategy: {prefer: lead}}]"
    (folder / "rules.yaml").write_text(rules.replace(", {path", ",\n {path"))
    (folder / "w.yaml").write_text(
        "name: w\nrules: rules.yaml\nphases:\n  - id: one\n    behavior: parallel\n    subagents:\n"
        "      - {id: security, run: 'true'}\n      - {id: style, run: 'true'}\n"
        "      - {id: lint, run: 'true', foreach: {path: $.l}}\n"
    )
    ended = shardflow("validate", "w.yaml", cwd=folder)
    assert ended.returncode == 0
    assert ended.stderr.splitlines() == [
        "warning: rules.yaml:1: 'prefer' names 'stile', and no subagent has this id; did you mean 'style'?",
        "warning: rules.yaml:2: 'prefer' names 'lead', and no subagent has this id; known are lint, security, style",
    ]
    (folder / "rules.yaml").write_text("rules: [{path: $.a, strategy: {prefer: [security, somebody]}}]")
    assert shardflow("validate", "w.yaml", cwd=folder).stderr == ""


def test_a_workflow_and_a_rule_file_taken_for_each_other_are_told_so(folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules: [{path: $.n, strategy: sum}]")
    ended = shardflow("validate", "rules.yaml", cwd=folder)
    told = "rules.yaml:1: these are rules, not a workflow: it has no 'phases'; `shardflow rules lint` checks those\n"
    assert (ended.returncode, ended.stderr) == (2, f"{told}invalid: 1 of 1 workflow\n")
    ended = shardflow("rules", "lint", "valid.yaml", cwd=folder)
    told = "valid.yaml:1: this is a workflow, not a rule file; `shardflow validate` checks those\n"
    assert (ended.returncode, ended.stderr) == (2, f"{told}invalid: 1 of 1 file\n")


UNUSABLE = """\
nmae: typo
rules: fndings
context: nowhere.json
phases:
  - {id: one, behavior: main-only, run: "true", rules: ./none.yaml}
  - id: two
    behavior: main-only
    run: "true"
    rules:
      rules:
        - {path: $.n, strategy: unoin}
"""
WHAT_IS_WRONG = """\
w.yaml:2: no such rules 'fndings' at $.rules; did you mean 'findings'?
w.yaml:3: cannot read nowhere.json: it does not exist at $.context
w.yaml:5: no such rules './none.yaml' at $.phases[0].rules; cannot read ./none.yaml: it does not exist
w.yaml:11: unknown strategy 'unoin' at $.phases[1].rules.rules[0].strategy; did you mean 'set'?
"""


def test_what_a_workflow_names_is_checked_even_where_the_workflow_itself_is_wrong(folder: Path) -> None:
    (folder / "w.yaml").write_text(UNUSABLE)
    ended = shardflow("validate", "w.yaml", cwd=folder)
    typo = "w.yaml:1: unknown field 'nmae' at $.nmae; did you mean 'name'?\n"
    assert ended.stderr == f"{typo}{WHAT_IS_WRONG}invalid: 1 of 1 workflow\n"
    assert ended.returncode == 2


@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=str)
def test_a_run_that_cannot_start_tells_all_that_validate_would(folder: Path, options: list[str]) -> None:
    (folder / "w.yaml").write_text(UNUSABLE.replace("nmae", "name"))
    ended = shardflow("run", "w.yaml", *options, cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow run: {WHAT_IS_WRONG}")
    assert not (folder / ".shardflow").exists()


def test_names_of_files_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "\x1b[31m.yaml").write_text("[")
    ended = shardflow("validate", "\x1b[31m.yaml", "\x9bgone", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.replace("\n", "").isprintable()


OVERLAPPING = """\
name: overlapping
rules: {rules: [{path: $.n, strategy: sum}, {path: $.frozen, strategy: immutable}]}
phases:
  - id: one
    behavior: parallel
    subagents:
      - {id: a, run: "true", writes: [$.n, $.x, $.frozen]}
      - {id: b, run: "true", reads: [$.n], writes: [$.n, $.x.y]}
      - {id: c, run: "true", writes: [$.frozen]}
      - {id: d, run: "true", reads: []}
  - id: two
    behavior: sequential
    subagents:
      - {id: a, run: "true", writes: [$.x]}
      - {id: b, run: "true", writes: [$.x]}
"""

WARNINGS = [
    "overlapping.yaml:8: a (line 7) and b (line 8) may write $.x.y at the same time, and no rule settles it; "
    "add a rule for this path, or let only one of them write it",
    "overlapping.yaml:9: a (line 7) and c (line 9) may write $.frozen at the same time, and the rule immutable at "
    "$.frozen (overlapping.yaml:2) leaves it in conflict; add a rule for this path, or let only one of them write it",
]


def test_overlapping_writes_that_no_rule_settles_are_warned_of_and_the_workflow_is_valid(folder: Path) -> None:
    (folder / "overlapping.yaml").write_text(OVERLAPPING)
    ended = shardflow("validate", "overlapping.yaml", cwd=folder)
    assert ended.returncode == 0
    assert ended.stdout == "overlapping.yaml: valid, 2 phases, 6 subagents, 2 warnings\n"
    assert sorted(ended.stderr.splitlines()) == [f"warning: {warning}" for warning in WARNINGS]


def test_a_rule_of_the_file_the_workflow_names_settles_an_overlap_as_in_a_run(folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules:\n  - {path: $.x, strategy: last}\n")
    text = OVERLAPPING.replace("behavior: parallel", "behavior: parallel\n    rules: rules.yaml")
    (folder / "overlapping.yaml").write_text(text)
    told = shardflow("validate", "overlapping.yaml", cwd=folder).stderr
    assert "$.x" not in told
    assert "$.n at the same time, and no rule settles it" in told


def test_json_tells_problems_and_warnings_apart(folder: Path) -> None:
    (folder / "overlapping.yaml").write_text(OVERLAPPING)
    ended = shardflow("validate", "overlapping.yaml", "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr, told["status"], told["exit_code"]) == (0, "", "valid", 0)
    [one] = told["workflows"]
    assert (one["file"], one["status"], one["problems"]) == ("overlapping.yaml", "valid", [])
    assert sorted(warning["line"] for warning in one["warnings"]) == [8, 9]
    ended = shardflow("validate", "valid.yaml", "missing.yaml", "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"]) == (2, "invalid")
    assert [one["status"] for one in told["workflows"]] == ["valid", "invalid"]
    assert "does not exist" in told["workflows"][1]["problems"][0]["message"]


def test_a_dry_run_shows_what_is_declared_and_warns_under_the_rules_it_was_given(folder: Path) -> None:
    (folder / "overlapping.yaml").write_text(OVERLAPPING)
    ended = shardflow("run", "overlapping.yaml", "--dry-run", cwd=folder)
    assert "  b: true\n    writes: $.n, $.x.y\n    reads: $.n\n" in ended.stdout
    assert "  d: true\n    reads: nothing\n" in ended.stdout
    assert sorted(ended.stderr.splitlines()) == [f"warning: {warning}" for warning in WARNINGS]
    (folder / "last.yaml").write_text("default: {objects: last, lists: last, scalars: last}\n")
    ended = shardflow("run", "overlapping.yaml", "--dry-run", "--rules", "last.yaml", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    (folder / "warn.yaml").write_text(OVERLAPPING + "on_undeclared_write: warn\n")
    ended = shardflow("run", "warn.yaml", "--dry-run", cwd=folder)
    assert "    writes: $.n, $.x.y; other writes are merged and told\n" in ended.stdout
    ended = shardflow("run", "overlapping.yaml", "--dry-run", "--json", cwd=folder)
    told = json.loads(ended.stdout)
    assert [len(told["warnings"]), ended.stderr] == [2, ""]
    assert told["plan"]["phases"][0]["subagents"][1]["reads"] == ["$.n"]


def test_items_of_a_fan_out_may_write_the_same_path_and_a_dry_run_shows_who_runs_when(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        """name: w
phases:
  - id: p
    behavior: parallel
    when: {path: $.files, is: not-empty}
    subagents:
      - {id: scan, run: x, foreach: {path: $.files, key: name}, writes: [$.seen]}
      - {id: other, run: x, when: {not: {path: $.n, equals: 1}}, retry: {max: 2, on: [75]}}
    on_failure: {require: 1}
limits: {subagents: 9}
"""
    )
    told = shardflow("validate", "w.yaml", cwd=tmp_path)
    assert told.stdout.startswith("w.yaml: valid, 1 phase, 2 subagents, one of them for each item of a list, ")
    told = shardflow("run", "w.yaml", "--dry-run", cwd=tmp_path)
    assert "scan (line 7) and scan of another item (line 7) may write $.seen at the same time" in told.stderr
    assert told.stdout.splitlines()[2:] == [
        "limits: subagents 9",
        "p: parallel, 1 subagent and one for each item of $.files, at most 16 at a time",
        "  when: $.files is not empty",
        '  on_failure {"require": 1}',
        "  scan: x",
        "    for each of $.files by name, at most 1,000",
        "    writes: $.seen",
        "  other: x",
        "    when: not ($.n equals 1)",
        '    retry {"max": 2, "backoff": 1.0, "factor": 2.0, "longest": 300.0, "jitter": 0.1, "on": [75]}',
    ]


def test_subagents_of_an_adaptive_phase_that_write_the_same_path_are_told_with_their_own_lines(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        """name: w
execution_mode: adaptive
phases:
  - id: p
    behavior: parallel
    subagents:
      always:
        - {id: a, run: "true", writes: [$.seen]}
        - {id: b, run: "true", writes: [$.seen]}
"""
    )
    told = shardflow("validate", "w.yaml", cwd=tmp_path)
    assert "w.yaml:9: a (line 8) and b (line 9) may write $.seen at the same time" in told.stderr


ABSENT = """\
name: absent
phases:
  - id: p
    behavior: parallel
    subagents:
      - {id: a, run: [no-such-program-here, x]}
      - {id: b, run: [./no-such-file.sh]}
      - {id: c, python: 'no_such_module_here:f'}
      - {id: d, python: 'kit.none:f'}
      - {id: e, run: ls, cwd: nowhere}
      - {id: f, run: [./tool.sh], cwd: kit}
      - {id: g, python: 'kit.fns:f'}
      - {id: h, python: 'fns:f', cwd: kit}
      - {id: i, python: 'math:sqrt'}
      - {id: j, run: [sh, -c, 'exit 0']}
      - {id: k, run: no-such-program-here || true}
      - {id: l, run: [kit/closed.sh]}
      - {id: m, run: ./kit/closed.sh --quick}
      - {id: n, run: kit/none.sh | cat}
      - {id: o, run: ./kit/tool.sh || kit/none.sh}
      - {id: r, run: kit/*.sh x}
      - {id: s, run: $HOME/none.sh}
      - {id: t, run: cd kit; ./tool.sh}
      - {id: u, run: kit/none.sh() ( exit 0 )}
  - {id: q, behavior: main-only, run: [no-such-program-here]}
"""
THERE_IS_NO = [
    "w.yaml:6: there is no program no-such-program-here at $.phases[0].subagents[0].run",
    "w.yaml:7: there is no program ./no-such-file.sh at $.phases[0].subagents[1].run",
    "w.yaml:8: there is no module no_such_module_here, neither beside the workflow nor installed "
    "at $.phases[0].subagents[2].python",
    "w.yaml:9: there is no module kit.none, neither beside the workflow nor installed "
    "at $.phases[0].subagents[3].python",
    "w.yaml:10: there is no folder nowhere at $.phases[0].subagents[4].cwd",
    "w.yaml:17: kit/closed.sh is not executable (chmod +x) at $.phases[0].subagents[11].run",
    "w.yaml:18: ./kit/closed.sh is not executable (chmod +x) at $.phases[0].subagents[12].run",
    "w.yaml:19: there is no program kit/none.sh at $.phases[0].subagents[13].run",
    "w.yaml:25: there is no program no-such-program-here at $.phases[1].run",
]


@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"]], ids=" ".join)
def test_programs_modules_and_folders_that_are_not_there_are_warned_of(folder: Path, line: list[str]) -> None:
    (folder / "kit").mkdir()
    (folder / "kit/fns.py").write_text("raise SystemExit('nothing is imported')")
    (folder / "kit/tool.sh").touch(mode=0o700)
    (folder / "kit/closed.sh").touch(mode=0o600)
    (folder / "w.yaml").write_text(ABSENT)
    ended = shardflow(*line, "w.yaml", cwd=folder)
    assert ended.returncode == 0
    hint = "unless an earlier phase or the place where it runs brings it"
    assert ended.stderr.splitlines() == [f"warning: {told}; {hint}" for told in THERE_IS_NO]
