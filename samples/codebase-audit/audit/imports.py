"""Imports: which module of the tree needs which other one, and when.

A module is known by its file. What is imported while the module itself is imported is `now`; what waits for a
call of a function, or is there for type checkers or the command line only, is `later` and makes no cycle.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.tree import File, printable

Import = ast.Import | ast.ImportFrom

_SIMPLE = frozenset(
    {ast.Import, ast.ImportFrom, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Assert,
     ast.Delete, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal}
)  # fmt: skip
"""Statements with no other statements inside."""


@dataclass
class Imported:
    """What one file imports: files of the tree now, files of the tree later, top-level names from elsewhere."""

    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)


class Modules:
    """The modules of a tree by dotted name. Of two files with one name the first is meant."""

    def __init__(self, files: list[File]) -> None:
        packages: dict[str, bool] = {}
        self.names = {file.path: printable(_module_name(file.location, packages)) for file in files}
        self._files: dict[str, str] = {}
        for path, name in self.names.items():
            self._files.setdefault(name, path)

    def imported(self, path: str, tree: ast.Module) -> Imported:
        """Resolve all imports of one file."""
        found = Imported()
        for node, deferred in _imports(tree.body, deferred=False):
            for name in self._names_read(node, path):
                file = self._file(name)
                if file is not None:
                    (found.later if deferred else found.now).add(file)
                elif isinstance(node, ast.Import) or not node.level:
                    found.outside.add(name.partition(".")[0])
        found.now.discard(path)
        found.later -= found.now | {path}
        return found

    def _names_read(self, node: Import, path: str) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        package = self._package(path, node.level)
        source = ".".join(filter(None, (package, node.module)))
        for alias in node.names:
            member = f"{source}.{alias.name}"
            yield member if member in self._files else source

    def _package(self, path: str, level: int) -> str:
        """Give the package that so many leading dots mean in this file; nothing for none."""
        if not level:
            return ""
        parts = self.names[path].split(".")
        dropped = level - 1 if path.endswith("__init__.py") else level
        return ".".join(parts[: max(0, len(parts) - dropped)])

    def _file(self, name: str) -> str | None:
        """Give the file a dotted name means: the module itself, or the nearest package around it."""
        while name:
            if name in self._files:
                return self._files[name]
            name = name.rpartition(".")[0]
        return None


def _imports(body: list[ast.stmt], *, deferred: bool) -> Iterator[tuple[Import, bool]]:
    """Give every import statement with whether it waits; only statements are entered, for speed."""
    pending = [(statement, deferred) for statement in body]
    while pending:
        node, waits = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, waits
        if type(node) in _SIMPLE:
            continue
        waits = waits or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _not_on_import(node)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            pending.extend((inner, waits) for inner in getattr(node, block, ()))


def _not_on_import(node: ast.AST) -> bool:
    """Tell the bodies of `if TYPE_CHECKING:` and `if __name__ == "__main__":`, which an import leaves out."""
    if not isinstance(node, ast.If):
        return False
    test = node.test.left if isinstance(node.test, ast.Compare) else node.test
    return {getattr(test, "id", ""), getattr(test, "attr", "")} & {"TYPE_CHECKING", "__name__"} != set()


def _module_name(location: str, packages: dict[str, bool]) -> str:
    folder, base = os.path.split(location)
    parts = [] if base == "__init__.py" else [base[: -len(".py")]]
    while _is_package(folder, packages):
        folder, name = os.path.split(folder)
        parts.insert(0, name)
    return ".".join(parts)


def _is_package(folder: str, packages: dict[str, bool]) -> bool:
    if folder not in packages:
        packages[folder] = os.path.isfile(os.path.join(folder, "__init__.py"))
    return packages[folder]
