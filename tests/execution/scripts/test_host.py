"""A script ends in exactly one of the documented ways, and the next one finds a sound process, and nothing of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardflow.errors import NodeUnusable
from shardflow.execution.scripts import host as host_module
from shardflow.execution.scripts import node as node_module
from shardflow.execution.scripts.host import ScriptHost
from shardflow.execution.scripts.model import (
    Died,
    NamedScript,
    NeverSettled,
    NotJson,
    Returned,
    ScriptForm,
    ScriptOutcome,
    Stopped,
    Threw,
    TimedOut,
    outcome_text,
)
from shardflow.model.values import ABSENT, Json, same
from tests.execution.scripts.hosting import Scripts

pytestmark = pytest.mark.needs("node")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("return context.count + 1", 4),
        ("return phase.name", "Plan"),
        ("return await Promise.resolve([1, 'a', null, true, {b: 0.5}])", [1, "a", None, True, {"b": 0.5}]),
        ("", ABSENT),
        ("return null", None),
        ("return [-0, 1e-7, 2 ** 53 - 1, 1.5]", [-0.0, 1e-7, 2**53 - 1, 1.5]),
        ("return {kept: 1, dropped: undefined}", {"kept": 1}),
        ("return new Date(0)", "1970-01-01T00:00:00.000Z"),
        (r"return 'é\u2028\0 ' + String.fromCodePoint(0x1f600)", "é\u2028\0 😀"),
        ("await new Promise(done => setTimeout(done, 1)); return 'later'", "later"),
        ("return Array.isArray(context.names) && context.names instanceof Array", True),
        ("return 1 // a comment ends the script", 1),
    ],
)
def test_what_a_script_returns_comes_back_as_it_was(scripts: Scripts, text: str, value: Json) -> None:
    assert same(scripts.value(text), value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("return 10n", "$ is a BigInt, which no JSON text can hold; return it as a text"),
        ("return {a: [2 ** 60]}", "$.a[0] is an integer beyond 2^53, where JavaScript rounds; return it as a text"),
        ("const a = {}; a.b = [a]; return a", "$.b[0] holds itself"),
        ("return [() => 1]", "$[0] is a function"),
        ("return [1, undefined]", "$[1] is undefined"),
        ("return {x: NaN}", "$.x is NaN, which is no JSON number"),
        ("return new Map([[1, 2]])", "$ is a Map"),
        (r"return '\ud800'", "$ is a text with half of a surrogate pair"),
        ("let a = []; for (let i = 0; i < 300; i++) a = [a]; return a", "it is nested deeper than 200 levels"),
        ("return 'x'.repeat(65 << 20)", "it takes more than 64 MiB"),
        ("return {get a() { throw new Error('no') }}", "Error: no"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(scripts: Scripts, text: str, reason: str) -> None:
    assert scripts.run(text).outcome == NotJson(reason)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("\n\nmissing()", "ReferenceError: missing is not defined", 3),
        ("throw new TypeError('a\\nb')", "TypeError: a\nb", 1),
        ("throw 'a text'", "a text", None),
        ("throw undefined", "undefined", None),
        ("throw {code: 5, why: ['no']}", '{"code":5,"why":["no"]}', None),
        ("const a = {}; a.a = a; throw a", "something that cannot be shown", None),
        ("const f = () => {\n  null.x\n};\nf()", "TypeError: Cannot read properties of null (reading 'x')", 2),
        ("await 1;\nreadFile('none')", "Error: readFile: cannot read @/none: it does not exist", 2),
        ("setTimeout(() => { throw new Error('late') }, 1)\nawait new Promise(() => {})", "Error: late", 1),
        ("Promise.reject(new Error('nobody looks'));\nawait new Promise(d => setTimeout(d))", "Error: nobody looks", 1),
        ("if (\n1 {", "SyntaxError: Unexpected token '{'", 2),
        ("1;\nf(2\n\n", "SyntaxError: missing ) after argument list", 2),
        ("1;\nreturn f(\n\n", "SyntaxError: the script ends too early: a bracket is not closed", 2),
        ("throw {toString() { throw 1 }}", "something that cannot be shown", None),
        ("process.exit(0)", "ReferenceError: process is not defined", 1),
        ("require('fs')", "ReferenceError: require is not defined", 1),
        ("const f = () => f() + 1; f()", "RangeError: Maximum call stack size exceeded", 1),
    ],
)
def test_an_error_is_told_with_the_scripts_own_line(scripts: Scripts, text: str, message: str, line: int) -> None:
    assert scripts.run(text).outcome == Threw(message.replace("@", str(scripts.path)), line)


@pytest.mark.parametrize("text", ["while (true);", "setInterval(() => 0, 1); await new Promise(() => {})"])
def test_a_script_that_does_not_end_is_killed_at_its_limit(scripts: Scripts, text: str) -> None:
    assert scripts.run(text, limit=0.5).outcome == TimedOut(0.5)
    assert scripts.value("return 'the next one runs'") == "the next one runs"


def test_the_clock_stands_still_while_a_helper_works(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0])
    monkeypatch.setattr(host_module, "time", clock)
    monkeypatch.setattr(node_module, "time", clock)

    def ask(prompts: Sequence[str]) -> list[str]:
        ahead[0] += 1000
        return list(prompts)

    scripts.ask = ask
    assert scripts.value("await thinkHard('a'); return thinkHard('b')") == "b"


def test_a_promise_that_nothing_can_settle_is_not_waited_for(scripts: Scripts) -> None:
    assert scripts.run("await new Promise(() => {})").outcome == NeverSettled()


def test_a_script_that_takes_all_memory_dies_alone(scripts: Scripts) -> None:
    outcome = scripts.run("const a = []; for (;;) a.push(new Array(1e6).fill(1.5))").outcome
    assert outcome == Died("out of memory")
    assert scripts.value("return 1") == 1


def test_a_killed_process_is_told_and_replaced(scripts: Scripts) -> None:
    assert scripts.value("return 1") == 1
    node = scripts.host._node
    assert node is not None

    def kill(prompts: Sequence[str]) -> list[str]:
        os.kill(node._popen.pid, signal.SIGKILL)
        return list(prompts)

    scripts.ask = kill  # while a script waits: one that is dead before is replaced, as nothing is lost then
    assert scripts.run("return await thinkHard('a')").outcome == Died("ended by signal 9")
    assert scripts.value("return 3") == 3


def test_a_script_sees_nothing_of_those_before_it(scripts: Scripts) -> None:
    scripts.run("leak = 1; Array.prototype.leak = 2; globalThis.readFile = () => 'forged'; context.leak = 3")
    assert scripts.value("return [typeof leak, [].leak === undefined, context.leak === undefined]") == [
        "undefined",
        True,
        True,
    ]
    assert scripts.value("return files_exist(['none'])") is False


def test_what_a_script_leaves_going_ends_with_it(scripts: Scripts) -> None:
    scripts.run("setTimeout(() => writeFile('late.txt', 'x'), 50); setInterval(() => writeFile('late.txt', 'x'), 1)")
    scripts.value("await new Promise(done => setTimeout(done, 200))")
    assert not (scripts.path / "late.txt").exists()


def test_changes_to_the_copy_of_the_context_are_told_since_they_are_lost(scripts: Scripts) -> None:
    assert scripts.run("context.count = 5").warnings == (
        "it changed its copy of the context, which is not kept: return what shall be kept, or write it to a file",
    )
    assert scripts.run("return context.count").warnings == ()


def test_numbers_that_javascript_rounds_are_told(scripts: Scripts) -> None:
    scripts.context = {"exact": 2**53 - 1, "ids": [2**53 + 1, 1.5], "more": [2**60, 2**61, -(2**62)]}
    assert scripts.run("return context.exact").warnings == (
        "it sees a number rounded that JavaScript cannot hold: "
        "$.ids[0], $.more[0], $.more[1] and 1 more of the context",
    )


def test_what_a_script_prints_is_kept_line_by_line(scripts: Scripts) -> None:
    assert scripts.run("console.log('a', 1, {b: [2]}); console.error(null)").log == ('a 1 {"b":[2]}', "null")
    many = scripts.run("for (let i = 0; i < 1100; i++) console.log(i)").log
    assert (len(many), many[-1]) == (1001, "... and 100 more lines")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("context.count === 3", True),
        ("context.count === 3 ; \n", True),
        ("await Promise.resolve(2)", 2),
        ("{a: 1}.a", 1),
        ("context.names // of all", ["a", "b"]),
    ],
)
def test_an_expression_gives_its_value(scripts: Scripts, text: str, value: Json) -> None:
    assert scripts.value(text, form=ScriptForm.EXPRESSION) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (ScriptForm.EXPRESSION, "return 1"),
        (ScriptForm.EXPRESSION, "1)); leak(); ((2"),
        (ScriptForm.EXPRESSION, "1]]; leak(); [[2"),
        (ScriptForm.EXPRESSION, ""),
        (ScriptForm.BODY, "}); leak(); (async function () {"),
        (ScriptForm.BODY, "}"),
    ],
)
def test_a_text_cannot_step_out_of_what_it_should_be(scripts: Scripts, form: ScriptForm, text: str) -> None:
    outcome = scripts.run(text, form=form).outcome
    assert isinstance(outcome, Threw)
    assert outcome.message.startswith("SyntaxError")


def test_all_scripts_that_do_not_parse_are_found_at_once_and_nothing_runs(scripts: Scripts) -> None:
    texts = ["return 1", "if (\nfoo(", "await writeFile('x', 'y')", "const a = 1;\n\nconst a = 2;"]
    faults = scripts.host.check([NamedScript(text, f"script {rank}") for rank, text in enumerate(texts)])
    assert [(fault.script.name, fault.message, fault.line) for fault in faults] == [
        ("script 1", "SyntaxError: the script ends too early: a bracket is not closed", 2),
        ("script 3", "SyntaxError: Identifier 'a' has already been declared", 3),
    ]
    assert not (scripts.path / "x").exists()


def test_a_run_that_is_asked_to_stop_stops_its_script(tmp_path: Path) -> None:
    asked: list[float] = []
    with ScriptHost("a test", lambda: bool(asked) and time.monotonic() > asked[0]) as host:
        scripts = Scripts(host, tmp_path)
        scripts.value("return 1")
        asked.append(time.monotonic() + 0.3)
        assert scripts.run("while (true);").outcome == Stopped()


def test_a_node_that_was_killed_while_nothing_ran_costs_no_script(tmp_path: Path) -> None:
    with ScriptHost("a test") as host:
        scripts = Scripts(host, tmp_path)
        scripts.value("return 1")
        assert host._node is not None
        host._node._popen.kill()
        _until(lambda: host._node is not None and host._node.has_ended)
        assert scripts.value("return 2") == 2


def test_without_node_the_error_names_who_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with ScriptHost("phase 'plan'") as host, pytest.raises(NodeUnusable) as raised:
        host.check([NamedScript("1", "s")])
    assert str(raised.value) == (
        "phase 'plan' needs Node.js 18 or newer, and there is no 'node' on PATH; install it (https://nodejs.org)"
    )


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            """echo '{"version": "16.20.2"}' >&$2""",
            "phase 'plan' needs Node.js 18 or newer, and @/node is 16.20.2; "
            "install a newer one, or put one first on PATH",
        ),
        (
            "echo no such thing >&2; exit 3",
            "phase 'plan' needs Node.js, and @/node does not work: exit code 3: no such thing",
        ),
    ],
)
def test_a_node_that_cannot_serve_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/bash\n{program}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with ScriptHost("phase 'plan'") as host, pytest.raises(NodeUnusable) as raised:
        host.check([NamedScript("1", "s")])
    assert str(raised.value) == message.replace("@", str(tmp_path))


def test_without_scripts_node_is_never_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with ScriptHost("nobody") as host:
        assert host.check([]) == ()


def test_node_does_not_outlive_us_however_we_die_even_while_a_script_loops(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        from pathlib import Path
        from shardflow.execution.scripts.host import ScriptHost
        from tests.execution.scripts.hosting import Scripts
        with ScriptHost("a test") as host:
            scripts = Scripts(host, Path({str(tmp_path)!r}))
            scripts.value("return 1")
            print(host._node._popen.pid, flush=True)
            scripts.run("writeFile('looping', ''); while (true);")
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as us:
        assert us.stdout is not None
        node = int(us.stdout.readline())
        _until(lambda: (tmp_path / "looping").exists())
        us.kill()
    _until(lambda: not Path(f"/proc/{node}").exists() or " Z " in Path(f"/proc/{node}/stat").read_text())


def _until(done: object) -> None:
    assert callable(done)
    while not done():
        time.sleep(0.01)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()
)


def _containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, max_size=3) | st.dictionaries(_TEXTS | st.just("__proto__"), inner, max_size=3)


@given(value=st.recursive(st.none() | st.booleans() | _NUMBERS | _TEXTS, _containers, max_leaves=8))
@settings(max_examples=30)
def test_a_value_of_the_context_goes_through_a_script_unchanged(value: Json, host: ScriptHost) -> None:
    scripts = Scripts(host, Path("/nowhere"))
    scripts.context = value
    found = scripts.value("return context")
    assert same(found, value)
    assert json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True)


def test_each_outcome_has_words_of_its_own() -> None:
    outcomes: list[ScriptOutcome] = [
        Returned(1),
        Threw("Error: x", 3),
        Threw("x", None),
        NotJson("$ is a Map"),
        TimedOut(30.0),
        NeverSettled(),
        Died("out of memory"),
        Stopped(),
    ]
    assert [outcome_text(outcome) for outcome in outcomes] == [
        "returned",
        "threw in line 3: Error: x",
        "threw x",
        "returned what cannot be kept as JSON: $ is a Map",
        "was killed after its limit of 30 s",
        "waits for a promise that nothing will ever settle",
        "died: out of memory",
        "was stopped with the run",
    ]
