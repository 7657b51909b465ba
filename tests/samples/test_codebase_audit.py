"""The sample codebase-audit: what it says about trees whose answers are known, odd ones, and the standard library."""

from __future__ import annotations

import hashlib
import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.samples.runs import SAMPLES, Run, run_sample

WORKFLOW = "codebase-audit/workflow.yaml"

BRANCHES = '''\
"""Functions by their complexity."""


def one():
    """Go straight on."""


def loops_and_choices(items):  # 1 + for, if, elif, while, except
    for item in items:
        if item:
            pass
        elif items:
            pass
        else:
            pass
    while items:
        try:
            pass
        except ValueError:
            pass


def expressions(a, b, c):  # 1 + two operands, conditional expression, two of a comprehension, one in a lambda
    picked = a and b and c
    chosen = a if b else c
    return [n for n in a if n], lambda: b or c


def cases(value):  # 1 + two cases
    match value:
        case 1:
            return 1
        case _:
            return 2


class Outer:
    def method(self):  # 1 + if; the function inside counts for itself
        if self:
            def inner():  # 1 + while
                while True:
                    pass
'''


def _tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def _audit(root: Path, *options: str) -> Run:
    run = run_sample(WORKFLOW, root.parent / f"run-{len(options)}", *options, AUDIT_ROOT=str(root))
    assert run.exit_code == 0, run.errors
    return run


def _report(run: Run) -> str:
    file: str = run.context["report"]["file"]
    return (run.folder / file).read_text(encoding="utf-8")


def test_complexity_counts_the_ways_through_each_function(tmp_path: Path) -> None:
    context = _audit(_tree(tmp_path / "tree", {"branches.py": BRANCHES})).context

    ranked = {it["name"]: it["complexity"] for it in context["rankings"]["complex_functions"]}
    assert ranked == {
        "expressions": 7,
        "loops_and_choices": 6,
        "cases": 3,
        "Outer.method": 2,
        "Outer.method.inner": 2,
        "one": 1,
    }
    assert context["complexity"]["functions"] == 6
    assert context["complexity"]["bands"] == {"1-5": 4, "6-10": 2, "11-20": 0, "21-50": 0, "over 50": 0}


def test_docstrings_count_what_is_public_and_tests_apart(tmp_path: Path) -> None:
    files = {
        "branches.py": BRANCHES,
        "kit/__init__.py": "",
        "kit/_inner.py": '"""Private names."""\ndef _hidden(): pass\nclass _Hidden:\n    def seen(self): pass\n',
        "tests/test_kit.py": "def test_kit(): pass\n",
    }
    context = _audit(_tree(tmp_path / "tree", files)).context

    assert context["docstrings"]["packages"] == {
        "(top level)": {"documented": 2, "public": 7},
        "kit": {"documented": 1, "public": 2},
        "(tests)": {"documented": 0, "public": 2},
    }


def test_imports_are_resolved_and_only_those_at_once_make_cycles(tmp_path: Path) -> None:
    files = {
        "kit/__init__.py": "from kit import core\nimport json, os.path\n",
        "kit/core.py": "from . import tools\nfrom .tools import saw\n",
        "kit/tools.py": "import kit.core\nimport json\n",
        "kit/late.py": "def f():\n    from . import later\n",
        "kit/later.py": "import typing\nif typing.TYPE_CHECKING:\n    from . import main\nfrom kit import late\n",
        "kit/main.py": "from kit.later import x\nif __name__ == '__main__':\n    import kit.tools\n",
    }
    rankings = _audit(_tree(tmp_path / "tree", files)).context["rankings"]

    assert rankings["cycles"] == [
        {"modules": 2, "names": ["kit.core", "kit.tools"], "shortest": ["kit.core", "kit.tools", "kit.core"]}
    ]
    assert rankings["most_imported"] == [
        {"name": "kit.core", "count": 2},
        {"name": "kit.later", "count": 2},
        {"name": "kit.tools", "count": 2},
        {"name": "kit.late", "count": 1},
        {"name": "kit.main", "count": 1},
    ]
    assert rankings["external"][0] == {"name": "json", "count": 2}


def test_equal_files_are_found_and_empty_ones_mean_nothing(tmp_path: Path) -> None:
    files = {"a.txt": "same\n", "b/c.txt": "same\n", "d.txt": "else\n", "e": "", "f": ""}
    context = _audit(_tree(tmp_path / "tree", files)).context

    assert context["duplicates"] == {
        "groups": 1,
        "wasted_bytes": 5,
        "largest": [
            {
                "sha256": hashlib.sha256(b"same\n").hexdigest(),
                "bytes": 5,
                "wasted_bytes": 5,
                "files": ["a.txt", "b/c.txt"],
            }
        ],
    }


def test_markers_and_sizes_leave_out_what_is_hidden_generated_or_installed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "notes.md": "TODO TODO\nFIXME and XXX, but no TODOS\n",
        "tool.sh": "# HACK",
        "data.bin": b"TODO\0",
        ".git/TODO": "TODO",
        "node_modules/it.js": "TODO",
        "kit/__pycache__/it.txt": "TODO",
    }
    context = _audit(_tree(tmp_path / "tree", files)).context

    assert context["markers"]["by_marker"] == {"FIXME": 1, "HACK": 1, "TODO": 2, "XXX": 1}
    assert context["markers"]["most"] == [{"file": "notes.md", "markers": 4}, {"file": "tool.sh", "markers": 1}]
    assert context["files"] == 3
    assert {name: (it["files"], it["lines"]) for name, it in context["sizes"]["languages"].items()} == {
        "Markdown": (1, 2),
        "Shell": (1, 1),
        "(binary)": (1, 0),
    }


def test_what_several_auditors_flag_in_one_file_is_one_finding(tmp_path: Path) -> None:
    long = '"""Long."""\n' + "def f(n):\n" + "    if n: n += 1  # TODO\n" * 2001
    context = _audit(_tree(tmp_path / "tree", {"long.py": long, "copy.py": long})).context

    assert context["findings"] == [
        {
            "file": name,
            "severity": "high",
            "score": 3 + 2 + 1 + 2,
            "auditors": ["complexity", "sizes", "duplicates", "markers"],
            "reasons": [
                "`f` has complexity 2002",
                "2,003 lines long",
                "1 other file just like it",
                "2001 markers left",
            ],
        }
        for name in ("copy.py", "long.py")
    ]
    assert context["status"] == "notes"
    assert context["largest_read"] == len(long)
    assert context["files_scanned"] == 4 * 2


@pytest.mark.parametrize("at_a_time", ["1", "7"])
def test_the_example_leaves_what_is_expected_byte_for_byte(tmp_path: Path, at_a_time: str) -> None:
    run = run_sample(WORKFLOW, tmp_path / "run", "--max-parallel", at_a_time, AUDIT_ROOT="example")

    assert run.exit_code == 0, run.errors
    assert run.context_bytes == (SAMPLES / "codebase-audit/expected/context.json").read_bytes()


def test_what_four_subagents_counted_adds_up_the_same_whoever_finishes_first(tmp_path: Path) -> None:
    root = _tree(tmp_path / "tree", {f"kit/m{n}.py": BRANCHES + "# TODO\n" * n for n in range(20)})

    together, in_turn = _audit(root), _audit(root, "--max-parallel", "1")

    assert together.context_bytes == in_turn.context_bytes
    assert together.context["complexity"]["functions"] == 20 * 6
    assert together.context["complexity"]["total"] == 20 * (7 + 6 + 3 + 2 + 2 + 1)
    assert together.context["complexity"]["bands"]["6-10"] == 20 * 2
    assert together.context["docstrings"]["packages"] == {"kit": {"documented": 20 * 2, "public": 20 * 7}}


ODD: dict[str, str | bytes] = {
    "python2.py": "print 'hello'\n",
    "bad_coding.py": "# -*- coding: uft-8 -*-\n",
    "not_utf8.py": b"name = '\xf6'\n",
    "null.py": b"x = 1\0\n",
    "deep.py": "(" * 5000 + ")" * 5000,
    "latin.py": b"# -*- coding: latin-1 -*-\nname = '\xf6'\n",
    "bom.py": b"\xef\xbb\xbfx = 1\n",
    "empty.py": "",
}


def test_files_that_do_not_parse_are_named_and_stop_nobody(tmp_path: Path) -> None:
    context = _audit(_tree(tmp_path / "tree", ODD)).context

    unreadable = {"python2.py", "bad_coding.py", "not_utf8.py", "null.py", "deep.py"}
    assert {it["file"] for it in context["problems"]} == unreadable
    assert context["warnings"] == len(unreadable)
    assert context["status"] == "problems"


@pytest.mark.parametrize("name", ["a b", "tab\there", "line\nbreak", 'quo"te', "back`tick", "pi|pe", "\x1b[31m", "-n"])
def test_a_hostile_file_name_reaches_the_report_harmless(tmp_path: Path, name: str) -> None:
    root = _tree(tmp_path / "tree", {f"{name}.py": "def (\n" + "# TODO\n" * 9, "copy": "def (\n" + "# TODO\n" * 9})

    run = _audit(root)

    assert f"{name}.py" in [it["file"] for it in run.context["problems"]]
    assert all(line.isprintable() for line in _report(run).split("\n"))


def test_a_file_name_that_is_no_text_stops_nobody(tmp_path: Path) -> None:
    root = _tree(tmp_path / "tree", {"plain.py": "x = 1\n"})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.py")).write_text("# TODO\n" * 9, encoding="utf-8")

    assert _audit(root).context["files"] == 2


def test_an_empty_tree_has_a_report_too(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()

    assert "0 files" in _report(_audit(tmp_path / "tree"))


def test_a_context_that_was_audited_before_starts_over(tmp_path: Path) -> None:
    root = _tree(tmp_path / "tree", {"m.py": "# TODO\n" * 9})
    canonical = tmp_path / "canonical.json"
    runs = [
        run_sample(WORKFLOW, tmp_path / name, "--context", str(canonical), AUDIT_ROOT=str(root))
        for name in ("first", "second")
    ]

    assert [run.exit_code for run in runs] == [0, 0]
    assert runs[0].context_bytes == canonical.read_bytes()


def test_a_root_that_is_no_folder_is_said(tmp_path: Path) -> None:
    run = run_sample(WORKFLOW, tmp_path / "run", AUDIT_ROOT=str(tmp_path / "missing"))

    assert run.exit_code == 1
    assert "is not a folder" in run.errors


def test_by_default_the_standard_library_is_audited(tmp_path: Path) -> None:
    run = run_sample(WORKFLOW, tmp_path / "run")

    assert run.exit_code == 0, run.errors
    assert run.context["root"] == os.path.realpath(sysconfig.get_paths()["stdlib"])
    assert run.context["sizes"]["bytes"] == _bytes_below(run.context["root"])
    assert run.context["complexity"]["functions"] == sum(run.context["complexity"]["bands"].values()) > 10_000
    assert "os" in [it["name"] for it in run.context["rankings"]["most_imported"][:5]]
    headings = [line for line in _report(run).splitlines() if line.startswith("## ")]
    assert headings == [
        "## Where to look first",
        "## Languages and sizes",
        "## Complexity",
        "## Docstrings",
        "## Imports",
        "## Left undone",
        "## Said twice",
        "## Unreadable",
        "## How this came about",
    ]


def _bytes_below(root: str) -> int:
    skipped = {"__pycache__", "site-packages", "dist-packages", "node_modules"}
    total = 0
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in skipped and not name.startswith(".")]
        paths = [os.path.join(folder, file) for file in files]
        total += sum(os.path.getsize(path) for path in paths if not os.path.islink(path))
    return total


def test_the_picture_ends_with_the_lines_that_a_run_ends_with_today(tmp_path: Path) -> None:
    run = run_sample(WORKFLOW, tmp_path / "run", AUDIT_ROOT="example")
    summary = [line.partition(":")[0] for line in run.output.splitlines()[-6:]]
    svg = ElementTree.parse(SAMPLES / "codebase-audit/run.svg")
    lines: dict[str, str] = {}
    for part in svg.iterfind(".//{*}text[@y]"):
        lines[part.attrib["y"]] = lines.get(part.attrib["y"], "") + (part.text or "").replace("\xa0", " ")
    assert [line.partition(":")[0] for line in lines.values() if ": " in line][-6:] == summary
    assert summary[0] == "done"
