"""Whether what subagents shall start is there: found before a run instead of an hour into it.

Only warned of: an earlier phase, or whoever starts the run elsewhere, may bring it. Nothing is executed or imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.model.documents import Document, Problem
from shardflow.model.paths import Path
from shardflow.workflow.model import ArgumentList, Behavior, PythonFunction, Subagent, Workflow

_HINT = "unless an earlier phase or the place where it runs brings it"


def missing_programs(workflow: Workflow, document: Document, folder: str) -> Iterator[Problem]:
    """Warn of programs, modules and folders of subagents that are not there; `folder` is the workflow's."""
    for number, phase in enumerate(workflow.phases):
        for rank, subagent in enumerate(phase.subagents):
            alone = phase.behavior is Behavior.MAIN_ONLY
            place: Path = ("phases", number) if alone else ("phases", number, "subagents", rank)
            yield from _missing(subagent, document, place, folder)


def _missing(subagent: Subagent, document: Document, place: Path, folder: str) -> Iterator[Problem]:
    where = os.path.join(folder, subagent.cwd or "")
    if not os.path.isdir(where or os.curdir):
        yield document.problem((*place, "cwd"), f"there is no folder {subagent.cwd}", _HINT)
        return
    match subagent.program:
        case ArgumentList((program, *_)) if not _is_there(program, subagent, where):
            yield document.problem((*place, "run"), f"there is no program {program}", _HINT)
        case PythonFunction(module) if not _is_module(module, (where, folder)):
            missing = f"there is no module {module}, neither beside the workflow nor installed"
            yield document.problem((*place, "python"), missing, _HINT)


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
