"""A subagent's workplace: its folder, its shard as it starts, its environment, the command that starts it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import Final

from shardflow.execution.groups.inputs import Fitting
from shardflow.execution.processes.child import Command
from shardflow.execution.secrets.references import NO_SECRETS, Secrets
from shardflow.model.records import record, replaced
from shardflow.storage.files import write_new
from shardflow.storage.runs.directory import READ_ONLY, GroupFolder, RunDirectory, SubagentFolder
from shardflow.storage.runs.folders import make_folder
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import Item, ShardForm, Subagent
from shardflow.workflow.program import ArgumentList, EngineMade, OfType, Program, PythonFunction, ShellCommand

_BOOT: Final = (
    "import sys; sys.path[:0] = [sys.argv.pop(1)]; from shardflow.execution.python_target import main; main()"
)
"""Starts a Python function. Not `-m`: that looks for shardflow in the subagent's own folder first."""
_UTF8: Final = ("-X", "utf8") if sys.flags.utf8_mode else ()
"""Has a Python function know other letters than ASCII as the engine does, which began anew in UTF-8 if need be."""
_HOME: Final = os.path.abspath(f"{__file__}/../../../../..")
"""Where the package itself stands."""

_OF_AN_ITEM: Final = (b"SHARDFLOW_ITEM", b"SHARDFLOW_ITEM_KEY")
"""What a fan-out's subagents find: the file of their item, and its key. One that runs shardflow does not hand it on."""


@record
class Surroundings:
    """What all subagents of a group share: the workflow's folder (absolute), the common environment, and the run's
    secrets, of which each gets those that it names.
    """

    folder: str
    environment: Mapping[bytes, bytes]
    secrets: Secrets = NO_SECRETS


def surroundings(
    workflow_folder: str, run: RunDirectory, group: GroupFolder, phase: str, secrets: Secrets = NO_SECRETS
) -> Surroundings:
    """Work out once a group what every subagent of it finds: this process's environment and the group's places."""
    places = {
        "SHARDFLOW_WORKFLOW_DIR": workflow_folder,
        "SHARDFLOW_RUN_DIR": run.path,
        "SHARDFLOW_PHASE": phase,
        "SHARDFLOW_BASE": group.base,
    }
    inherited = {name: value for name, value in secrets.left_of(os.environb).items() if name not in _OF_AN_ITEM}
    return Surroundings(workflow_folder, inherited | encoded(places), secrets)


def set_up(
    subagent: Subagent, places: SubagentFolder, start: bytes, around: Surroundings, fitting: Fitting | None = None
) -> Command:
    """Make a subagent's folder with the shard it starts from, and give the command to start.

    Raises StorageError, also when something stands there already: nobody but this run may write there.
    """
    make_folder(places.path)
    write_new(places.shard, start)
    secrets = around.secrets.environment(subagent.secrets)
    own = {**encoded(subagent.environment), **secrets, **_own(subagent.id, places.shard)}
    handed = _handed_over(subagent.item, places) if subagent.item is not None else {}
    fitted, prompt = _fitted(fitting, places)
    if isinstance(subagent.program, PythonFunction):
        write_new(places.calling, b"")
    command = Command(
        _arguments(subagent.program, subagent.shard.value, places),
        os.path.join(around.folder, subagent.cwd or "."),
        {**around.environment, **own, **handed, **fitted},
        places.stdout,
        places.stderr,
        subagent.policy.timeout,
        prompt,
        idle_timeout=subagent.policy.idle_timeout,
        watched=(places.shard,),
        stop_signal=signal.Signals[subagent.policy.stop_signal or "SIGTERM"],
        grace=subagent.policy.grace,
    )
    if isinstance(subagent.program, AgentPreset):
        return _called(subagent.program, subagent, command, places, own)
    return command


def _called(
    preset: AgentPreset, subagent: Subagent, command: Command, places: SubagentFolder, own: Mapping[bytes, bytes]
) -> Command:
    """Call an agent CLI: it starts in a folder of its own unless it is given one, and reads here and there."""
    from shardflow.agents.start import AgentTask
    from shardflow.execution.agents.calling import called, with_model, working_folder

    found = {name: command.environment.get(f"SHARDFLOW_{name}".encode()) for name in ("OUTPUT", "OUTPUT_DIR")}
    output, output_dir = (None if found[name] is None else os.fsdecode(found[name] or b"") for name in found)
    project = os.fsdecode(command.environment[b"SHARDFLOW_WORKFLOW_DIR"])
    group = None if subagent.shard is ShardForm.COPY else os.path.dirname(places.path)  # it finds the base there
    readable = dict.fromkeys(path for path in (project, os.getcwd(), output_dir, group) if path is not None)
    task = AgentTask(working_folder(places.path), places.shard, output, tuple(readable))
    folder = task.folder if subagent.cwd is None else command.cwd
    return called(with_model(preset, subagent.config), replaced(command, cwd=folder), task, own)


def _handed_over(item: Item, places: SubagentFolder) -> dict[bytes, bytes]:
    """Hand an item over as a file, and its key as a variable. Raises StorageError."""
    from shardflow.storage.json.canonical import canonical_bytes  # most groups fan out over nothing

    write_new(places.item, canonical_bytes(item.value), mode=READ_ONLY)
    return dict(zip(_OF_AN_ITEM, (os.fsencode(places.item), os.fsencode(item.key)), strict=True))


def _fitted(fitting: Fitting | None, places: SubagentFolder) -> tuple[dict[bytes, bytes], str | None]:
    """Leave its prompt in a subagent's folder; give its variables, and what it reads on its standard input."""
    if fitting is None:
        return {}, None
    if fitting.prompt is None:
        return encoded(fitting.environment), None
    write_new(places.prompt, fitting.prompt)
    return encoded({**fitting.environment, "SHARDFLOW_PROMPT": places.prompt}), places.prompt


def arguments_of(program: ShellCommand | ArgumentList | AgentPreset) -> tuple[str, ...]:
    """Give what to start; nothing of an agent CLI, as that is worked out where it is called."""
    match program:
        case ShellCommand(text):
            return ("/bin/sh", "-c", text)
        case ArgumentList(arguments):
            return arguments
        case AgentPreset():
            return ()


def encoded(variables: Mapping[str, str]) -> dict[bytes, bytes]:
    """Give variables as the system has them."""
    return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}


def _own(name: str, shard: str) -> dict[bytes, bytes]:
    path = os.fsencode(shard)
    return {b"SHARDFLOW_ID": name.encode(), b"SHARDFLOW_SHARD": path, b"CONTEXT_FILE": path}


def _arguments(program: Program, form: str, places: SubagentFolder) -> tuple[str, ...]:
    match program:
        case ShellCommand() | ArgumentList() | AgentPreset():
            return arguments_of(program)
        case PythonFunction(module, name):
            return (sys.executable, *_UTF8, "-c", _BOOT, _HOME, places.calling, f"{module}:{name}", form)
        case OfType(name):
            raise AssertionError(f"the map of agents was not asked for {name}")
        case EngineMade():
            raise AssertionError("what the engine makes itself is not started")
