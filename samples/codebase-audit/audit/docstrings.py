"""Docstring coverage: how many of the public definitions say what they are for."""

from __future__ import annotations

import ast

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def coverage(tree: ast.Module) -> tuple[int, int]:
    """Give (documented, public): the module, its public functions and classes, and their public methods.

    A name is public when neither it nor a name around it starts with an underscore; what is defined inside a
    function is nobody's interface.
    """
    public: list[ast.AST] = [tree]
    for scope in public:
        if isinstance(scope, (ast.Module, ast.ClassDef)):
            public.extend(_public(scope.body))
    return sum(map(_documented, public)), len(public)


def _public(body: list[ast.stmt]) -> list[ast.AST]:
    return [node for node in body if isinstance(node, _DEFINITIONS) and not node.name.startswith("_")]


def _documented(definition: ast.AST) -> bool:
    match definition.body[:1]:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            return bool(text.strip())
    return False
