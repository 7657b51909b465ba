"""Tables and reports in terminals of any width, and where there is none: what other commands need is never cut."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.cli.views.widths import columns_of, cut_end, cut_inside, folded
from tests.cli.shell import ENVIRONMENT, shardflow

TEXTS = st.text(st.sampled_from("ab ,…名🚀\u0301"), max_size=60)
NESTED = "$.services['checkout-service-europe-west'].deployments.production.resources.limits."
PATHS = [f"{NESTED}memory", f"{NESTED}memory_at_most"]


@given(TEXTS, st.integers(2, 30))
def test_a_cut_text_takes_no_more_columns_than_there_are(text: str, width: int) -> None:
    for shown in (cut_end(text, width), cut_inside(text, width)):
        assert columns_of(shown) <= width
        assert shown == text or "…" in shown


def test_a_text_cut_inside_keeps_both_its_ends() -> None:
    assert cut_inside("first at $.services (rules.yaml:12)", 20) == "first at $….yaml:12)"


@given(TEXTS, st.integers(4, 30))
def test_a_folded_text_loses_no_word_and_fits(text: str, width: int) -> None:
    lines = list(folded(text, width, "  "))
    assert all(columns_of(line) <= width for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert list(folded(text, None)) == [text]


def on_a_terminal(folder: Path, columns: int, *arguments: str, **environment: str) -> list[str]:
    """Give the lines that a command shows on a terminal of so many columns, without colours."""
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "shardflow", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "", **environment},
        dimensions=(24, columns),
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        timeout=60,
    )
    terminal.expect(pexpect.EOF)
    return re.sub(r"\x1b\[[0-9;]*m", "", str(terminal.before)).splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = {"base": {}, "after": {"memory": "name 名前 " * 30, "memory_at_most": list(range(200))}}
    for name, limits in documents.items():
        production = {"production": {"resources": {"limits": limits, "cpu": len(limits)}}}
        value = {"services": {"checkout-service-europe-west": {"deployments": production}}, "n": len(limits)}
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    (tmp_path / "shard-of-the-reviewer-who-looks-at-services.json").write_text((tmp_path / "after.json").read_text())
    return tmp_path


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
@pytest.mark.parametrize(
    "arguments",
    [
        ("diff", "base.json", "after.json"),
        ("merge", "base.json", "after.json", "shard-of-the-reviewer-who-looks-at-services.json", "-o", "out.json"),
    ],
    ids=["diff", "merge"],
)
def test_a_table_fits_its_terminal_and_holds_every_path_whole(
    folder: Path, columns: int, arguments: tuple[str, ...]
) -> None:
    shown = on_a_terminal(folder, columns, *arguments)
    paths = [line for line in shown if line.startswith("$.services")]
    for path in PATHS:
        assert any(line == path or line.startswith(f"{path}  ") for line in paths)
    cells = [line for line in shown if not line.startswith(("$.services", "shard-of-the-reviewer"))]
    assert max(map(columns_of, cells[:-1])) <= columns  # the last line tells the counts


def test_a_path_that_leaves_no_room_to_the_rest_of_its_row_has_a_line_of_its_own(folder: Path) -> None:
    shown = on_a_terminal(folder, 60, "diff", "base.json", "after.json")
    assert shown == [
        "path  before    after",
        PATHS[0],
        '      (absent)  "name 名前 name 名前 name 名前 name 名前 na…',
        PATHS[1],
        "      (absent)  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …",
        "$.services['checkout-service-europe-west'].deployments.production.resources.cpu",
        "      0         2",
        "$.n   0         2",
        "4 differences",
    ]


def test_a_pipe_gets_rows_in_one_line_each_with_values_as_long_as_in_a_report(folder: Path) -> None:
    told = shardflow("diff", "base.json", "after.json", cwd=folder).stdout
    assert f"\n{PATHS[0]}  " in told
    assert len(told.splitlines()) == 6
    assert f"{json.dumps(list(range(50)))[:-1]}" in told
    assert "… (shortened; a list of 200 items)\n" in told


def test_prose_in_a_table_is_folded_instead_of_cut(tmp_path: Path) -> None:
    shown = on_a_terminal(tmp_path, 50, "rules", "list")
    assert "…" not in "".join(shown)
    assert max(map(len, shown)) <= 50
    piped = " ".join(shardflow("rules", "list").stdout.split())
    assert " ".join(" ".join(shown).split()) == piped


def test_a_conflict_is_folded_under_its_path_on_a_terminal(tmp_path: Path) -> None:
    for name, value in {"base": {}, "one": {"why": "because of " * 12}, "two": {"why": "x"}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    shown = on_a_terminal(tmp_path, 50, "merge", "base.json", "one.json", "two.json")
    assert shown[:7] == [
        "conflict: $.why",
        "  one and two changed it to different values",
        "  base:         (absent)",
        '  one (rank 0): "because of because of because of',
        "                because of because of because of",
        "                because of because of because of",
        '                because of because of because of "',
    ]


def test_columns_of_numbers_have_their_ends_below_one_another(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text("{}")
    (tmp_path / "one.json").write_text(json.dumps({f"k{number}": 0 for number in range(1_200)}))
    (tmp_path / "two.json").write_text(json.dumps({"two": 0}))
    told = shardflow("merge", "base.json", "one.json", "two.json", cwd=tmp_path).stderr
    assert "\nshard  applied  agreed  combined  superseded  conflict\n" in told
    assert "\none      1,200       0         0           0         0\ntwo          1       0" in told


@pytest.mark.parametrize(
    ("encoding", "sign"), [("utf-8", "…"), ("latin-1", "~"), ("ascii", "~")], ids=["utf-8", "latin-1", "ascii"]
)
def test_a_cut_is_told_by_one_sign_whatever_the_encoding(folder: Path, encoding: str, sign: str) -> None:
    shown = on_a_terminal(folder, 60, "diff", "base.json", "after.json", PYTHONIOENCODING=encoding)
    assert f"      (absent)  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, {sign}" in shown


def test_a_long_rule_stands_above_its_branches_which_are_not_narrowed(tmp_path: Path) -> None:
    path = "$.deployments_of_the_checkout_service_in_europe"
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": [{"path": path, "strategy": "max"}]}))
    shown = on_a_terminal(tmp_path, 80, "rules", "coverage", "rules.yaml", "--examples", "100")
    at = shown.index(f"max at {path} (rules.yaml:1)")
    assert re.match(r" +[a-z, ]{12,}  (taken|in conflict|some superseded|combined) +\d+", shown[at + 1])
    assert any("some removed it, others changed it" in line for line in shown)
