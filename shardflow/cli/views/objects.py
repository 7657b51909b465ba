"""What `--json` prints: one object with stable keys. What is absent has no member, never a made-up value.

Those of runs stand in `running/objects.py`, those of merges in `merging/objects.py`.

`shardflow validate`:

    status          valid | invalid
    exit_code
    workflows       [{file, status, problems, warnings}], both lists of {source, line, message, path, hint}

Anything that could not start: `{status, exit_code, error, problems: [{source, line, message, path, hint}]}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput
from shardflow.model.documents import Problem
from shardflow.model.paths import path_text
from shardflow.model.values import Json
from shardflow.storage.json.canonical import canonical_bytes

if TYPE_CHECKING:
    from shardflow.execution.checking import CheckedWorkflow


def error_object(error: Exception, code: int) -> dict[str, Json]:
    """Give an error that kept a command from doing anything."""
    problems = problem_objects(error.problems) if isinstance(error, InvalidInput) else []
    status = "invalid" if isinstance(error, InvalidInput) else "error"
    return {"status": status, "exit_code": code, "error": str(error), "problems": problems}


def problem_objects(problems: Iterable[Problem]) -> list[Json]:
    """Give problems found in files; `line` and `path` only where they are known."""
    return [_problem(problem) for problem in problems]


def _problem(problem: Problem) -> Json:
    line: dict[str, Json] = {} if problem.line is None else {"line": problem.line}
    path: dict[str, Json] = {} if problem.path is None else {"path": path_text(problem.path)}
    return {"source": problem.source, **line, "message": problem.message, **path, "hint": problem.hint}


def checked_object(checked: Mapping[str, CheckedWorkflow], code: int) -> dict[str, Json]:
    """Give what checking workflows found, by file."""
    workflows: list[Json] = [
        {
            "file": file,
            "status": "invalid" if found.problems else "valid",
            "problems": problem_objects(found.problems),
            "warnings": problem_objects(found.warnings),
        }
        for file, found in checked.items()
    ]
    return {"status": "invalid" if code else "valid", "exit_code": code, "workflows": workflows}


def object_bytes(value: dict[str, Json]) -> bytes:
    """Write an object as `--json` prints it; bytes of file names that are no UTF-8 stand as escapes."""
    return canonical_bytes(_encodable(value))


def _encodable(value: Json) -> Json:
    match value:
        case dict():
            return {_encodable_text(name): _encodable(item) for name, item in value.items()}
        case list():
            return [_encodable(item) for item in value]
        case str():
            return _encodable_text(value)
        case _:
            return value


def _encodable_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
