"""What `--json` prints: one object, as the page beside this package has it (`cli/README.md`), which a test holds.

Laws: a name means the same in every object. What is absent has no member, never null or a made-up value. A path is a
place in a document, RFC 9535's normal path; what names a file is called `file`, `..._file`, `folder` or `run_dir`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput, SeveralErrors, ShardflowError
from shardflow.model.documents import Problem
from shardflow.model.paths import path_text
from shardflow.model.values import Json
from shardflow.storage.json.canonical import record_bytes
from shardflow.storage.refusals import why_refused

if TYPE_CHECKING:
    from shardflow.execution.checking import CheckedWorkflow


def error_object(error: BaseException, code: int) -> dict[str, Json]:
    """Give an error that kept a command from doing anything."""
    match error:
        case InvalidInput():
            status = "invalid"
        case KeyboardInterrupt():
            status = "interrupted"
        case _:
            status = "error"
    return {"status": status, "exit_code": code, "problems": _problems_of(error)}


def _problems_of(error: BaseException) -> list[Json]:
    match error:
        case InvalidInput():
            return problem_objects(error.problems)
        case SeveralErrors():
            return [problem for one in error.errors for problem in _problems_of(one)]
        case KeyboardInterrupt():
            return message_objects(["interrupted"])
        case ShardflowError(file=str(file)):
            return [{"file": file, "message": why_refused(file, error)}]
        case _:
            return message_objects([str(error)])


def message_objects(messages: Iterable[str]) -> list[Json]:
    """Give problems that are told in words only."""
    return [{"message": message} for message in messages]


def problem_objects(problems: Iterable[Problem]) -> list[Json]:
    """Give problems found in files; all but the message only where it is known."""
    return [_problem(problem) for problem in problems]


def _problem(problem: Problem) -> Json:
    path = None if problem.path is None else path_text(problem.path)
    place: dict[str, Json] = {"file": problem.source, "line": problem.line, "column": problem.column, "path": path}
    return without_none({**place, "message": problem.message, "hint": problem.hint or None})


def without_none(members: Mapping[str, Json]) -> dict[str, Json]:
    """Give the members that are there."""
    return {name: value for name, value in members.items() if value is not None}


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
    return record_bytes(_encodable(value))


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
