"""Answers for helpers of scripts, about `project/`: by its exit code (0: all is well), or as JSON that it prints."""

import ast
import json
import sys
from pathlib import Path

FILES = sorted(Path("project").rglob("*.py"))


def tests() -> int:
    sys.path[:0] = ["project", "project/tests"]
    sys.dont_write_bytecode = True
    import test_prices

    found = [each for name, each in vars(test_prices).items() if name.startswith("test_")]
    return sum(_fails(test) for test in found) and 1


def _fails(test) -> bool:
    try:
        test()
    except AssertionError:
        return True
    return False


def syntax() -> int:
    for file in FILES:
        try:
            ast.parse(file.read_text())
        except SyntaxError:
            return 1
    return 0


def unclear() -> int:
    lines = [(file.name, line) for file in FILES for line in file.read_text().splitlines() if "FIXME" in line]
    found = [f"{name}: {line.partition('FIXME:')[2].strip()}" for name, line in lines]
    print(json.dumps(found))
    return 0


def coverage() -> int:
    modules = [file.stem for file in FILES if "tests" not in file.parts and file.name != "__init__.py"]
    tested = [name for name in modules if Path(f"project/tests/test_{name}.py").exists()]
    print(json.dumps({"modules": len(modules), "tested": len(tested)}))
    return 0


sys.exit({"tests": tests, "syntax": syntax, "unclear": unclear, "coverage": coverage}[sys.argv[1]]())
