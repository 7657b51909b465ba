"""The run directory: where everything of one run stands.

    run.json            the run's record (see `records.py`)
    workflow.yaml       the workflow as it was read
    base.json           the context as it was when the run started
    context.json        the run's canonical context, or a copy of it
    former-context.json what stood in the canonical file before, where the engine opened its books in it
    events.jsonl        the journal
    groups/01-audit/    one folder a merged group, numbered in the order they ran
        group.json      the group's record, written when it has ended
        base.json       the context when the group started (read-only)
        rules.json      the effective rules
        <id>/           context-<id>.json, stdout.log, stderr.log; of a fan-out item.json, what it works on; prompt.md,
                        if it has a prompt
        _tries/<id>/1/  what the first try of a subagent left that was tried again, and so on
        merge.json      the ledger
        conflicts.json  what no rule settled; only if there was anything
        _arbiters/      what arbiters were asked, a folder each: question.json, answer.json, stderr.log; of an agent CLI
                        also prompt.md, stdout.log, usage.json (tokens and dollars) and agent/, where it worked
        resolutions.json    what was decided about conflicts, by arbiters or afterwards
        context.json    the merged context; absent when the group failed or has conflicts
        former-1/       what stood here before `merge --write` recorded the merge anew, and so on
    scripts/01-thinkHard/   what a script asked a program: its question, stdout.log, stderr.log
    earlier/1/          what the run, when it was resumed for the first time, set aside and did not take back

Everything is private (folders 0700, files 0600). Each subagent has a folder of its own because many writers in one
folder contend (measured 2.0 to 2.5 times slower).
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
from shardflow.model.records import record
from shardflow.storage.files import read_regular, sync_folder, write_new

READ_ONLY: Final = 0o400
"""The mode of a base: whoever writes into it by mistake is refused."""

_HOME: Final = ".shardflow"
RUNS: Final = f"{_HOME}/runs"
"""Where the run directories of a folder are, unless the command line names another place."""
_SLUG_LENGTH: Final = 40
_COPY_LIMIT: Final = 1 << 30
_NUMBERED: Final = re.compile(r"([0-9]{2,9})-[A-Za-z0-9][A-Za-z0-9._-]*")
"""The folder of a group: its number, and what it is called."""


@record
class SubagentFolder:
    """The places of one subagent."""

    path: str
    shard: str
    stdout: str
    stderr: str

    @property
    def item(self) -> str:
        """The file of the item that a subagent of a fan-out works on."""
        return f"{self.path}/item.json"

    @property
    def prompt(self) -> str:
        """The file of its prompt, there only if it has one."""
        return f"{self.path}/prompt.md"


@record
class ArbiterFolder:
    """The places of one question to an arbiter; `prompt`, `stdout` and `usage` are there only of agent CLIs."""

    path: str
    question: str
    answer: str
    stderr: str
    prompt: str
    stdout: str
    usage: str


@record
class GroupFolder:
    """The places of one group."""

    path: str

    @property
    def record(self) -> str:
        """The file of the group's record."""
        return f"{self.path}/group.json"

    @property
    def base(self) -> str:
        """The file of the context as it was when the group started."""
        return f"{self.path}/base.json"

    @property
    def rules(self) -> str:
        """The file of the effective rules."""
        return f"{self.path}/rules.json"

    @property
    def ledger(self) -> str:
        """The file of the merge's ledger."""
        return f"{self.path}/merge.json"

    @property
    def conflicts(self) -> str:
        """The file of the conflicts, there only if the merge had any."""
        return f"{self.path}/conflicts.json"

    @property
    def resolutions(self) -> str:
        """The file of what was decided about conflicts, there only if anything was."""
        return f"{self.path}/resolutions.json"

    @property
    def context(self) -> str:
        """The file of the merged context."""
        return f"{self.path}/context.json"

    @property
    def arbiters(self) -> str:
        """The folder of what arbiters were asked; no subagent's id begins like this."""
        return f"{self.path}/_arbiters"

    def arbiter(self, conflict: str) -> ArbiterFolder:
        """Give the places of the question about a conflict, by its id."""
        path = f"{self.arbiters}/{conflict}"
        names = ("question.json", "answer.json", "stderr.log", "prompt.md", "stdout.log", "usage.json")
        return ArbiterFolder(path, *(f"{path}/{name}" for name in names))

    def tried(self, name: str, tries: int) -> str:
        """Give the folder that keeps what a failed try of a subagent left; no subagent's id begins like this."""
        return f"{self.path}/_tries/{name}/{tries}"

    def subagent(self, name: str) -> SubagentFolder:
        """Give the places of a subagent by its id."""
        path = f"{self.path}/{name}"
        return SubagentFolder(path, f"{path}/context-{name}.json", f"{path}/stdout.log", f"{path}/stderr.log")


@record
class RunDirectory:
    """The places of one run. `path` is absolute."""

    path: str

    @property
    def record(self) -> str:
        """The file of the run's record."""
        return f"{self.path}/run.json"

    @property
    def workflow(self) -> str:
        """The copy of the workflow."""
        return f"{self.path}/workflow.yaml"

    @property
    def base(self) -> str:
        """The file of the context as it was when the run started."""
        return f"{self.path}/base.json"

    @property
    def scripts(self) -> str:
        """The folder of what scripts asked programs, there only if they did."""
        return f"{self.path}/scripts"

    @property
    def context(self) -> str:
        """The run's canonical context, or a copy of it."""
        return f"{self.path}/context.json"

    @property
    def former_context(self) -> str:
        """What the canonical context held before the engine's books were opened in it, if it held anything."""
        return f"{self.path}/former-context.json"

    @property
    def journal(self) -> str:
        """The file of the journal."""
        return f"{self.path}/events.jsonl"

    @property
    def groups(self) -> str:
        """The folder of all groups."""
        return f"{self.path}/groups"

    @property
    def earlier(self) -> str:
        """The folder of what resumed starts set aside."""
        return f"{self.path}/earlier"

    def group(self, name: str) -> GroupFolder:
        """Give the places of a group by its folder's name."""
        return GroupFolder(f"{self.groups}/{name}")


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
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise UsageError(f"{made} is not a new or empty folder; give the run another --run-dir") from error
        raise StorageError(f"cannot make the run directory {made}: {(error.strerror or '').lower()}") from error
    return RunDirectory(made)


def make_folder(path: str) -> None:
    """Make a private folder that must not exist yet. Raises StorageError."""
    try:
        os.mkdir(path, 0o700)
    except OSError as error:
        reason = "something stands there already" if error.errno == errno.EEXIST else (error.strerror or "").lower()
        raise StorageError(f"cannot make {path}: {reason}") from error


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
        os.makedirs(os.path.dirname(to), mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {os.path.dirname(to)}: {(error.strerror or '').lower()}") from error
    move_folder(group.subagent(name).path, to)
    return to


def set_aside(run: RunDirectory, copies: Iterable[str]) -> None:
    """Move all groups, and these copies, into a new folder of what earlier starts made. Raises StorageError.

    Whoever dies in the middle of it has moved each whole or not at all.
    """
    place = f"{run.earlier}/{max(_starts_set_aside(run), default=0) + 1}"
    try:
        os.makedirs(place, mode=0o700)
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
