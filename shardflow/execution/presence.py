"""Whether what subagents shall start is there: found before a run instead of an hour into it.

Only warned of: an earlier phase, or whoever starts the run elsewhere, may bring it. Nothing is executed or imported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from shardflow.model.documents import Document, Problem
from shardflow.model.fields import quoted
from shardflow.model.paths import Path
from shardflow.workflow.model import Subagent, Workflow
from shardflow.workflow.program import ArgumentList, Program, PythonFunction, ShellCommand
from shardflow.workflow.reading.subagents import places_of

_PATH: Final = re.compile(r"\s*([\w.+@-]*/[\w.+@/-]+)(?=[\s;|&]|$)")
"""A path in plain words, which no shell changes, at the start of a command."""

HINT: Final = "unless an earlier phase or the place where it runs brings it"


def missing_programs(workflow: Workflow, document: Document, folder: str) -> Iterator[Problem]:
    """Warn of programs, modules and folders of subagents that are not there; `folder` is the workflow's.

    The workflow has a program for each of its types, or says nothing of them.
    """
    for number, phase in enumerate(workflow.phases):
        for place, subagent in zip(places_of(phase, number), phase.subagents, strict=True):
            yield from missing(subagent, document, place, folder)


def missing(
    subagent: Subagent, document: Document, place: Path, folder: str, naming: str = "type"
) -> Iterator[Problem]:
    """Warn of what one subagent lacks; what runs its type is told at the field that names this."""
    where = os.path.join(folder, subagent.cwd or "")
    if not os.path.isdir(where or os.curdir):
        yield document.problem((*place, "cwd"), f"there is no folder {subagent.cwd}", HINT)
        return
    field, message = _lacking(subagent, where, folder)
    if message and subagent.type and (*place, field) not in document.lines:
        yield document.problem((*place, naming), f"{message}, which runs the type {quoted(subagent.type)}", HINT)
    elif message:
        yield document.problem((*place, field), message, HINT)


def missing_program(program: Program, where: str, path: str | None = None) -> str:
    """Say what is not there of a program with its arguments that starts in `where` and finds this PATH; or nothing.

    What a shell would make of a text is left to the shell, but for a path that it begins with.
    """
    name = _named(program)
    if not name or _is_there(name, where, path):
        return ""
    closed = "/" in name and os.path.isfile(os.path.join(where, name))
    return f"{name} is not executable (chmod +x)" if closed else f"there is no program {name}"


def _named(program: Program) -> str:
    match program:
        case ArgumentList((name, *_)):
            return name
        case ShellCommand(text) if begins := _PATH.match(text):
            return begins[1]
        case _:
            return ""


def _lacking(subagent: Subagent, where: str, folder: str) -> tuple[str, str]:
    """Give the field that names what is not there, and say so; or nothing."""
    if message := missing_program(subagent.program, where, subagent.environment.get("PATH")):
        return "run", message
    match subagent.program:
        case PythonFunction(module) if not _is_module(module, (where, folder)):
            return "python", f"there is no module {module}, neither beside the workflow nor installed"
        case _:
            return "", ""


def _is_there(program: str, where: str, path: str | None) -> bool:
    import shutil

    if "/" in program:
        return os.access(os.path.join(where, program), os.X_OK)
    return shutil.which(program, path=path) is not None


def _is_module(name: str, places: tuple[str, ...]) -> bool:
    file, top = name.replace(".", "/"), name.partition(".")[0]
    if any(_stands(place, file) for place in places):
        return True
    if any(_stands(place, top) for place in places):
        return False
    from importlib.util import find_spec

    try:
        return find_spec(top) is not None
    except (ImportError, ValueError):
        return True  # it is there, and odd


def _stands(place: str, module: str) -> bool:
    path = os.path.join(place, module)
    return os.path.isfile(f"{path}.py") or os.path.isdir(path)
