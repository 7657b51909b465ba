"""Whether what subagents shall start is there: found before a run instead of an hour into it.

Only warned of: an earlier phase, or whoever starts the run elsewhere, may bring it. Nothing is executed or imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.model.documents import Document, Problem
from shardflow.model.fields import quoted
from shardflow.model.paths import Path
from shardflow.workflow.groups import place_of_subagents
from shardflow.workflow.model import Behavior, Subagent, Workflow
from shardflow.workflow.program import ArgumentList, PythonFunction

_HINT = "unless an earlier phase or the place where it runs brings it"


def missing_programs(workflow: Workflow, document: Document, folder: str) -> Iterator[Problem]:
    """Warn of programs, modules and folders of subagents that are not there; `folder` is the workflow's.

    The workflow has a program for each of its types, or says nothing of them.
    """
    for number, phase in enumerate(workflow.phases):
        listed = place_of_subagents(phase, number)
        for rank, subagent in enumerate(phase.subagents):
            alone = phase.behavior is Behavior.MAIN_ONLY
            yield from missing(subagent, document, ("phases", number) if alone else (*listed, rank), folder)


def missing(
    subagent: Subagent, document: Document, place: Path, folder: str, naming: str = "type"
) -> Iterator[Problem]:
    """Warn of what one subagent lacks; what runs its type is told at the field that names this."""
    where = os.path.join(folder, subagent.cwd or "")
    if not os.path.isdir(where or os.curdir):
        yield document.problem((*place, "cwd"), f"there is no folder {subagent.cwd}", _HINT)
        return
    field, message = _lacking(subagent, where, folder)
    if message and subagent.type and (*place, field) not in document.lines:
        yield document.problem((*place, naming), f"{message}, which runs the type {quoted(subagent.type)}", _HINT)
    elif message:
        yield document.problem((*place, field), message, _HINT)


def _lacking(subagent: Subagent, where: str, folder: str) -> tuple[str, str]:
    """Give the field that names what is not there, and say so; or nothing."""
    match subagent.program:
        case ArgumentList((program, *_)) if not _is_there(program, subagent, where):
            return "run", f"there is no program {program}"
        case PythonFunction(module) if not _is_module(module, (where, folder)):
            return "python", f"there is no module {module}, neither beside the workflow nor installed"
        case _:
            return "", ""


def _is_there(program: str, subagent: Subagent, where: str) -> bool:
    import shutil

    if "/" in program:
        return os.access(os.path.join(where, program), os.X_OK)
    return shutil.which(program, path=subagent.environment.get("PATH")) is not None


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
