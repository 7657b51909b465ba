"""The subagents of a phase: which ids they get, and every problem in its exact words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.documents import Document
from shardflow.model.values import Json
from shardflow.workflow.dialect.outputs import output_fault
from shardflow.workflow.reading.workflow import read_workflow
from shardflow.workflow.texts import id_fault
from tests.workflow.documents import ID_RULE, document, parallel, problems_of


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ("type scan, type scan, type scan", "scan scan-2 scan-3"),
        ("type scan, id scan", "scan-2 scan"),
        ("type scan, type scan, id scan-2", "scan scan-3 scan-2"),
        ("type scan, type Scan, type write", "scan Scan-2 write"),
        ("type scan, type scan, type scan-2", "scan scan-2 scan-2-2"),
        ("type plugin:agent, type plugin:agent, type plugin/agent", "plugin-agent plugin-agent-2 plugin-agent-3"),
        ("type plugin:agent, id plugin-agent", "plugin-agent-2 plugin-agent"),
        ("type v1.2, type .hidden, type ../../x, type ~/x", "v1.2 hidden x x-2"),
        ("type /etc/passwd, type a..b, type base.JSON, type -rf", "etc-passwd a-b base-JSON rf"),
        ("type 𝒟:ä, type Ω, type ..", "subagent subagent-2 subagent-3"),
        (f"type {'a' * 64}, type {'a' * 250}, type {'a' * 64}", f"{'a' * 64} {'a' * 62}-2 {'a' * 62}-3"),
    ],
)
def test_repeated_types_become_ids_by_rank(names: str, ids: str) -> None:
    items = [f"{{{name.replace(' ', ': ')}, run: ls}}" for name in names.split(", ")]
    (phase,) = read_workflow(document(parallel(",".join(items)))).phases
    assert [subagent.id for subagent in phase.subagents] == ids.split()


@pytest.mark.parametrize(
    ("subagents", "problem"),
    [
        ("ls", "expected an object, found the text 'ls' at $.phases[0].subagents[0]"),
        (
            "{run: ls}",
            "a subagent without a name at $.phases[0].subagents[0];"
            " say id: with a name of its own, or type: with a name that may be repeated",
        ),
        (
            "{id: a, run: ls}, {id: a, run: ls}",
            "the id 'a' is taken at $.phases[0].subagents[1].id;"
            " 'a' stands on line 3, and ids differ by more than upper and lower case",
        ),
        (
            "{type: ' ', run: ls}",
            "expected one line of 1 to 250 printable characters, found the text ' ' at $.phases[0].subagents[0].type",
        ),
        (
            r'{type: "a\nb"}',
            r"expected one line of 1 to 250 printable characters, found the text 'a\nb'"
            " at $.phases[0].subagents[0].type",
        ),
        (
            f"{{type: {'a' * 251}}}",
            f"expected one line of 1 to 250 printable characters, found the text '{'a' * 59}…'"
            " at $.phases[0].subagents[0].type",
        ),
    ],
)
def test_a_problem_of_a_group_is_told_in_these_words(subagents: str, problem: str) -> None:
    assert problems_of(parallel(subagents)) == [f"w.yaml:3: {problem}"]


@pytest.mark.parametrize(
    ("name", "shown", "rule"),
    [
        ("''", "''", ID_RULE),
        (".a", "'.a'", ID_RULE),
        ("a/b", "'a/b'", ID_RULE),
        (r'"a\n"', r"'a\n'", ID_RULE),
        ("ä", "'ä'", ID_RULE),
        ("a" * 65, f"'{'a' * 59}…'", ID_RULE),
        ("a..b", "'a..b'", "an id never contains '..'"),
        (
            "base.JSON",
            "'base.JSON'",
            "an id never ends in '.json': its folder stands beside the merge's own files",
        ),
    ],
)
def test_a_name_that_is_no_id_is_refused_with_the_rule(name: str, shown: str, rule: str) -> None:
    assert problems_of(parallel(f"{{id: {name}, run: ls}}")) == [
        f"w.yaml:3: {shown} is no id at $.phases[0].subagents[0].id; {rule}"
    ]


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=90)


@given(st.lists(PRINTABLE, min_size=1, max_size=4))
def test_whatever_types_are_called_their_ids_and_outputs_can_be_files_that_differ(types: list[str]) -> None:
    subagents: list[Json] = [{"type": type_} for type_ in types * 2]
    value: Json = {"id": "p", "behavior": "parallel", "subagents": subagents}
    (phase,) = read_workflow(Document("w.yaml", {"name": "w", "phases": [value]})).phases
    assert [subagent.type for subagent in phase.subagents] == types * 2
    assert not any(id_fault(subagent.id) for subagent in phase.subagents)
    assert len({subagent.id.lower() for subagent in phase.subagents}) == len(subagents)
    outputs = [subagent.output or f"{subagent.id}.md" for subagent in phase.subagents]
    assert not any(map(output_fault, outputs))
    assert len(set(map(str.lower, outputs))) == len(subagents)


@pytest.mark.parametrize(
    ("subagents", "outputs"),
    [
        ("{type: scan}, {type: scan}", "scan.md scan-2.md"),
        ("{type: scan, config: {output_path: a.md}}, {type: scan}", "scan.md"),
        ("{id: scan, run: ls}, {type: scan}", "scan-2.md"),
        ("{type: scan}, {type: scan}, {type: scan-2}", "scan.md scan-2.md scan-2-2.md"),
        ("{type: 'a:b'}, {type: a/b}, {type: ../b}", "a:b.md a/b.md b.md"),
    ],
)
def test_an_output_that_nobody_names_is_named_after_the_type(subagents: str, outputs: str) -> None:
    (phase,) = read_workflow(document(parallel(subagents))).phases
    named = [each for each in phase.subagents if each.type and not each.config]
    assert [each.output or f"{each.id}.md" for each in named] == outputs.split()


@pytest.mark.parametrize("name", ["a", "0", "A.b_c-d", "a" * 64, "con", "a.jsonl"])
def test_a_name_that_keeps_the_rule_is_an_id(name: str) -> None:
    (phase,) = read_workflow(document(parallel(f"{{id: '{name}', run: ls}}"))).phases
    assert phase.subagents[0].id == name
