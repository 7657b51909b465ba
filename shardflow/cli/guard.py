"""From a command line to an exit code: what can go wrong becomes one plain message, never a traceback."""

from __future__ import annotations

import os
from typing import Final

from shardflow.cli.console import CONSOLE, never_fail_to_encode
from shardflow.cli.declarations import GROUPS, all_commands, commands_of, completed
from shardflow.cli.quick import Call, Given, quick_call
from shardflow.cli.refusing import hand_over_error
from shardflow.cli.views.display import printable_lines
from shardflow.errors import ShardflowError, UsageError
from shardflow.exit_codes import FAILED, INTERRUPTED
from shardflow.storage.excerpts import printable
from shardflow.storage.pipes import STANDARD_INPUT

_NOWHERE: Final = "the current folder is gone, or may not be looked into; change to another one"
_DEBUG: Final = "SHARDFLOW_DEBUG"
_COMPLETION: Final = "_SHARDFLOW_COMPLETE"
"""Set by the shell while it completes a line (typer's convention: the program's name in capitals)."""


def guarded(line: list[str]) -> int:
    """Read a command line, do what it asks for, and give the exit code that README.md lists."""
    never_fail_to_encode()
    try:
        code = _read_and_call(completed(line))
    except KeyboardInterrupt as error:
        code = INTERRUPTED
        hand_over_error(line, error, code)
    except Exception as error:
        code = _internal_error(error)
        hand_over_error(line, error, code)
    return CONSOLE.finished(code)


def _read_and_call(line: list[str]) -> int:
    call = None if _COMPLETION in os.environ else quick_call(line, commands_of)
    if call is None:
        from shardflow.cli.app import read_with_typer  # slow, and only for what the quick parser left

        read = read_with_typer(line, all_commands(), GROUPS)
        if isinstance(read, int):
            return read
        call = read
    return _called(call, line)


def _called(call: Call, line: list[str]) -> int:
    try:
        return call.command.function(**_with_standard_input(call))
    except (ShardflowError, OSError) as told:
        error = told if isinstance(told, ShardflowError) or _stands_somewhere() else UsageError(_NOWHERE)
        CONSOLE.complain(f"shardflow {call.command.name}: {printable_lines(str(error))}")
        code = error.exit_code if isinstance(error, ShardflowError) else FAILED
        hand_over_error(line, error, code)
        return code


def _with_standard_input(call: Call) -> dict[str, Given]:
    """Give what was given, `-` as the pipe or file that standard input is, wherever something is read."""
    reading = {parameter.name for parameter in call.command.parameters if parameter.marker.reads}
    return {name: _named(value) if name in reading else value for name, value in call.values.items()}


def _named(given: Given) -> Given:
    match given:
        case "-":
            return STANDARD_INPUT
        case list():
            return [STANDARD_INPUT if one == "-" else one for one in given]
        case _:
            return given


def _stands_somewhere() -> bool:
    """Whether there is a current folder, from which relative paths go."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _internal_error(error: Exception) -> int:
    import traceback

    details = "".join(traceback.format_exception(error))
    if os.environ.get(_DEBUG):
        CONSOLE.complain(printable_lines(details))
        return FAILED
    told = printable(f"{type(error).__name__}: {error}")
    CONSOLE.complain(f"shardflow: internal error, please report it: {told} ({_kept(details)})")
    return FAILED


def _kept(details: str) -> str:
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="shardflow-error-", suffix=".txt", errors="backslashreplace", delete=False
        ) as file:
            file.write(details)
    except OSError:
        return f"set {_DEBUG}=1 to see the details"
    return f"details in {printable(file.name)}"
