"""`python: module:function` as people write it: in the workflow's folder, returning or changing in place."""

from __future__ import annotations

import json

import pytest

from shardflow.execution.reporting.endings import ExitedNonZero, InvalidShard, Succeeded, ending_text
from shardflow.execution.reporting.report import last_lines
from shardflow.workflow.model import ShardForm
from tests.execution.running import Workplace

MODULE = """
import os, sys
import json as standard

def change(context):
    context["n"] += 1

def give(context):
    return {**context, "path": sys.argv, "here": os.path.basename(os.getcwd()), "exact": context["exact"]}

def say(context):
    print("out")
    print("err", file=sys.stderr)

def fail(context):
    return inner()

def inner():
    raise KeyError("mine")

def wrong(context):
    return [1]

def unwritable(context):
    return {"a": {1, 2}}

def leave(context):
    sys.exit(4)

def leave_early(context):
    context["n"] = 5
    sys.exit()

def leave_at_once(context):
    write(context)
    os._exit(0)

def become_another(context):
    os.execv("/bin/true", ["true"])

def write(context):
    with open(os.environ["SHARDFLOW_SHARD"], "w") as file:
        standard.dump({"written": 1}, file)

def write_and_change(context):
    write(context)
    context["n"] = 2

not_callable = 5
"""

TEXT = """
    name: python
    context: {{n: 1, exact: 0.10000000000000000000001}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - {{id: it, python: 'tools:{name}', {more}}}
    """


def run(place: Workplace, name: str, more: str = "timeout: 60") -> tuple[object, tuple[str, ...]]:
    """Run one function; give its ending and the last lines of its standard error."""
    (place.folder / "tools.py").write_text(MODULE)
    (subagent,) = place.run(TEXT.format(name=name, more=more)).subagents
    return subagent.ending, last_lines(subagent.stderr, 20)


def context_text(place: Workplace) -> str:
    return (place.run_dir / "context.json").read_text()


def test_a_function_may_change_its_argument_in_place(place: Workplace) -> None:
    assert run(place, "change") == (Succeeded(), ())
    assert '"n": 2' in context_text(place)


def test_a_function_may_return_the_context_it_wants(place: Workplace) -> None:
    (place.folder / "sub").mkdir()
    assert run(place, "give", "cwd: sub") == (Succeeded(), ())
    assert place.context["path"] == ["tools:give"]
    assert place.context["here"] == "sub"
    assert '"exact": 0.10000000000000000000001' in context_text(place)


def test_a_function_that_changes_nothing_leaves_its_shard_as_it_was(place: Workplace) -> None:
    assert run(place, "say") == (Succeeded(), ("err",))
    folder = place.run_dir / "groups/01-work"
    assert (folder / "it/context-it.json").read_bytes() == (folder / "base.json").read_bytes()
    assert (folder / "it/stdout.log").read_text() == "out\n"


@pytest.mark.parametrize("form", ShardForm)
def test_a_function_that_says_nothing_changes_nothing_in_any_form(place: Workplace, form: str) -> None:
    assert run(place, "say", f"shard: {form}") == (Succeeded(), ("err",))
    assert (place.run_dir / "context.json").read_bytes() == (place.run_dir / "base.json").read_bytes()


@pytest.mark.parametrize("form", ["copy", "patch"])
def test_what_a_function_wrote_into_the_file_of_its_shard_stays_if_it_says_nothing_else(
    place: Workplace, form: str
) -> None:
    assert run(place, "write", f"shard: {form}") == (Succeeded(), ())
    assert place.context["written"] == 1


def test_a_function_that_wrote_the_file_and_changed_the_context_is_told_to_do_one_of_both(place: Workplace) -> None:
    told = "shardflow: 'tools:write_and_change' wrote its shard and changed the context, too; do one of both"
    assert run(place, "write_and_change") == (ExitedNonZero(1), (told,))


def test_with_the_patch_form_a_function_returns_a_patch(place: Workplace) -> None:
    module = MODULE + "\ndef patch(context):\n    return {'n': None, 'm': context['n']}\n"
    text = TEXT.format(name="patch", more="shard: patch")
    (place.folder / "tools.py").write_text(module)
    assert place.run(text).exit_code == 0
    assert "n" not in place.context
    assert place.context["m"] == 1


def test_operations_that_a_function_returns_may_nest_as_deep_as_those_that_a_program_appends(place: Workplace) -> None:
    module = "import json\ndef deep(_):\n    return [{'set': '$.d', 'value': json.loads('[' * 199 + ']' * 199)}]\n"
    (place.folder / "tools.py").write_text(module)
    assert place.run(TEXT.format(name="deep", more="shard: journal")).exit_code == 0
    assert place.context["d"] == json.loads("[" * 199 + "]" * 199)


def test_what_a_function_raises_is_a_traceback_that_begins_in_the_function(place: Workplace) -> None:
    ending, lines = run(place, "fail")
    assert ending == ExitedNonZero(1)
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "KeyError: 'mine'"
    assert [line.rpartition(" in ")[2] for line in lines if line.startswith("  File")] == ["fail", "inner"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong", "the function must return an object or None, not a list"),
        ("unwritable", "cannot be written as JSON: set is not a JSON value"),
        ("nothing_here", "module 'tools' has no function 'nothing_here'"),
        ("not_callable", "'tools:not_callable' cannot be called"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(place: Workplace, name: str, said: str) -> None:
    ending, (line,) = run(place, name)
    assert ending == ExitedNonZero(1)
    assert said in line


def test_a_function_may_exit_as_it_likes(place: Workplace) -> None:
    assert run(place, "leave") == (ExitedNonZero(4), ())


def test_a_function_that_exits_with_0_has_not_returned_and_does_not_pass_for_one_that_changed_nothing(
    place: Workplace,
) -> None:
    told = "shardflow: 'tools:leave_early' ended its process before it returned; return instead"
    assert run(place, "leave_early") == (ExitedNonZero(1), (told,))


@pytest.mark.parametrize("name", ["leave_at_once", "become_another"])
def test_a_function_whose_process_ends_with_0_before_it_returned_has_failed_and_its_shard_is_not_whole(
    place: Workplace, name: str
) -> None:
    ending, _ = run(place, name)
    assert isinstance(ending, InvalidShard)
    assert ending_text(ending) == (
        "left an invalid shard: context-it.json: its process ended with exit code 0 before its function returned, "
        "so the shard is not whole; return instead"
    )
    assert context_text(place) == '{\n  "n": 1,\n  "exact": 0.10000000000000000000001\n}\n'


def test_a_module_that_exits_with_0_when_it_is_imported_has_not_run_its_function(place: Workplace) -> None:
    (place.folder / "script.py").write_text("import sys\ndef main(context): pass\nsys.exit(main({}))\n")
    report = place.run(TEXT.format(name="main", more="timeout: 60").replace("tools:", "script:"))
    assert [subagent.ending for subagent in report.subagents] == [ExitedNonZero(1)]


def test_a_module_in_the_workflows_folder_goes_before_one_of_the_same_name_elsewhere(place: Workplace) -> None:
    (place.folder / "json.py").write_text("def change(context):\n    context['shadowed'] = True\n")
    text = TEXT.format(name="change", more="timeout: 60").replace("tools:", "json:")
    report = place.run(text)
    assert [subagent.ending for subagent in report.subagents] == [ExitedNonZero(1)], "json is loaded already"


def test_a_module_that_is_missing_is_a_traceback(place: Workplace) -> None:
    report = place.run(TEXT.format(name="f", more="timeout: 60"))
    (subagent,) = report.subagents
    assert last_lines(subagent.stderr, 1) == ("ModuleNotFoundError: No module named 'tools'",)


@pytest.mark.parametrize("where", ["PYTHONPATH", "the folder the command is started in", "the context"])
def test_nobody_but_the_workflows_owner_says_where_a_module_comes_from(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    hostile = place.folder / "hostile"
    hostile.mkdir()
    for name in ("tools.py", "shardflow.py", "json.py"):
        (hostile / name).write_text("raise SystemExit('hostile')\n")
    text = TEXT
    match where:
        case "PYTHONPATH":
            monkeypatch.setenv("PYTHONPATH", str(hostile))
            (hostile / "json.py").unlink()  # who sets this variable for a process may replace all of Python's library
            (hostile / "shardflow.py").unlink()
        case "the context":
            text = TEXT.replace("n: 1,", "n: 1, PYTHONPATH: hostile, python: 'hostile:f', sys.path: [hostile],")
        case _:
            monkeypatch.chdir(hostile)
    (place.folder / "tools.py").write_text(MODULE)
    (subagent,) = place.run(text.format(name="change", more="timeout: 60")).subagents
    assert subagent.ending == Succeeded()
