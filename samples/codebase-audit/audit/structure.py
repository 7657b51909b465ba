"""Auditor of Python code: parse each file once, and look at complexity, docstrings and imports in one go.

Parsing is nine tenths of the work, so the tree is cut in parts instead of the questions: each of several
subagents takes one part (`AUDIT_PART`, such as 2/4), and the rules add their numbers up.
"""

from __future__ import annotations

import ast
import gc
import os
import warnings
from typing import Any

from audit.complexity import Function, band, functions
from audit.docstrings import coverage
from audit.imports import Modules
from audit.notes import flag, problem, scanned
from audit.tree import File, printable, python_files, share

WORST_KEPT = 25
MANY_IMPORTS = 40
FEW_DOCSTRINGS = 0.1

TESTS = "(tests)"
"""Where the docstrings of all tests are counted; nobody expects every test method to have one."""


def audit(context: dict[str, Any]) -> None:
    """Note complexity, docstring coverage and imports of one part of the Python files."""
    gc.disable()  # syntax trees hold no cycles, and looking for some takes a fifth of the time
    every = python_files(context["root"])
    modules = Modules(every)
    mine = sorted(share(every, os.environ.get("AUDIT_PART", "1/1")), key=lambda file: file.path)
    for file in mine:
        tree = _parsed(context, file)
        if tree is not None:
            _complexity(context, file.path, list(functions(tree)))
            _docstrings(context, file.path, *coverage(tree))
            _imports(context, file.path, modules, tree)
    _keep_worst(context)
    scanned(context, mine)


def _parsed(context: dict[str, Any], file: File) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like, which are not the question here
        try:
            return ast.parse(file.read())
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            problem(context, file.path, "structure", printable(_reason(error)))
            return None


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    return str(error) or type(error).__name__


def _complexity(context: dict[str, Any], path: str, found: list[Function]) -> None:
    facts = context["complexity"]
    facts["functions"] += len(found)
    facts["total"] += sum(function.complexity for function in found)
    for function in found:
        facts["bands"][band(function.complexity)] += 1
        facts["worst"].append({"file": path, **vars(function)})
    worst = max(found, key=lambda function: function.complexity, default=None)
    if worst and worst.complexity > 20:
        grave = worst.complexity > 50
        reason = f"`{worst.name}` has complexity {worst.complexity}"
        flag(context, path, "complexity", "high" if grave else "medium", 3 if grave else 2, reason)


def _docstrings(context: dict[str, Any], path: str, documented: int, public: int) -> None:
    package = TESTS if _is_test(path) else path.partition("/")[0] if "/" in path else "(top level)"
    facts = context["docstrings"]["packages"].setdefault(package, {"documented": 0, "public": 0})
    facts["documented"] += documented
    facts["public"] += public
    if public >= 10 and documented < public * FEW_DOCSTRINGS and package != TESTS:
        flag(context, path, "docstrings", "low", 1, f"{documented} of {public} public names documented")


def _is_test(path: str) -> bool:
    *folders, name = path.split("/")
    return name.startswith("test") or any(folder in {"test", "tests", "idle_test"} for folder in folders)


def _imports(context: dict[str, Any], path: str, modules: Modules, tree: ast.Module) -> None:
    found = modules.imported(path, tree)
    facts = context["graph"]
    facts["modules"][path] = {
        "name": modules.names[path],
        "now": sorted(found.now),
        "later": sorted(found.later),
    }
    for name in sorted(found.outside):
        facts["external"][name] = facts["external"].get(name, 0) + 1
    if len(found.now) > MANY_IMPORTS:
        flag(context, path, "imports", "medium", 2, f"imports {len(found.now)} modules of the tree at once")


def _keep_worst(context: dict[str, Any]) -> None:
    worst = context["complexity"]["worst"]
    worst.sort(key=lambda function: (-function["complexity"], function["file"], function["line"]))
    del worst[WORST_KEPT:]
