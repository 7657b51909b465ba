"""Workflows from documents: the laws, what is accepted, and every problem in its exact words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Document
from shardflow.model.paths import ROOT, Path, path_text
from shardflow.model.values import Json
from shardflow.workflow.model import (
    Behavior,
    ContextFile,
    InlineContext,
    InlineRules,
    Phase,
    RulesFile,
    ShardForm,
    Subagent,
    Workflow,
)
from shardflow.workflow.policies import Policy
from shardflow.workflow.program import ArgumentList, PythonFunction, ShellCommand
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import HOW_A_PHASE_RUNS, ID_RULE, document, json_values, problems_of, workflows

FIELDS = ["name", "max_parallel", "context", "rules", "phases", "id", "type", "behavior", "subagents", "run"]
FIELDS += ["description", "python", "env", "cwd", "timeout", "shard"]

nearly_workflows = st.recursive(
    json_values | st.sampled_from(["parallel", "main-only", "a:b", "30s", "{{ x }}", "\0", "scan"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=9),
    max_leaves=40,
)


@given(json_values | nearly_workflows)
def test_any_document_is_a_workflow_or_has_its_problems_told(value: Json) -> None:
    with suppress(InvalidWorkflow):
        read_workflow(Document("w.yaml", value))


@given(workflows())
def test_every_valid_workflow_is_accepted_with_ids_that_no_file_system_confuses(value: dict[str, Json]) -> None:
    workflow = read_workflow(Document("w.yaml", value))
    for phase in workflow.phases:
        ids = {subagent.id.lower() for subagent in phase.subagents}
        assert len(ids) == len(phase.subagents) > 0


@given(workflows(), st.data())
def test_one_unknown_field_anywhere_is_told_with_its_path(value: dict[str, Json], data: st.DataObject) -> None:
    objects: list[tuple[Path, dict[str, Json]]] = [(ROOT, value)]
    phases = value["phases"]
    assert isinstance(phases, list)
    for index, phase in enumerate(phases):
        assert isinstance(phase, dict)
        objects.append((("phases", index), phase))
    path, place = data.draw(st.sampled_from(objects))
    place["zzz"] = 1
    with pytest.raises(InvalidWorkflow) as caught:
        read_workflow(Document("w.yaml", value))
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"w.yaml: unknown field 'zzz' at {path_text((*path, 'zzz'))}; known are ")


def test_every_field_of_the_format_is_read() -> None:
    workflow = read_workflow(
        document(
            """
name: codebase-audit
description: looks around
max_parallel: 8
context: context.json
rules: findings
phases:
- id: audit
  description: in parallel
  behavior: parallel
  max_parallel: 4
  rules: rules/own.yaml
  subagents:
  - {id: sizes, run: python3 sizes.py, env: {KEY: value, EMPTY: ''}, cwd: ., timeout: 30, shard: patch}
  - {id: graph, python: 'audit.graph:build', timeout: 5m}
- id: write
  behavior: sequential
  subagents: [{type: writer, run: [python3, '', -v]}]
- {id: report, behavior: main-only, run: ./report, timeout: 1.5h, env: {A: b}, cwd: sub, shard: copy}
"""
        )
    )
    assert workflow == Workflow(
        name="codebase-audit",
        description="looks around",
        max_parallel=8,
        context=ContextFile("context.json"),
        rules=RulesFile("findings"),
        phases=(
            Phase(
                id="audit",
                description="in parallel",
                behavior=Behavior.PARALLEL,
                max_parallel=4,
                rules=RulesFile("rules/own.yaml"),
                subagents=(
                    Subagent(
                        "sizes",
                        ShellCommand("python3 sizes.py"),
                        {"KEY": "value", "EMPTY": ""},
                        ".",
                        Policy(timeout=30.0),
                        ShardForm.PATCH,
                    ),
                    Subagent("graph", PythonFunction("audit.graph", "build"), policy=Policy(timeout=300.0)),
                ),
            ),
            Phase(
                id="write",
                behavior=Behavior.SEQUENTIAL,
                subagents=(Subagent("writer", ArgumentList(("python3", "", "-v")), type="writer"),),
            ),
            Phase(
                id="report",
                behavior=Behavior.MAIN_ONLY,
                policy=Policy(timeout=5400.0),
                subagents=(Subagent("report", ShellCommand("./report"), {"A": "b"}, "sub", Policy(timeout=5400.0)),),
            ),
        ),
    )


def test_inline_context_and_rules_are_kept_with_their_lines() -> None:
    text = "name: w\ncontext: {n: 1}\nrules:\n  rules:\n  - path: $.n\n    strategy: sum\n"
    text += "phases: [{id: p, behavior: main-only, run: ls}]"
    workflow = read_workflow(document(text))
    assert workflow.context == InlineContext({"n": 1})
    assert isinstance(workflow.rules, InlineRules)
    rules = workflow.rules.document
    assert rules.value == {"rules": [{"path": "$.n", "strategy": "sum"}]}
    assert (rules.source, rules.line(("rules", 0, "strategy"))) == ("w.yaml", 6)


def test_all_problems_of_a_file_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """
nmae: audit
phases:
- id: audit
  behavior: paralel
  subagents:
  - {id: sizes, run: ls, timeout: soon}
  - {id: Sizes, run: ls, env: {A: 5}}
- {id: audit, behavior: main-only}
max_parallel: 0
"""
    assert problems_of(text) == [
        "w.yaml:2: unknown field 'nmae' at $.nmae; did you mean 'name'?",
        "w.yaml:5: unknown behavior 'paralel' at $.phases[0].behavior; did you mean 'parallel'?",
        "w.yaml:7: expected a number of seconds or a text such as '30s', '5m' or '1h', found the text 'soon'"
        " at $.phases[0].subagents[0].timeout",
        "w.yaml:8: expected a text, found the integer 5 at $.phases[0].subagents[1].env.A;"
        " put it in quotes to make it one",
        "w.yaml:8: the id 'Sizes' is taken at $.phases[0].subagents[1].id;"
        " 'sizes' stands on line 7, and ids differ by more than upper and lower case",
        f"w.yaml:9: phase 'audit': nothing to run at $.phases[1]; {HOW_A_PHASE_RUNS}",
        "w.yaml:9: the id 'audit' is taken at $.phases[1].id;"
        " 'audit' stands on line 4, and ids differ by more than upper and lower case",
        "w.yaml:10: expected an integer from 1 to 10000, found the integer 0 at $.max_parallel",
    ]


def test_a_field_of_another_place_or_tool_is_told_whose_it_is_or_what_it_is_called_here() -> None:
    text = """\
name: x
jobs: []
phases:
- id: p
  behavior: parallel
  foreach: {path: $.a}
  run: ls
  limits: {}
  if: x
  subagents:
  - {id: s, run: ls, on_undeclared_write: warn, fail_fast: true, condition: x}
"""
    assert problems_of(text) == [
        "w.yaml:2: unknown field 'jobs' at $.jobs; did you mean 'phases'?",
        "w.yaml:6: unknown field 'foreach' at $.phases[0].foreach; it is a field of a subagent",
        "w.yaml:7: only a main-only phase has 'run' of its own at $.phases[0].run;"
        " move it into a subagent of the phase, or say behavior: main-only",
        "w.yaml:8: unknown field 'limits' at $.phases[0].limits; it is a field of the workflow",
        "w.yaml:9: unknown field 'if' at $.phases[0].if; did you mean 'when'?",
        "w.yaml:11: unknown field 'on_undeclared_write' at $.phases[0].subagents[0].on_undeclared_write;"
        " it is a field of a phase",
        "w.yaml:11: unknown field 'fail_fast' at $.phases[0].subagents[0].fail_fast; it is a field of a phase",
        "w.yaml:11: unknown field 'condition' at $.phases[0].subagents[0].condition; did you mean 'when'?",
    ]


MAIN = "name: w\nphases: [{id: p, behavior: main-only, run: ls}]\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "w.yaml:1: expected an object, found an empty list"),
        ("name: w", "w.yaml:1: field 'phases' is missing; expected a list"),
        ("name: w\nphases: []", "w.yaml:2: expected at least one phase, found an empty list at $.phases"),
        ("name: w\nphases: {}", "w.yaml:2: expected a list, found an empty object at $.phases"),
        ("name: w\nphases: [ls]", "w.yaml:2: expected an object, found the text 'ls' at $.phases[0]"),
        (
            MAIN.replace("w", "''", 1),
            "w.yaml:1: expected one line of 1 to 100 printable characters, found the text '' at $.name",
        ),
        (
            MAIN.replace("w", r'"a\e[2J"', 1),
            r"w.yaml:1: expected one line of 1 to 100 printable characters, found the text 'a\x1b[2J' at $.name",
        ),
        (
            MAIN.replace("w", "5", 1),
            "w.yaml:1: expected a text, found the integer 5 at $.name; put it in quotes to make it one",
        ),
        (
            MAIN + "description:",
            "w.yaml:3: expected a text, found null at $.description; give the field a value or leave it out",
        ),
        (
            MAIN + "max_parallel: true",
            "w.yaml:3: expected an integer from 1 to 10000, found the boolean true at $.max_parallel",
        ),
        (
            MAIN + f"max_parallel: 1{'0' * 5000}",
            "w.yaml:3: expected an integer from 1 to 10000, found a huge integer at $.max_parallel",
        ),
        (MAIN + "context: [1]", "w.yaml:3: expected the path of a JSON file, or an object, found a list at $.context"),
        (
            MAIN + "limits: {nesting: 201}",
            "w.yaml:3: expected an integer from 1 to 200, found the integer 201 at $.limits.nesting",
        ),
        (MAIN + "context: ''", "w.yaml:3: expected a text that is not blank, found the text '' at $.context"),
        (
            MAIN + "rules: [sum]",
            "w.yaml:3: expected the path of a rule file, the name of a shipped rule set, or an object,"
            " found a list at $.rules; put the list into an object: {rules: [...]}",
        ),
        (
            MAIN + "rules: 5",
            "w.yaml:3: expected the path of a rule file, the name of a shipped rule set, or an object,"
            " found the integer 5 at $.rules",
        ),
        (MAIN + "rules: ' '", "w.yaml:3: expected a text that is not blank, found the text ' ' at $.rules"),
        (MAIN + "phase: 1", "w.yaml:3: unknown field 'phase' at $.phase; did you mean 'phases'?"),
        (MAIN + "env: {}", "w.yaml:3: unknown field 'env' at $.env; it is a field of a subagent"),
        (MAIN + "subagents: []", "w.yaml:3: unknown field 'subagents' at $.subagents; it is a field of a phase"),
    ],
)
def test_a_problem_of_the_workflow_is_told_in_these_words(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        (
            "behavior: main-only, run: ls",
            ["field 'id' is missing at $.phases[0]; expected a text"],
        ),
        (
            "id: p, run: ls",
            ["field 'behavior' is missing at $.phases[0]; expected one of parallel, sequential, main-only"],
        ),
        (
            "id: p",
            [
                "field 'behavior' is missing at $.phases[0]; expected one of parallel, sequential, main-only",
                "field 'subagents' is missing at $.phases[0]; expected a list",
            ],
        ),
        (
            "id: p, run: ls, subagents: [{id: a, run: ls}]",
            [
                "field 'behavior' is missing at $.phases[0]; expected one of parallel, sequential, main-only",
                "only a main-only phase has 'run' of its own at $.phases[0].run;"
                " move it into a subagent of the phase, or say behavior: main-only",
            ],
        ),
        (
            "id: p, behavior: parallel",
            ["field 'subagents' is missing at $.phases[0]; expected a list"],
        ),
        (
            "id: p, behavior: sequential, subagents: []",
            ["expected at least one subagent, found an empty list at $.phases[0].subagents"],
        ),
        (
            "id: p, behavior: parallel, run: ls, subagents: [{id: a, run: ls}]",
            [
                "only a main-only phase has 'run' of its own at $.phases[0].run;"
                " move it into a subagent of the phase, or say behavior: main-only"
            ],
        ),
        (
            "id: p, behavior: parallel, env: {A: b}, subagents: [{id: a, run: ls}]",
            [
                "only a main-only phase has 'env' of its own at $.phases[0].env;"
                " move it into a subagent of the phase, or say behavior: main-only"
            ],
        ),
        (
            "id: p, behavior: main-only, run: ls, subagents: []",
            [
                "a main-only phase has no subagents at $.phases[0].subagents;"
                " put run:, python: or main_agent: on the phase itself, or say behavior: sequential"
            ],
        ),
        ("id: p, behavior: main-only", [f"phase 'p': nothing to run at $.phases[0]; {HOW_A_PHASE_RUNS}"]),
        (
            "id: p, behavior: main-only, cwd: x, timeout: 1s",
            [f"phase 'p': nothing to run at $.phases[0]; {HOW_A_PHASE_RUNS}"],
        ),
        (
            "id: ../p, behavior: main-only, run: ls",
            [f"'../p' is no id at $.phases[0].id; {ID_RULE}"],
        ),
        (
            "id: p, behaviour: parallel, subagents: [{id: a, run: ls}]",
            ["unknown field 'behaviour' at $.phases[0].behaviour; did you mean 'behavior'?"],
        ),
    ],
)
def test_a_problem_of_a_phase_is_told_in_these_words(fields: str, problems: list[str]) -> None:
    assert problems_of(f"name: w\nphases: [{{{fields}}}]") == [f"w.yaml:2: {problem}" for problem in problems]


def test_without_lines_a_taken_id_is_found_by_its_path() -> None:
    one: Json = {"id": "p", "behavior": "main-only", "run": "ls"}
    with pytest.raises(InvalidWorkflow) as caught:
        read_workflow(Document("w", {"name": "w", "phases": [one, one]}))
    assert str(caught.value) == (
        "w: the id 'p' is taken at $.phases[1].id;"
        " 'p' stands at $.phases[0].id, and ids differ by more than upper and lower case"
    )
