"""Validate on files of the shell engine: all that engine's errors and more, each with its line."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.shell import shardflow

BROKEN = """\
name: broken
description: everything is wrong here
execution_mode: strict
phases:
- id: scan
  name: scan
  description: scans
  behavior: parallel
  subagents:
  - {type: scanner, config: {output_path: same.md}}
  - {type: skanner, config: {output_path: same.md}}
  gap_check:
    criteria: [{name: odd, check: 'context. > 1'}]
- id: plan
  name: plan
  description: plans
  behavior: main-only
  main_agent:
    script: |
      const a = 1;

      return a);
- id: build
  name: build
  description: builds
  behavior: main-only
  main_agent: {script: return}
  checkpoint: {options: [{label: Back, on_select: {action: repeat_phase, target: scan}}]}
finalization: {template: nowhere/final.md, output: final.md}
"""

AGENTS = "agents: {scanner: {run: ls}}\n"


@pytest.mark.needs("node")
def test_scripts_types_and_templates_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "broken.workflow.yaml").write_text(BROKEN)
    (tmp_path / "agents.yaml").write_text(AGENTS)
    done = shardflow("validate", "broken.workflow.yaml", "--agents", "agents.yaml", cwd=tmp_path)
    told = [line.removeprefix("broken.workflow.yaml:") for line in done.stderr.splitlines()]
    assert (done.returncode, told[-1]) == (2, "invalid: 1 of 1 workflow")
    assert [line.split(" at $")[0].split("; ")[0] for line in told[:-1]] == [
        "11: the type 'skanner' (did you mean 'scanner'?) has no program",
        "13: gap_check.criteria[0].check of phase 'scan' does not parse: SyntaxError: Unexpected token '>'",
        "22: main_agent.script of phase 'plan' does not parse: SyntaxError: Unexpected token ')'",
    ]


@pytest.mark.needs("node")
def test_what_is_beside_a_workflow_makes_it_valid_and_a_shared_output_is_a_warning(tmp_path: Path) -> None:
    text = BROKEN.replace("context. >", "context.n >").replace("a);", "a;").replace("nowhere/final.md", "final.md")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/fine.workflow.yaml").write_text(text)
    (tmp_path / "flows/shardflow.yaml").write_text("agents: {default: {run: ls}}\n")
    (tmp_path / "final.md").write_text("{{workflow.name}}")
    done = shardflow("validate", "flows/fine.workflow.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "flows/fine.workflow.yaml: valid, 3 phases, 2 subagents, 1 warning\n")
    assert "flows/fine.workflow.yaml:11: scanner and skanner write the same output same.md" in done.stderr


@pytest.mark.needs("node")
def test_a_final_output_over_that_of_a_subagent_is_a_warning(tmp_path: Path) -> None:
    text = BROKEN.replace("context. >", "context.n >").replace("a);", "a;").replace("nowhere/final.md", "'{{x}}'")
    (tmp_path / "shardflow.yaml").write_text("agents: {default: {run: ls}}\n")
    (tmp_path / "w.workflow.yaml").write_text(text)
    assert "final template" not in shardflow("validate", "w.workflow.yaml", cwd=tmp_path).stderr
    (tmp_path / "w.workflow.yaml").write_text(text.replace("output: final.md", "output: ./same.md"))
    done = shardflow("validate", "w.workflow.yaml", cwd=tmp_path)
    told = "the final template is rendered over same.md, the output of scanner at $.finalization.output"
    assert done.returncode == 0
    assert f"warning: w.workflow.yaml:29: {told}; give it an output of its own\n" in done.stderr


def test_without_node_it_is_named_what_needs_it(tmp_path: Path) -> None:
    (tmp_path / "plan.workflow.yaml").write_text(BROKEN)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "env"):
        os.symlink(str(shutil.which(name)), tmp_path / "bin" / name)
    done = shardflow("validate", "plan.workflow.yaml", cwd=tmp_path, environment={"PATH": str(tmp_path / "bin")})
    assert "phase 'scan' needs Node.js 18 or newer, and there is no 'node' on PATH" in done.stderr


@pytest.mark.needs("node")
def test_a_script_is_checked_however_much_else_is_wrong(tmp_path: Path) -> None:
    text = BROKEN.replace("behavior: parallel", "behavior: paralel").replace(
        "description: everything is wrong here\n", ""
    )
    (tmp_path / "w.workflow.yaml").write_text(text)
    told = shardflow("validate", "w.workflow.yaml", cwd=tmp_path).stderr
    assert "field 'description' is missing" in told
    assert "unknown behavior 'paralel'" in told
    assert "w.workflow.yaml:21: main_agent.script of phase 'plan' does not parse" in told


EVERYTHING_AT_ONCE = """\
name: broken
execution_mode: adaptiv
phases:
- id: scan
  behavior: paralel
  subagents:
  - {type: skanner}
  - {config: {depth: 1}}
- id: grow
  behavior: parallel
  subagents:
    always: [{type: skanner}, {type: 7}]
    adaptive: {script: 'return ['}
- id: plan
  skills: [{name: tydy}, {nam: x}]
  gap_check: {criteria: [{name: odd, check: 'context. > 1'}], on_failure: {action: rety}}
finalization: {template: '{{#a}}'}
"""


@pytest.mark.needs("node")
@pytest.mark.parametrize("command", ["validate", "run"])
def test_whatever_its_structure_lacks_scripts_types_and_templates_are_told_at_the_same_time(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "w.workflow.yaml").write_text(EVERYTHING_AT_ONCE)
    (tmp_path / "agents.yaml").write_text("agents: {scanner: {run: ls}, tidy: {run: ls}}\n")
    done = shardflow(command, "w.workflow.yaml", "--agents", "agents.yaml", cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if "w.workflow.yaml:" in line]
    told = [line.split("w.workflow.yaml:")[1] for line in lines if not line.startswith("warning")]
    assert done.returncode == 2
    assert command == "run" or "warning: w.workflow.yaml:15: unknown field 'nam'" in done.stderr
    assert [line.split(" at $")[0].split("; ")[0].split(": a bracket")[0] for line in told] == [
        "1: field 'description' is missing",
        "2: unknown execution mode 'adaptiv'",
        "5: phase 'scan': unknown behavior 'paralel'",
        "7: the type 'skanner' (did you mean 'scanner'?) has no program",
        "8: phase 'scan': a subagent without a name",
        "8: phase 'scan': nothing to run",
        "12: phase 'grow': expected a text, found the integer 7",
        "13: subagents.adaptive.script of phase 'grow' does not parse: SyntaxError: the script ends too early",
        "14: phase 'plan': field 'behavior' is missing",
        "14: phase 'plan': field 'subagents' is missing",
        "15: phase 'plan': field 'name' is missing",
        "15: the type 'tydy' (did you mean 'tidy'?) has no program",
        "16: phase 'plan': unknown action of a gap check 'rety'",
        "16: gap_check.criteria[0].check of phase 'plan' does not parse: SyntaxError: Unexpected token '>'",
        "17: field 'output' is missing",
        "17: the section {{#a}} is not closed",
    ]


@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_template_that_cannot_be_rendered_is_told_where_it_stands_before_anything_runs(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nagents: {a: {run: ls}}\nphases: [{id: p, behavior: parallel, subagents: [{type: a}]}]\n"
        "finalization:\n  output: o.md\n  template: |\n    fine\n    {{#a}}\n"
    )
    (tmp_path / "subagents/prompts/a").mkdir(parents=True)
    (tmp_path / "subagents/prompts/a/default.md.tmpl").write_text("one\n{{/b}}\n")
    done = shardflow(command, "w.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "w.yaml:8: the section {{#a}} is not closed" in done.stderr
    assert "subagents/prompts/a/default.md.tmpl:2: " in done.stderr
    assert not (tmp_path / ".shardflow").exists()


@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"], ["run"]], ids=" ".join)
def test_partials_that_are_not_there_are_told_before_anything_runs(tmp_path: Path, line: list[str]) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nagents: {a: {run: ls}}\nphases: [{id: p, behavior: parallel, subagents: [{type: a}]}]\n"
        "finalization: {template: final.md, output: o.md}\n"
    )
    (tmp_path / "final.md").write_text("{{> head}}\n{{#context.findings}}\n{{> row}}\n{{/context.findings}}")
    done = shardflow(*line, "w.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert re.findall(r"final\.md:\d: .*", done.stderr) == [
        "final.md:1: there is no partial 'head' beside it (head.md.tmpl)",
        "final.md:3: there is no partial 'row' beside it (row.md.tmpl)",
    ]
    assert not (tmp_path / ".shardflow").exists()


@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"]], ids=" ".join)
def test_a_final_template_that_is_not_there_is_warned_of_since_a_run_does_all_else(
    tmp_path: Path, line: list[str]
) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nagents: {a: {run: ls}}\nphases: [{id: p, behavior: parallel, subagents: [{type: a}]}]\n"
        "finalization: {template: nowhere/final.md, output: o.md}\n"
    )
    done = shardflow(*line, "w.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        0,
        "warning: w.yaml:4: there is no template nowhere/final.md (looked in the current folder, the workflow's, its "
        "parent), so o.md is not written at $.finalization.template; unless an earlier phase or the place where it "
        "runs brings it\n",
    )


def test_what_only_the_shell_engine_asks_of_a_phase_is_a_warning(tmp_path: Path) -> None:
    named = "{id: p, behavior: main-only, run: ls, name: P, description: x}"
    phases = f"phases:\n- {named}\n- {{id: q, behavior: main-only, run: ls, name: Q}}\n"
    asked = "description: d\nexecution_mode: strict\nfinalization: {template: '{{a}}', output: o.md}\n"
    (tmp_path / "old.workflow.yaml").write_text(f"name: w\n{phases}{asked}")
    (tmp_path / "new.yaml").write_text(f"name: w\n{phases}")
    done = shardflow("validate", "old.workflow.yaml", "new.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        0,
        "warning: old.workflow.yaml:4: the shell engine asks for 'description' of a phase, too at $.phases[1]\n",
    )


@pytest.mark.needs("node")
def test_a_script_is_told_with_its_own_line_in_every_style_of_block(tmp_path: Path) -> None:
    quoted = r'"a = 1;\n\nreturn a b;\n"'
    (tmp_path / "w.yaml").write_text(
        "name: w\nphases:\n"
        "- {id: a, behavior: main-only, main_agent: {script: " + quoted + "}}\n"
        "- id: b\n  behavior: main-only\n  main_agent:\n    script: |-\n      let a = 1;\n\n      return a);\n"
        "- id: c\n  behavior: main-only\n  main_agent:\n    script: |\n      return a);\n    description: c\n"
    )
    told = [line.split(": ")[0] for line in shardflow("validate", "w.yaml", cwd=tmp_path).stderr.splitlines()]
    assert told == ["w.yaml:3", "w.yaml:10", "w.yaml:15", "invalid"]


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", ["9" * 5000, "-1", "true", "[1]", "1.5"])
def test_whatever_stands_for_the_id_of_a_phase_is_told_and_breaks_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "w.workflow.yaml").write_text(
        "name: w\ndescription: d\nexecution_mode: strict\nfinalization: {template: '{{a}}', output: o}\nphases:\n"
        f"- {{id: {name}, name: P, description: d, behavior: main-only, main_agent: {{script: return}}}}\n"
    )
    done = shardflow("validate", "w.workflow.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("w.workflow.yaml:6: expected a text, found ")


@pytest.mark.needs("node")
@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"]], ids=" ".join)
def test_programs_of_types_that_are_not_there_are_warned_of_where_the_type_stands(
    tmp_path: Path, line: list[str]
) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\n"
        "agents:\n  own: {run: [./gone.sh]}\n"
        "phases:\n"
        "- id: p\n  behavior: parallel\n  execution_mode: adaptive\n"
        "  subagents:\n    always:\n    - {type: own}\n    - {type: there}\n    - {type: own, cwd: nowhere}\n"
        "    - {id: a, run: [no-such-program]}\n"
        "    adaptive: {script: return}\n"
        "  skills:\n  - {name: tidy}\n"
    )
    (tmp_path / "agents.yaml").write_text(
        "agents: {there: {run: [ls]}, tidy: {python: 'no_such_module:f'}, idle: {run: [x]}}\n"
    )
    ended = shardflow(*line, "w.yaml", "--agents", "agents.yaml", cwd=tmp_path)
    assert ended.returncode == 0
    hint = "unless an earlier phase or the place where it runs brings it"
    always = "$.phases[0].subagents.always"
    assert ended.stderr.splitlines() == [
        f"warning: w.yaml:10: there is no program ./gone.sh, which runs the type 'own' at {always}[0].type; {hint}",
        f"warning: w.yaml:12: there is no folder nowhere at {always}[2].cwd; {hint}",
        f"warning: w.yaml:13: there is no program no-such-program at {always}[3].run; {hint}",
        "warning: w.yaml:16: there is no module no_such_module, neither beside the workflow nor installed, which runs "
        f"the type 'tidy' at $.phases[0].skills[0].name; {hint}",
    ]


@pytest.mark.needs("node")
@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"]], ids=" ".join)
def test_programs_that_answer_for_helpers_are_warned_of_if_a_script_asks_them(tmp_path: Path, line: list[str]) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/beside.sh").touch(mode=0o755)
    (tmp_path / "here.sh").touch(mode=0o755)
    (tmp_path / "flows/w.yaml").write_text(
        "name: w\n"
        "helpers:\n"
        "  all_tests_pass: {run: [./beside.sh]}\n"
        "  has_syntax_errors: {run: [./here.sh]}\n"
        "phases:\n"
        "- id: p\n  behavior: main-only\n  main_agent:\n    script: |\n"
        "      return [await has_syntax_errors(), await all_tests_pass(), await analyzeCoverage()]\n"
    )
    (tmp_path / "flows/shardflow.yaml").write_text(
        "helpers:\n"
        "  all_tests_pass: {run: [overruled]}\n"
        "  analyzeCoverage: {run: [no-such-program]}\n"
        "  findAmbiguousRequirements: {run: [nobody-asks]}\n"
    )
    ended = shardflow(*line, "flows/w.yaml", cwd=tmp_path)
    assert ended.returncode == 0
    hint = "unless an earlier phase or the place where it runs brings it"
    assert ended.stderr.splitlines() == [
        f"warning: flows/w.yaml:3: there is no program ./beside.sh at $.helpers.all_tests_pass.run; {hint}",
        "warning: flows/w.yaml:9: there is no program no-such-program, which answers for the helper 'analyzeCoverage' "
        f"at $.phases[0].main_agent.script; {hint}",
    ]


@pytest.mark.needs("node")
@pytest.mark.parametrize("line", [["validate"], ["run", "--dry-run"]], ids=" ".join)
def test_helpers_that_nobody_answers_are_warned_of_where_a_script_first_calls_them(
    tmp_path: Path, line: list[str]
) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nphases:\n- id: p\n  behavior: main-only\n"
        "  main_agent: {script: 'return await all_tests_pass (not_thinkHard(thinkHard))'}\n"
        "  checkpoint: {condition: 'thinkHard(\"?\") && all_tests_pass() && not_all_tests_pass()'}\n"
    )
    unanswered = [
        "warning: w.yaml:5: no command answers the helper 'all_tests_pass' at $.phases[0].main_agent.script; "
        "say helpers: {all_tests_pass: {run: ...}} in the workflow or in shardflow.yaml",
        "warning: w.yaml:6: no agent answers the helper 'thinkHard' at $.phases[0].checkpoint.condition; "
        "give one for the type 'thinkHard', or a default, under agents:",
    ]
    assert sorted(shardflow(*line, "w.yaml", cwd=tmp_path).stderr.splitlines()) == unanswered
    (tmp_path / "shardflow.yaml").write_text(
        "helpers: {all_tests_pass: {run: 'true'}}\nagents: {default: {run: cat}}\n"
    )
    assert shardflow(*line, "w.yaml", cwd=tmp_path).stderr == ""


@pytest.mark.needs("node")
def test_agent_clis_that_are_not_there_are_warned_of_once_each_as_a_run_refuses_them(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "name: w\nagents: {default: {agent: claude}}\nphases:\n"
        "- {id: p, behavior: parallel, subagents: [{type: a}, {type: b}]}\n"
        "- {id: q, behavior: main-only, agent: codex, prompt: Do it.}\n"
    )
    (tmp_path / "bin").mkdir()
    ended = shardflow("validate", "w.yaml", cwd=tmp_path, environment={"PATH": str(tmp_path / "bin")})
    refused = shardflow("run", "w.yaml", cwd=tmp_path, environment={"PATH": str(tmp_path / "bin")})
    told = [
        "w.yaml: a, b needs the agent CLI 'claude', which is not on PATH; install it: npm install -g "
        "@anthropic-ai/claude-code",
        "w.yaml: q needs the agent CLI 'codex', which is not on PATH; install it: npm install -g @openai/codex",
    ]
    assert (ended.returncode, ended.stderr.splitlines()) == (0, [f"warning: {line}" for line in told])
    assert (refused.returncode, refused.stderr.splitlines()) == (2, [f"shardflow run: {told[0]}", told[1]])
