"""What a subagent declares to write and to read, and what becomes of a write it did not declare."""

from shardflow.model.patterns import parse_pattern
from shardflow.workflow.model import OnUndeclaredWrite
from shardflow.workflow.reading.workflow import read_partial_workflow, read_workflow
from tests.workflow.documents import document, problems_of, subagent


def test_writes_and_reads_are_lists_of_patterns():
    [phase] = read_workflow(document(subagent("run: x, writes: [$.a, '$.f[*].s'], reads: [$..n]"))).phases
    assert phase.subagents[0].writes == (parse_pattern("$.a"), parse_pattern("$.f[*].s"))
    assert phase.subagents[0].reads == (parse_pattern("$..n"),)


def test_who_declares_no_writes_may_write_anything_and_who_declares_an_empty_list_nothing():
    [phase] = read_workflow(document(subagent("run: x"))).phases
    assert (phase.subagents[0].writes, phase.subagents[0].reads) == (None, None)
    [phase] = read_workflow(document(subagent("run: x, writes: []"))).phases
    assert phase.subagents[0].writes == ()


def test_a_main_only_phase_declares_them_itself():
    text = "name: w\nphases: [{id: p, behavior: main-only, run: x, writes: [$.a], on_undeclared_write: warn}]"
    workflow = read_workflow(document(text))
    assert workflow.phases[0].subagents[0].writes == (parse_pattern("$.a"),)
    assert workflow.phases[0].on_undeclared_write is OnUndeclaredWrite.WARN
    assert workflow.on_undeclared_write is OnUndeclaredWrite.REFUSE


def test_every_pattern_that_is_none_is_told_with_its_line():
    assert problems_of(subagent("run: x,\n writes: [a, $.b,\n $.c.],\n reads: $.a}, {id: b, run: x, reads: [5]")) == [
        "w.yaml:4: 'a' is no path pattern at $.phases[0].subagents[0].writes[0]; "
        "a pattern starts with '$', the whole document",
        "w.yaml:5: '$.c.' is no path pattern at $.phases[0].subagents[0].writes[2]; cannot read '.' at character 4; "
        "allowed are .name ['a name'] .* [*] ..name ..*",
        "w.yaml:6: expected a list, found the text '$.a' at $.phases[0].subagents[0].reads",
        "w.yaml:6: expected a text, found the integer 5 at $.phases[0].subagents[1].reads[0]; "
        "put it in quotes to make it one",
    ]


def test_a_pattern_that_is_none_is_left_out_for_who_looks_for_more_problems():
    workflow, problems = read_partial_workflow(document(subagent("run: x, writes: [a, $.b]")))
    assert (workflow.phases[0].subagents[0].writes, len(problems)) == ((parse_pattern("$.b"),), 1)


def test_what_to_do_with_an_undeclared_write_is_refuse_or_warn():
    assert problems_of("on_undeclared_write: ignore\n" + subagent("run: x")) == [
        "w.yaml:1: unknown on_undeclared_write 'ignore' at $.on_undeclared_write; known are refuse, warn",
    ]
