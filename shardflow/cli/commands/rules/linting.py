"""`shardflow rules lint`: all errors and warnings of rule files."""

from __future__ import annotations

import sys

from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.display import count, place
from shardflow.cli.views.objects import object_bytes, problem_objects
from shardflow.execution.inspection.rule_books import CheckedRules, checked
from shardflow.exit_codes import INVALID
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable


def lint_files(files: tuple[str, ...], *, as_json: bool) -> int:
    """Check every file, tell what is wrong and what is right, and give the exit code."""
    found = [checked(file) for file in files]
    code = INVALID if any(file.errors for file in found) else 0
    if as_json:
        CONSOLE.hand_over(object_bytes(_object(found, code)))
        return code
    for file in found:
        _tell(file)
    if code:
        invalid = sum(bool(file.errors) for file in found)
        CONSOLE.complain(f"invalid: {invalid:,} of {count(len(found), 'file')}")
    return code


def _tell(file: CheckedRules) -> None:
    for problem in file.errors:
        CONSOLE.complain(printable(str(problem)))
    for problem in file.warnings:
        CONSOLE.complain(f"{styled('warning', 'warn', sys.stderr)}: {printable(str(problem))}")
    if file.rules is not None:
        warned = f", {count(len(file.warnings), 'warning')}" if file.warnings else ""
        CONSOLE.say(f"{place(file.name)}: valid, {count(len(file.rules.rules), 'rule')}{warned}")


def _object(found: list[CheckedRules], code: int) -> dict[str, Json]:
    files: list[Json] = [
        {
            "file": file.name,
            "status": "invalid" if file.errors else "valid",
            "problems": problem_objects(file.errors),
            "warnings": problem_objects(file.warnings),
        }
        for file in found
    ]
    return {"status": "invalid" if code else "valid", "exit_code": code, "files": files}
