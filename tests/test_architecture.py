"""The layout as law: who imports whom, what the pure floors leave alone, how long a module gets, what lies on top."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "shardflow"
MODULES = sorted(str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py"))

TOP_LEVEL = {
    ".ci",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "merge_rules",
    "pyproject.toml",
    "samples",
    "shardflow",
    "tests",
}

VALUES = {"model", "errors", "exit_codes"}
PRODUCTION = VALUES | {"merge", "workflow", "storage", "execution"}

MAY_IMPORT = {
    "model": set(),
    "errors": {"model", "exit_codes"},
    "exit_codes": set(),
    "merge": VALUES,
    "workflow": VALUES,
    "storage": VALUES,
    "testing": PRODUCTION,
    "agents": VALUES | {"workflow"},
    "execution": PRODUCTION | {"agents"},
    "cli": PRODUCTION | {"__init__"},
    "__main__": {"cli"},
    "__init__": PRODUCTION,
}
"""What each part of the package may import besides itself: downwards only, and nobody imports `testing`."""

LABORATORY = {f"shardflow/cli/commands/rules/{name}.py" for name in ("checking", "covering")}
LABORATORY |= {f"shardflow/cli/views/rules/{name}.py" for name in ("laboratory", "coverage")}
LABORATORY |= {"shardflow/cli/commands/cases/laws.py"}
"""`rules check`, `rules coverage` and cases that name a law: these alone may import `testing`, and only when asked."""

PURE = {"model", "errors", "exit_codes", "merge", "workflow"}
PURE_LIBRARY = {"__future__", "abc", "collections", "enum", "types", "typing"}
PURE_LIBRARY |= {"bisect", "decimal", "fractions", "functools", "heapq", "itertools", "math", "operator"}
PURE_LIBRARY |= {"difflib", "fnmatch", "graphlib", "hashlib", "inspect", "json", "re", "merge3", "rapidfuzz"}
"""All that the pure floors use of other libraries: no files, clocks, processes, randomness or network."""

IMPURE_BUILTINS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}

EXCUSED = {"shardflow/model/records.py": {"exec"}}
"""Records compile their initialisers, as the standard library's dataclasses do."""

LONGEST_MODULE = 400


def part_of(module: str) -> str:
    """Give the part of the package a file belongs to: its folder, or the name of a file of its own."""
    return Path(module).relative_to("shardflow").with_suffix("").parts[0]


def imported(tree: ast.AST, module: str) -> Iterator[str]:
    """Give every dotted name a module imports, anywhere in it, relative ones resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folders = Path(module).parts[: -node.level] if node.level else ()
            origin = ".".join((*folders, *filter(None, [node.module])))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def parts_imported(tree: ast.AST, module: str) -> set[str]:
    """Give the parts of the package a module imports; what the package itself offers is `__init__`."""
    names = [name.split(".") for name in imported(tree, module)]
    inner = {"".join(name[1:2]) for name in names if name[0] == "shardflow"}
    return {part if part in MAY_IMPORT else "__init__" for part in inner}


def parsed(module: str) -> ast.AST:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports_only_downwards(module: str) -> None:
    part = part_of(module)
    also = {"testing"} if module in LABORATORY else set()
    assert parts_imported(parsed(module), module) <= {part} | MAY_IMPORT[part] | also


def test_no_modules_import_each_other_in_a_circle_not_even_for_types() -> None:
    names = {module.removesuffix(".py").replace("/", "."): module for module in MODULES}

    def modules_imported(module: str) -> set[str]:
        nearest = (name if name in names else name.rpartition(".")[0] for name in imported(parsed(module), module))
        return {names[name] for name in nearest if name in names} - {module}

    TopologicalSorter({module: modules_imported(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_values_are_records_since_dataclasses_make_every_start_slower(module: str) -> None:
    assert "dataclasses" not in {name.split(".")[0] for name in imported(parsed(module), module)}, (
        "use `record` and `replaced` of shardflow/model/records.py instead of frozen dataclasses"
    )


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) in PURE])
def test_the_pure_floors_know_no_files_clocks_processes_or_chance(module: str) -> None:
    tree = parsed(module)
    libraries = {name.split(".")[0] for name in imported(tree, module)} - {"shardflow"}
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert libraries <= PURE_LIBRARY
    assert not called & IMPURE_BUILTINS - EXCUSED.get(module, set())


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("import shardflow.cli.app", {"cli"}),
        ("import shardflow, json", {"__init__"}),
        ("from shardflow import cli, diff", {"cli", "__init__"}),
        ("from shardflow.errors import InvalidInput", {"errors"}),
        ("from shardflow.storage.files import replace_file", {"storage"}),
        ("from . import engine", {"merge"}),
        ("from ..storage import files", {"storage"}),
        ("from .. import execution", {"execution"}),
        ("def late():\n    if True:\n        import shardflow.execution.run", {"execution"}),
        ("import os, shardflows.cli", set()),
    ],
)
def test_an_import_is_seen_however_it_is_written(line: str, parts: set[str]) -> None:
    assert parts_imported(ast.parse(line), "shardflow/merge/diff.py") == parts


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_too_long_to_read_in_one_sitting(module: str) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    names = {path.name for path in ROOT.iterdir()}
    assert {name for name in names if not any(fnmatch(name, line) for line in ignored)} <= TOP_LEVEL


@pytest.mark.parametrize("floor", ["model", "merge", "workflow", "storage", "execution", "testing", "cli"])
def test_the_page_about_the_layout_names_all_that_lies_in_a_floor_and_nothing_else(floor: str) -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    said = page[page.index("| folder | where to look for what |") :]
    [row] = re.findall(rf"^\| `{floor}/` \| (.+) \|$", said, re.MULTILINE)
    named = set(re.findall(r"`(\w+(?:\.py|/))`", row))
    inside, below = (named_as_pages_do((PACKAGE / floor).glob(pattern)) for pattern in ("*", "**/*"))
    assert inside - {"__init__.py", "__pycache__/", "README.md"} - named == set()
    assert named - below == set()


def named_as_pages_do(paths: Iterable[Path]) -> set[str]:
    return {f"{path.name}/" if path.is_dir() else path.name for path in paths}


def test_the_page_about_tests_names_every_folder_of_them() -> None:
    page = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")]
    assert [name for name in folders if f"`{name}/`" not in page] == []
