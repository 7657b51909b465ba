"""Cyclomatic complexity: how many ways lead through a function.

One, and one more for each `if`, `elif`, conditional expression, loop, `except`, `case`, further operand of `and` or
`or`, and each `for` and `if` of a comprehension (T. J. McCabe, A Complexity Measure, 1976). A function inside a
function counts for itself; a lambda counts for the function it stands in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

BANDS = ("1-5", "6-10", "11-20", "21-50", "over 50")
_LIMITS = (5, 10, 20, 50)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.arg, ast.alias, str, int, type(None)})
_BRANCHES = frozenset(
    {ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, getattr(ast, "match_case", ast.If)}
)


@dataclass(frozen=True)
class Function:
    """A function: its dotted name within the file, the line it starts on, and its complexity."""

    name: str
    line: int
    complexity: int


def functions(tree: ast.Module) -> Iterator[Function]:
    """Give every function of a file, nested ones and methods too."""
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        prefix, scope = pending.pop()
        branches, inner = _branches(scope)
        pending.extend((f"{prefix}{definition.name}.", definition) for definition in inner)
        if isinstance(scope, _FUNCTIONS):
            yield Function(prefix[:-1], scope.lineno, 1 + branches)


def band(complexity: int) -> str:
    """Name the band a complexity falls in."""
    return BANDS[sum(complexity > limit for limit in _LIMITS)]


def _branches(scope: ast.AST) -> tuple[int, list[ast.AST]]:
    """Count the branches of one scope and list the scopes right inside it."""
    count, inner, pending = 0, [], [scope]
    while pending:
        node = pending.pop()
        count += _weight(node)
        for name in node._fields:
            value = getattr(node, name, None)
            for child in value if type(value) is list else (value,):
                if type(child) in _LEAVES or not isinstance(child, ast.AST):
                    continue
                (inner if isinstance(child, _SCOPES) else pending).append(child)
    return count, inner


def _weight(node: ast.AST) -> int:
    if type(node) in _BRANCHES:
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0
