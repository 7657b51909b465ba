"""The subagents of a phase: which ids they get, and every problem in its exact words."""

from __future__ import annotations

import pytest

from shardflow.workflow.reading import read_workflow
from tests.workflow.documents import ID_RULE, document, parallel, problems_of


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ("type scan, type scan, type scan", "scan scan-2 scan-3"),
        ("type scan, id scan", "scan-2 scan"),
        ("type scan, type scan, id scan-2", "scan scan-3 scan-2"),
        ("type scan, type Scan, type write", "scan Scan-2 write"),
        ("type scan, type scan, type scan-2", "scan scan-2 scan-2-2"),
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
            f"{{type: {'a' * 64}, run: ls}}, {{type: {'a' * 64}, run: ls}}",
            f"the type '{'a' * 59}…' is repeated and too long for a number"
            " at $.phases[0].subagents[1].type; give an id",
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
@pytest.mark.parametrize("field", ["id", "type"])
def test_a_name_that_is_no_id_is_refused_with_the_rule(field: str, name: str, shown: str, rule: str) -> None:
    assert problems_of(parallel(f"{{{field}: {name}, run: ls}}")) == [
        f"w.yaml:3: {shown} is no id at $.phases[0].subagents[0].{field}; {rule}"
    ]


@pytest.mark.parametrize("name", ["a", "0", "A.b_c-d", "a" * 64, "con", "a.jsonl"])
def test_a_name_that_keeps_the_rule_is_an_id(name: str) -> None:
    (phase,) = read_workflow(document(parallel(f"{{id: '{name}', run: ls}}"))).phases
    assert phase.subagents[0].id == name
