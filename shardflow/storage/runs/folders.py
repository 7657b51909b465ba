"""What is done with the folders of a run directory: made, moved, copied, set aside, listed (`directory.py` draws them).

Law: a folder is moved in one step, so that whoever dies in the middle has moved it whole or not at all.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from shardflow.errors import StorageError, UsageError
from shardflow.storage.files import read_regular, sync_folder, write_new
from shardflow.storage.runs.directory import GroupFolder, RunDirectory

_HOME: Final = ".shardflow"
RUNS: Final = f"{_HOME}/runs"
"""Where the run directories of a folder are, unless the command line names another place."""
_SLUG_LENGTH: Final = 40
_COPY_LIMIT: Final = 1 << 30
_NUMBERED: Final = re.compile(r"([0-9]{2,9})-[A-Za-z0-9][A-Za-z0-9._-]*")
"""The folder of a group: its number, and what it is called."""


def create_run_directory(path: str | None, workflow: str) -> RunDirectory:
    """Make a run directory: at `path`, which must be new or empty (or hold what a start left that died at once), or a
    new one in `.shardflow/runs/`.

    Raises UsageError for a folder that is not empty, StorageError when the file system refuses.
    """
    made = os.path.abspath(path) if path is not None else _new_path(workflow)
    try:
        if path is None:
            _make_home(os.path.dirname(os.path.dirname(made)))
        _make_above(os.path.dirname(made))
        _make_or_take(made)
        os.mkdir(f"{made}/groups", 0o700)
    except OSError as error:
        next_step = "give the run another --run-dir"
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise UsageError(f"{made} is not a new or empty folder; {next_step}", file=made) from error
        reason = (error.strerror or "").lower()
        raise StorageError(f"cannot make the run directory {made}: {reason}; {next_step}", file=made) from error
    return RunDirectory(made)


def make_folder(path: str) -> None:
    """Make a private folder that must not exist yet. Raises StorageError."""
    try:
        os.mkdir(path, 0o700)
    except OSError as error:
        reason = "something stands there already" if error.errno == errno.EEXIST else (error.strerror or "").lower()
        raise StorageError(f"cannot make {path}: {reason}", file=path) from error


def move_folder(path: str, to: str) -> None:
    """Move a folder of a run directory to a place where nothing stands, in one step. Raises StorageError."""
    try:
        os.rename(path, to)
    except OSError as error:
        raise StorageError(f"cannot move {path} to {to}: {(error.strerror or '').lower()}") from error


def copy_folder(path: str, to: str) -> None:
    """Copy the files of a subagent's folder in another run to a place where nothing stands. Raises StorageError."""
    make_folder(to)
    for name in sorted(os.listdir(path)):
        if os.path.isfile(f"{path}/{name}") and not os.path.islink(f"{path}/{name}"):
            write_new(f"{to}/{name}", read_regular(f"{path}/{name}", _COPY_LIMIT))


def keep_try(group: GroupFolder, name: str, tries: int) -> str:
    """Move what a failed try of a subagent left out of the way, in one step; give its folder. Raises StorageError."""
    to = group.tried(name, tries)
    try:
        _make_private(os.path.dirname(os.path.dirname(to)), os.path.dirname(to))
    except OSError as error:
        raise StorageError(f"cannot make {os.path.dirname(to)}: {(error.strerror or '').lower()}") from error
    move_folder(group.subagent(name).path, to)
    return to


def _make_private(*folders: str) -> None:
    """Make those of these folders that are not there; `makedirs` would give all but the last to everybody."""
    for folder in folders:
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def set_aside(run: RunDirectory, copies: Iterable[str]) -> None:
    """Move all groups, and these copies, into a new folder of what earlier starts made. Raises StorageError.

    Whoever dies in the middle of it has moved each whole or not at all.
    """
    place = f"{run.earlier}/{max(_starts_set_aside(run), default=0) + 1}"
    try:
        _make_private(run.earlier, place)
        sync_folder(run.earlier)  # before anything is in there: a power cut must leave a way to it
        for name in (*copies, os.path.basename(run.groups)):
            if os.path.lexists(f"{run.path}/{name}"):
                os.rename(f"{run.path}/{name}", f"{place}/{name}")
        os.mkdir(run.groups, 0o700)
        sync_folder(run.path)
    except OSError as error:
        raise StorageError(f"cannot set aside {run.groups} in {place}: {(error.strerror or '').lower()}") from error


def group_names(run: RunDirectory) -> tuple[str, ...]:
    """List the folders of a run's groups by their numbers, which is the order they ran in."""
    if not os.path.isdir(run.groups):
        return ()
    numbered = [(int(found[1]), name) for name in os.listdir(run.groups) if (found := _NUMBERED.fullmatch(name))]
    return tuple(name for _, name in sorted(numbered))


def groups_set_aside(run: RunDirectory) -> list[GroupFolder]:
    """List the folders of groups that were set aside, the last ones first."""
    found: list[GroupFolder] = []
    for number in sorted(_starts_set_aside(run), reverse=True):
        place = f"{run.earlier}/{number}/groups"
        if os.path.isdir(place):
            found.extend(GroupFolder(f"{place}/{name}") for name in sorted(os.listdir(place)))
    return found


def _starts_set_aside(run: RunDirectory) -> list[int]:
    if not os.path.isdir(run.earlier):
        return []
    return [int(name) for name in os.listdir(run.earlier) if name.isdecimal()]


def _make_or_take(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        from shardflow.storage.runs.leftovers import clear_leftovers  # most runs have a new folder

        clear_leftovers(path)
        os.chmod(path, 0o700)


def _make_above(path: str) -> None:
    """Make the folders that are missing on the way, so that a power cut leaves them."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another run may have been as quick
            os.mkdir(folder, 0o700)
        sync_folder(os.path.dirname(folder))


def _new_path(workflow: str) -> str:
    """Name a run by its moment, its workflow, and four digits that keep two of one second apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", workflow.lower()).strip("-")[:_SLUG_LENGTH].strip("-") or "run"
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return os.path.abspath(f"{RUNS}/{moment}-{slug}-{os.urandom(2).hex()}")


def _make_home(home: str) -> None:
    """Make the folder of all runs, which no version control shall see."""
    _make_above(home)
    if not os.path.lexists(f"{home}/.gitignore"):
        write_new(f"{home}/.gitignore", b"*\n")
