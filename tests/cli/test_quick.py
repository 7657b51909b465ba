"""The quick parser answers only what typer would answer the same, and leaves every doubt to typer."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shardflow.cli.app import read_with_typer
from shardflow.cli.declarations import GROUPS, all_commands, commands_of
from shardflow.cli.quick import quick_call

NUMBERS = ["7", "0", "-1", "007", " 7", "1_0", "7.0", "٣", "99999999999", "--max-parallel=0"]
OPTIONS = ["-q", "-o", "-oout", "-o=x", "-qo", "-x", "--help", "--version", "--max", "--contex", "--quiet=1", "--json="]
TEXTS = ["", "-", "--", "a b", "\udcff", "a\x1b[31m", "—json", "é"]
ODD_WORDS = st.sampled_from([*NUMBERS, *OPTIONS, *TEXTS])
VALUES = st.sampled_from(["7", "007", "a.yaml", "b c.json", "-", "./x", "é", "\udcff", "--json", "=", "0"])


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Lines of declared options and arguments in any order, now and then with an odd word in them."""
    command = draw(st.sampled_from(all_commands()))
    words = [[word] for word in draw(st.lists(VALUES, min_size=1, max_size=2))]
    for name in draw(st.lists(st.sampled_from(sorted(command.options) or ["--json"]), max_size=4)):
        value = draw(VALUES)
        words.append(draw(st.sampled_from([[name], [name, value], [f"{name}={value}"], [f"{name}{value}"]])))
    words += [[word] for word in draw(st.lists(ODD_WORDS, max_size=1))]
    return [*command.words, *(word for part in draw(st.permutations(words)) for word in part)]


@settings(max_examples=400, deadline=None)
@given(lines())
@example(["run", "a.yaml", "--max-parallel", "007"])
@example(["run", "a.yaml", "--max-parallel", "0"])
@example(["run", "--", "-q"])
@example(["merge", "-", "--", "--json", "-"])
@example(["merge", "a", "-o", "-", "b", "-o", "c"])
@example(["run", "a.yaml", "--context", "--json"])
@example(["run", "a.yaml", "b.yaml"])
@example(["run", ""])
@example(["validate", "\udcff"])
def test_whenever_the_quick_parser_answers_typer_answers_the_same(line: list[str]) -> None:
    quick = quick_call(line, commands_of)
    if quick is not None:
        assert read_with_typer(line, all_commands(), GROUPS) == quick


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (["run", "w"], {"workflow": "w"}),
        (["run", "-q", "w"], {"workflow": "w", "quiet": True}),
        (["run", "w", "--context", "c", "--max-parallel=3"], {"workflow": "w", "context": "c", "max_parallel": 3}),
        (["run", "w", "--json", "--dry-run"], {"workflow": "w", "as_json": True, "dry_run": True}),
        (["run", "--", "--w"], {"workflow": "--w"}),
        (["run", "w", "--run-dir=a=b"], {"workflow": "w", "run_dir": "a=b"}),
        (["merge", "b", "s", "-o", "-"], {"inputs": ["b", "s"], "output": "-"}),
        (["merge", "b", "--rules", "r", "s"], {"inputs": ["b", "s"], "rules": "r"}),
        (["validate", "a", "b"], {"workflows": ["a", "b"]}),
    ],
)
def test_a_well_formed_line_is_read_without_typer(line: list[str], values: dict[str, object]) -> None:
    call = quick_call(line, commands_of)
    assert call is not None
    defaults = {p.name: p.default for p in call.command.options.values()}
    assert call.values == {**defaults, **values}


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["--help"],
        ["run"],
        ["run", "--help"],
        ["run", "w", "x"],
        ["run", "w", "--contex", "c"],
        ["run", "w", "--context"],
        ["run", "w", "--context", "--json"],
        ["run", "w", "--max-parallel", "0"],
        ["run", "w", "--max-parallel", "two"],
        ["run", "w", "--json=yes"],
        ["run", "w", "-qx"],
        ["merge"],
        ["rn", "w"],
    ],
)
def test_a_doubtful_line_is_left_to_typer(line: list[str]) -> None:
    assert quick_call(line, commands_of) is None
