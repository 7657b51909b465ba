"""Files named on the command line: read into what the floors below speak of, refused where none can be written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from shardflow.cli.views.display import place
from shardflow.errors import InvalidInput, SeveralErrors, StorageError, UsageError
from shardflow.storage.files import read_regular
from shardflow.storage.pipes import is_descriptor, read_given
from shardflow.storage.refusals import kind_of, shown_path
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.model import Workflow
from shardflow.workflow.reading.workflow import read_workflow

T = TypeVar("T")

MAX_WORKFLOW_BYTES: Final = 16 << 20
"""The largest workflow file read."""


def read_named(path: str, limit: int) -> bytes:
    """Read a file that a person named. Raises UsageError: what cannot be read was no use naming.

    A link is followed here; what a subagent leaves never is. A pipe is refused: what is known by its file's name or
    folder, as a workflow or a shard is, must have one.
    """
    file = os.path.realpath(path) if os.path.islink(path) else path
    if is_descriptor(path) and not os.path.isfile(file):
        raise UsageError(
            f"{shown_path(path)} is no file; a workflow or a shard goes by the name of one: write it into a file first",
            file=path,
        )
    try:
        return read_regular(file, limit)
    except StorageError as error:
        raise UsageError(str(error), file=path) from error


def read_input(path: str, limit: int) -> bytes:
    """Read a file that a person named, of which only the content matters: their shell may hand it over as a pipe.

    Raises UsageError, as `read_named` does.
    """
    if not is_descriptor(path):
        return read_named(path, limit)
    try:
        return read_given(path, limit)
    except StorageError as error:
        raise UsageError(str(error), file=path) from error


def read_all(read: Callable[[str], T], names: Iterable[str]) -> list[T]:
    """Read all that a command line names. Raises InvalidInput or UsageError with what is wrong with any of them."""
    found: list[T] = []
    wrong: list[InvalidInput | UsageError] = []
    for name in names:
        try:
            found.append(read(name))
        except (InvalidInput, UsageError) as error:
            wrong.append(error)
    if wrong:
        raise wrong[0] if len(wrong) == 1 else _all_in_one(wrong)
    return found


def _all_in_one(wrong: Sequence[InvalidInput | UsageError]) -> InvalidInput | UsageError:
    invalid = [error for error in wrong if isinstance(error, InvalidInput)]
    if len(invalid) == len(wrong):
        return InvalidInput(dict.fromkeys(problem for error in invalid for problem in error.problems))
    return SeveralErrors(wrong)


def workflow_of(data: bytes, source: str, agents: str | None) -> Workflow:
    """Read a workflow. Raises InvalidYaml or InvalidWorkflow with every problem of it, and of what it names.

    `agents` is the file of agents that it would run with.
    """
    try:
        return read_workflow(parse_yaml(data, source))
    except InvalidInput:
        from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

        refuse_all(data, source, agents)
        raise


def cases_in(folder: str) -> list[str]:
    """List the files of a folder, at any depth, that are called as cases are. Raises UsageError if there are none."""
    from shardflow.execution.cases.files import SUFFIXES  # most commands read no case

    files = sorted(os.path.join(above, name) for above, _, names in os.walk(folder) for name in names)
    cases = [file for file in files if file.endswith(SUFFIXES)]
    if not cases:
        raise UsageError(
            f"{place(folder)} holds no case: no file whose name ends in {', '.join(SUFFIXES)}", file=folder
        )
    return cases


def refuse_output(file: str) -> None:
    """Raise UsageError for a file that cannot be written, before any work is done for it."""
    if (kind := kind_of(file)) is not None:
        told = f"cannot write {shown_path(file)}: it is {kind}, not a regular file; - is standard output"
        raise UsageError(told, file=file)
    if not os.path.isdir(os.path.dirname(file) or os.curdir):
        raise UsageError(f"cannot write {shown_path(file)}: its folder does not exist", file=file)
