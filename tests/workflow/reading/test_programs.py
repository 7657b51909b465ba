"""What a subagent runs and with what settings: every problem in its exact words."""

from __future__ import annotations

import pytest

from shardflow.workflow.program import SecretFile, SecretVariable
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import HOW_TO_RUN, document, problems_of, subagent


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("timeout: 5", f"nothing to run at $.phases[0].subagents[0]; {HOW_TO_RUN}"),
        ("run: ls, python: 'a:b'", "'run' and 'python' exclude each other at @.python; keep one of them"),
        ("run: 5", "expected a command for the shell or a list of arguments, found the integer 5 at @.run"),
        (
            "run: true",
            "expected a command for the shell or a list of arguments, found the boolean true at @.run; "
            "put it in quotes: 'true' is a program",
        ),
        ("run: []", "expected a command for the shell or a list of arguments, found an empty list at @.run"),
        ("run: ' '", "expected a text that is not blank, found the text ' ' at @.run"),
        ("run: ['', a]", "expected a text that is not blank, found the text '' at @.run[0]"),
        (
            "run: [sleep, 5]",
            "expected a text, found the integer 5 at @.run[1]; put it in quotes to make it one",
        ),
        (
            r'run: "a\0b"',
            "the text holds a NUL or half a surrogate pair, which no program can be given at @.run",
        ),
        ("python: audit", "expected package.module:function, found the text 'audit' at @.python"),
        ("python: 'a..b:c'", "expected package.module:function, found the text 'a..b:c' at @.python"),
        ("python: 'a:b:c'", "expected package.module:function, found the text 'a:b:c' at @.python"),
        ("python: 'a:b()'", "expected package.module:function, found the text 'a:b()' at @.python"),
        ("python: [a]", "expected a text, found a list at @.python"),
        ("run: ls, env: [A]", "expected an object, found a list at @.env"),
        (
            "run: ls, env: {A: on, B: true}",
            "expected a text, found the boolean true at @.env.B; put it in quotes to make it one",
        ),
        (
            "run: ls, env: {A: 1.5}",
            "expected a text, found the decimal 1.5 at @.env.A; put it in quotes to make it one",
        ),
        ("run: ls, env: {'': a}", "'' cannot be the name of an environment variable at @.env['']"),
        ("run: ls, env: {A=B: a}", "'A=B' cannot be the name of an environment variable at @.env['A=B']"),
        (
            "run: ls, env: {SHARDFLOW_SHARD: a}",
            "'SHARDFLOW_SHARD' is set by shardflow itself at @.env.SHARDFLOW_SHARD; choose another name",
        ),
        (
            "run: ls, env: {CONTEXT_FILE: a}",
            "'CONTEXT_FILE' is set by shardflow itself at @.env.CONTEXT_FILE; choose another name",
        ),
        (
            r'run: ls, env: {A: "\0"}',
            "the text holds a NUL or half a surrogate pair, which no program can be given at @.env.A",
        ),
        ("run: ls, cwd: ''", "expected a text that is not blank, found the text '' at @.cwd"),
        (
            "run: ls, timeout: '30'",
            "expected a number of seconds or a text such as '30s', '5m' or '1h', found the text '30' at @.timeout",
        ),
        (
            "run: ls, timeout: true",
            "expected a number of seconds or a text such as '30s', '5m' or '1h', found the boolean true at @.timeout",
        ),
        (
            "run: ls, timeout: 0",
            "expected more than 0 seconds and at most 24 days (576h), found the integer 0 at @.timeout",
        ),
        (
            "run: ls, timeout: -1.5",
            "expected more than 0 seconds and at most 24 days (576h), found the decimal -1.5 at @.timeout",
        ),
        (
            f"run: ls, timeout: 1{'0' * 5000}",
            "expected more than 0 seconds and at most 24 days (576h), found a huge integer at @.timeout",
        ),
        (
            "run: ls, timeout: 576.1h",
            "expected more than 0 seconds and at most 24 days (576h), found the text '576.1h' at @.timeout",
        ),
        (
            "run: ls, env: {A: {}}",
            "a secret is referred to in one of two ways at @.env.A; "
            "say {env: NAME} for a variable of the environment, or {file: PATH} for a file",
        ),
        (
            "run: ls, env: {A: {env: B, file: c}}",
            "a secret is referred to in one of two ways at @.env.A; "
            "say {env: NAME} for a variable of the environment, or {file: PATH} for a file",
        ),
        ("run: ls, env: {A: {evn: B, env: C}}", "unknown field 'evn' at @.env.A.evn; did you mean 'env'?"),
        ("run: ls, env: {A=B: {env: C}}", "'A=B' cannot be the name of an environment variable at @.env['A=B']"),
        (
            "run: ls, env: {SHARDFLOW_SHARD: {file: c}}",
            "'SHARDFLOW_SHARD' is set by shardflow itself at @.env.SHARDFLOW_SHARD; choose another name",
        ),
        (
            "run: ls, env: {A: {env: 5}}",
            "expected a text, found the integer 5 at @.env.A.env; put it in quotes to make it one",
        ),
        ("run: ls, env: {A=B: c}", "'A=B' cannot be the name of an environment variable at @.env['A=B']"),
        ("run: ls, env: {'': c}", "'' cannot be the name of an environment variable at @.env['']"),
        ('run: ls, env: {"A\\0": c}', "'A\\x00' cannot be the name of an environment variable at @.env['A\\u0000']"),
        ("run: ls, env: {A: {env: 'B=C'}}", "'B=C' cannot be the name of an environment variable at @.env.A.env"),
        ("run: ls, shard: pacth", "unknown form of a shard 'pacth' at @.shard; did you mean 'patch'?"),
        ("run: ls, shard: {}", "expected one of copy, patch, journal, found an empty object at @.shard"),
        ("run: ls, type: b", "'id' and 'type' exclude each other at @.type; keep one of them"),
        ("run: ls, timeuot: 5", "unknown field 'timeuot' at @.timeuot; did you mean 'timeout'?"),
        ("run: ls, cmd: ls", "unknown field 'cmd' at @.cmd; did you mean 'run'?"),
        ("run: ls, command: [ls]", "unknown field 'command' at @.command; did you mean 'run'?"),
        ("run: ls, environment: {}", "unknown field 'environment' at @.environment; did you mean 'env'?"),
        ("run: ls, directory: x", "unknown field 'directory' at @.directory; did you mean 'cwd'?"),
    ],
)
def test_a_problem_of_a_subagent_is_told_in_these_words(settings: str, problem: str) -> None:
    told = problem.replace("@", "$.phases[0].subagents[0]")
    assert problems_of(subagent(settings)) == [f"w.yaml:3: {told}"]


@pytest.mark.parametrize(
    ("run", "where", "template"),
    [
        ("'echo {{ name }}'", "", "'{{ name }}'"),
        ("'gh ${{ inputs.x }} {{ y }}'", "", "'${{ inputs.x }}'"),
        ("[echo, '{{a}}']", "[1]", "'{{a}}'"),
    ],
)
def test_a_template_in_a_command_is_refused_with_the_safe_way(run: str, where: str, template: str) -> None:
    assert problems_of(subagent(f"run: {run}")) == [
        f"w.yaml:3: the template {template} is not filled in at $.phases[0].subagents[0].run{where};"
        ' read the value from the environment (env: {NAME: value}, then "$NAME") or from the file'
        ' "$CONTEXT_FILE"; braces meant as they stand go into an env value too'
    ]


@pytest.mark.parametrize("run", ["'awk {print}'", "'echo ${HOME} }} {{'", "'f() { { ls; } }'"])
def test_braces_of_the_shell_are_no_template(run: str) -> None:
    read_workflow(document(subagent(f"run: {run}")))


def test_a_secret_is_a_reference_in_env() -> None:
    (phase,) = read_workflow(document(subagent("run: ls, env: {A: b, K: {env: KEY}, F: {file: keys/f}}"))).phases
    assert phase.subagents[0].environment == {"A": "b"}
    assert phase.subagents[0].secrets == {"K": SecretVariable("KEY"), "F": SecretFile("keys/f")}
