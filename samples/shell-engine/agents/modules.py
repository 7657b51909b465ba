"""Maps the modules: their functions, how many are documented, and whether a test imports them."""

import ast
import json
import os
from pathlib import Path


def module(file: Path, imported: set[str]) -> dict:
    tree = ast.parse(file.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    name = file.stem
    documented = sum(ast.get_docstring(function) is not None for function in functions)
    return {"name": name, "functions": len(functions), "documented": documented, "tested": f"shop.{name}" in imported}


def main() -> None:
    tests = [ast.parse(file.read_text()) for file in Path("project/tests").glob("*.py")]
    imported = {node.module for tree in tests for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    files = sorted(file for file in Path("project/shop").rglob("*.py") if file.name != "__init__.py")
    modules = [module(file, imported) for file in files]
    lines = [f"- {each['name']}: {each['functions']} functions" for each in modules]
    Path(os.environ["SHARDFLOW_OUTPUT"]).write_text("\n".join(["# Modules", "", *lines, ""]))
    shard = Path(os.environ["SHARDFLOW_SHARD"])
    shard.write_text(json.dumps(json.loads(shard.read_text()) | {"modules": modules}))


main()
