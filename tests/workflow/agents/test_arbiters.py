"""Whom an `arbiter` rule names: what can be said, and every problem with its line."""

from __future__ import annotations

import pytest

from shardflow.errors import InvalidRules
from shardflow.merge.rule_file import read_rules
from shardflow.model.documents import Document
from shardflow.model.fields import read_document
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.arbiters import Arbiter, read_arbiter
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.program import ArgumentList, ShellCommand
from tests.workflow.documents import HOW_TO_NAME

HOW_TO_ASK = f"say run: with a command, or {HOW_TO_NAME}"


def nothing(name: str, source: str) -> Document:
    raise LookupError("nothing to extend")


def problems_of(text: str) -> list[str]:
    with pytest.raises(InvalidRules) as caught:
        read_rules(parse_yaml(text.encode(), "r.yaml"), nothing, arbiters=read_arbiter)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("argument", "arbiter"),
    [
        ("python3 decide.py", Arbiter(ShellCommand("python3 decide.py"))),
        ("[python3, '']", Arbiter(ArgumentList(("python3", "")))),
        ("{run: decide}", Arbiter(ShellCommand("decide"))),
        ("{run: [decide], timeout: 0.5}", Arbiter(ArgumentList(("decide",)), 0.5)),
        ("{run: [decide], timeout: 2m}", Arbiter(ArgumentList(("decide",)), 120.0)),
        ("{agent: claude}", Arbiter(AgentPreset(AgentCli.CLAUDE))),
        (
            "{agent: codex, model: m, timeout: 120, prompt: Prefer the more cautious finding.}",
            Arbiter(AgentPreset(AgentCli.CODEX, "m", prompt="Prefer the more cautious finding."), 120.0),
        ),
        (
            "{agent: gemini, tools: [web_fetch], args: [--debug], pass_env: [PROXY]}",
            Arbiter(AgentPreset(AgentCli.GEMINI, None, ("web_fetch",), ("--debug",), ("PROXY",))),
        ),
        ("{agent: opencode, tools: []}", Arbiter(AgentPreset(AgentCli.OPENCODE, tools=()))),
    ],
)
def test_what_can_be_said(argument: str, arbiter: Arbiter) -> None:
    assert read_document(parse_yaml(argument.encode(), "r.yaml"), read_arbiter, InvalidRules) == arbiter


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("", f"an arbiter is a command, a program with its arguments, or an object at @; {HOW_TO_ASK}"),
        ("' '", "expected a text that is not blank, found the text ' ' at @"),
        ("[]", "expected a command for the shell or a list of arguments, found an empty list at @"),
        ("5", "expected a command for the shell or a list of arguments, found the integer 5 at @"),
        ("[1]", "expected a text, found the integer 1 at @[0]; put it in quotes to make it one"),
        ("{}", f"nobody to ask at @; {HOW_TO_ASK}"),
        ("{timeout: 1}", f"nobody to ask at @; {HOW_TO_ASK}"),
        (
            "{run: x, timeout: 0}",
            "expected more than 0 seconds and at most 24 days (576h), found the integer 0 at @.timeout",
        ),
        ("{run: x, cwd: y}", "unknown field 'cwd' at @.cwd; known are agent, run, timeout"),
        ("{run: x, timout: 5}", "unknown field 'timout' at @.timout; did you mean 'timeout'?"),
        ("{run: x, model: m}", "'model' is for an agent CLI at @.model; say agent: too, or leave it out"),
        ("{run: x, agent: codex}", "'run' and 'agent' exclude each other at @.agent; keep one of them"),
        ("{agent: cluade}", "unknown agent CLI 'cluade' at @.agent; did you mean 'claude'?"),
        ("{agent: [claude]}", "expected one of claude, codex, gemini, opencode, found a list at @.agent"),
        ("{agent: claude, promt: x}", "unknown field 'promt' at @.promt; did you mean 'prompt'?"),
        (
            "{agent: claude, shard: patch}",
            "unknown field 'shard' at @.shard; known are agent, args, model, pass_env, prompt, run, timeout, tools",
        ),
        ("{agent: claude, prompt: ' '}", "expected a text that is not blank, found the text ' ' at @.prompt"),
        (
            "{agent: claude, model: -x}",
            "'-x' would be taken for an option of the CLI at @.model; options go into args:",
        ),
        (
            "{agent: codex, tools: [Bash]}",
            "codex has no tools to choose from at @.tools; leave it out; its sandbox is set by args:",
        ),
    ],
)
def test_what_cannot(argument: str, problem: str) -> None:
    text = f"rules:\n  - path: $.n\n    strategy:\n      arbiter: {argument}\n"
    at = "$.rules[0].strategy.arbiter"
    assert problems_of(text) == [f"r.yaml:4: {problem.replace('@', at)}"]


def test_all_problems_of_all_rules_and_defaults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
rules:
  - path: $.a
    strategy:
      arbiter:
        agent: claud
        modle: sonnet
  - {path: $.b, strategy: arbiter}
  - {path: $.c, strategy: unoin}
default:
  scalars: {strategy: {arbiter: {agent: codex, timeout: soon}}}
  lists: {arbiter: []}
"""
    lines = [problem.partition(" ")[0] for problem in problems_of(text)]
    assert lines == ["r.yaml:5:", "r.yaml:6:", "r.yaml:7:", "r.yaml:8:", "r.yaml:10:", "r.yaml:11:"]


@pytest.mark.parametrize("rule", ["{path: $.b, strategy: arbiter}", "{path: $.b, strategy: {arbiter: }}"])
def test_where_nobody_is_named_the_place_that_is_told_is_one_that_stands_in_the_file(rule: str) -> None:
    (problem,) = problems_of(f"rules: [{rule}]\ndefault: {{}}")
    place = "$.rules[0].strategy.arbiter" if "{arbiter" in rule else "$.rules[0].strategy"
    assert f" at {place}; {HOW_TO_ASK}" in problem
