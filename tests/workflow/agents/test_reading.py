"""The map from types to programs: what it may say, and every problem in its exact words and with its line."""

from __future__ import annotations

import pytest

from shardflow.errors import InvalidAgents
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.model import AgentEntry, AgentsFile, HelperCommand
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.agents.reading import read_agents_file
from shardflow.workflow.program import ArgumentList, PythonFunction, SecretVariable, ShellCommand
from tests.workflow.documents import HOW_TO_RUN


def read(text: str) -> AgentsFile:
    return read_agents_file(parse_yaml(text.encode(), "shardflow.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidAgents) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_every_kind_of_entry_is_read_in_written_order_with_its_line() -> None:
    file = read(
        """
agents:
  scan: {run: [python3, scan.py], timeout: 5m, env: {DEPTH: '2', KEY: {env: TOKEN}}}
  style: {run: ./style.sh | tee log}
  deps: {python: 'checks.deps:check'}
  '*-reviewer': {agent: claude, model: sonnet, tools: [Read, Grep], args: [--max-turns, '9'], pass_env: [AWS_PROFILE]}
  default:
    agent: codex
helpers:
  all_tests_pass: {run: npm test, timeout: 5}
  analyzeCoverage: {run: [coverage, json]}
"""
    )
    claude = AgentPreset(AgentCli.CLAUDE, "sonnet", ("Read", "Grep"), ("--max-turns", "9"), ("AWS_PROFILE",))
    assert file == AgentsFile(
        (
            AgentEntry(
                "scan",
                ArgumentList(("python3", "scan.py")),
                {"DEPTH": "2"},
                timeout=300,
                secrets={"KEY": SecretVariable("TOKEN")},
            ),
            AgentEntry("style", ShellCommand("./style.sh | tee log")),
            AgentEntry("deps", PythonFunction("checks.deps", "check")),
            AgentEntry("*-reviewer", claude),
            AgentEntry("default", AgentPreset(AgentCli.CODEX)),
        ),
        {
            "all_tests_pass": HelperCommand(ShellCommand("npm test"), 5),
            "analyzeCoverage": HelperCommand(ArgumentList(("coverage", "json")), 600),
        },
    )


def test_an_empty_file_names_nobody() -> None:
    assert read("{}") == AgentsFile((), {})


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("claude", f"expected an object, found the text 'claude' at @; {HOW_TO_RUN}"),
        ("null", "expected an object, found null at @; give the field a value or leave it out"),
        ("{timeout: 5}", f"nothing to run at @; {HOW_TO_RUN}"),
        ("{run: a, python: 'a:b'}", "'run' and 'python' exclude each other at @.python; keep one of them"),
        ("{run: a, agent: codex}", "'run' and 'agent' exclude each other at @.agent; keep one of them"),
        ("{agent: claud}", "unknown agent CLI 'claud' at @.agent; did you mean 'claude'?"),
        ("{agent: gpt}", "unknown agent CLI 'gpt' at @.agent; known are claude, codex, gemini, opencode"),
        ("{agent: codex, modle: x}", "unknown field 'modle' at @.modle; did you mean 'model'?"),
        ("{run: a, model: x}", "'model' is for an agent CLI at @.model; say agent: too, or leave it out"),
        (
            "{agent: codex, model: --yolo}",
            "'--yolo' would be taken for an option of the CLI at @.model; options go into args:",
        ),
        ("{agent: codex, model: ' '}", "expected a text that is not blank, found the text ' ' at @.model"),
        (
            "{agent: claude, prompt: x}",
            "an entry of the map has no prompt at @.prompt; the prompt of a type comes from "
            "subagents/prompts/TYPE/default.md.tmpl, or from its subagent's config",
        ),
        (
            "{agent: codex, tools: [Read]}",
            "codex has no tools to choose from at @.tools; leave it out; its sandbox is set by args:",
        ),
        ("{agent: claude, tools: Read}", "expected a list, found the text 'Read' at @.tools"),
        (
            "{agent: claude, args: [5]}",
            "expected a text, found the integer 5 at @.args[0]; put it in quotes to make it one",
        ),
        ("{agent: claude, pass_env: ['A=B']}", "'A=B' cannot be the name of an environment variable at @.pass_env[0]"),
        (
            "{agent: claude, env: {SHARDFLOW_ID: x}}",
            "'SHARDFLOW_ID' is set by shardflow itself at @.env.SHARDFLOW_ID; choose another name",
        ),
        (
            "{run: a, timeout: 0}",
            "expected more than 0 seconds and at most 24 days (576h), found the integer 0 at @.timeout",
        ),
    ],
)
def test_each_mistake_of_an_entry_is_told_with_its_place(entry: str, problem: str) -> None:
    assert problems(f"agents:\n  scan: {entry}") == [f"shardflow.yaml:2: {problem.replace('@', '$.agents.scan')}"]


def test_a_template_in_an_argument_is_refused_as_in_any_command() -> None:
    (problem,) = problems("agents: {a: {agent: codex, args: ['{{feature_name}}']}}")
    assert problem.startswith(
        "shardflow.yaml:1: the template '{{feature_name}}' is not filled in at $.agents.a.args[0]"
    )


def test_all_problems_of_a_file_are_told_at_once() -> None:
    assert problems("agents:\n  '': {run: a}\n  b: {}\nhelpers:\n  all_test_pass: {run: a}\nagent: 5") == [
        "shardflow.yaml:2: a type has a name that is not blank at $.agents['']",
        f"shardflow.yaml:3: nothing to run at $.agents.b; {HOW_TO_RUN}",
        "shardflow.yaml:5: unknown field 'all_test_pass' at $.helpers.all_test_pass; did you mean 'all_tests_pass'?",
        "shardflow.yaml:6: unknown field 'agent' at $.agent; did you mean 'agents'?",
    ]


def test_a_helper_is_answered_by_a_command_only() -> None:
    assert problems("helpers: {analyzeCoverage: {agent: claude}}") == [
        "shardflow.yaml:1: field 'run' is missing at $.helpers.analyzeCoverage; "
        "expected a command for the shell or a list of arguments",
        "shardflow.yaml:1: unknown field 'agent' at $.helpers.analyzeCoverage.agent; known are run, timeout",
    ]
