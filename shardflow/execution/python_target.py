"""The child's side of `python: module:function`: call it with the context, write what it returns as the shard.

Law: the shard is written whole or not at all, and only after the function returned; where the function wrote that file
and said nothing else, it stays. What the function raises is a normal traceback on standard error and exit code 1; what
it prints is in its logs. To exit with 0 is not to return: the file `calling` in the subagent's folder is removed as the
last thing of all, and while it stands nothing has returned.

Loads little: its start-up is paid by every subagent. `groups/subagents/workplace.py` leaves that file and starts it as
`main` with the file, the function's name and the form of the shard as arguments, and with the package's home first on
`sys.path`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import TracebackType

from shardflow.errors import ShardflowError
from shardflow.model.values import MAX_DEPTH, Json, a_kind, flaw
from shardflow.storage.files import put_file, read_regular
from shardflow.storage.json.canonical import canonical_bytes, line_bytes
from shardflow.storage.json.strict import parse_json

_LIMIT = 1 << 30


def main() -> None:
    """Run the function that the command line names."""
    calling, target, form = sys.argv[1:]
    # The package's home was first only to get here safely: the function's modules come from its own folders.
    home = sys.path.pop(0)
    sys.path[:0] = dict.fromkeys((os.getcwd(), os.environ["SHARDFLOW_WORKFLOW_DIR"]))
    sys.path += [] if home in sys.path else [home]
    sys.argv = [target]
    sys.excepthook = _show_without_this_module
    shard = os.environ["SHARDFLOW_SHARD"]
    before = _held(shard)
    try:
        wanted = _called(_function(target), _context(), form)
    except SystemExit as ended:
        if not ended.code:
            # with exit code 0 the untouched shard would pass for what was wanted, and what was changed would be lost
            raise SystemExit(f"shardflow: {target!r} ended its process before it returned; return instead") from None
        raise
    if _held(shard) == before:
        _leave(shard, wanted, form)
    elif not _says_nothing(wanted, form):
        raise SystemExit(f"shardflow: {target!r} wrote its shard and changed the context, too; do one of both")
    os.unlink(calling)


def _held(shard: str) -> bytes | None:
    try:
        return read_regular(shard, _LIMIT)
    except ShardflowError:
        return None


def _says_nothing(wanted: Json, form: str) -> bool:
    """Tell whether a function only did what it did in the file of its shard: itself, or by a program it called."""
    return not wanted if form != "copy" else canonical_bytes(wanted) == canonical_bytes(_context())


def _context() -> Json:
    base = os.environ["SHARDFLOW_BASE"]
    return parse_json(read_regular(base, _LIMIT), base)


def _function(target: str) -> Callable[[Json], object]:
    """Find the function. Raises what importing its module raises, or SystemExit with a sentence."""
    module, _, name = target.partition(":")
    __import__(module)
    function: object = getattr(sys.modules[module], name, None)
    if function is None:
        raise SystemExit(f"shardflow: module {module!r} has no function {name!r}")
    if not callable(function):
        raise SystemExit(f"shardflow: {target!r} cannot be called")
    return function


def _called(function: Callable[[Json], object], context: Json, form: str) -> Json:
    """Give what the function wants in its shard.

    With `copy` a context: its argument, if it returns None. With `patch` a merge patch: an empty one then. With
    `journal` a list of operations: none then.
    """
    returned = function(context)
    nothing: dict[str, Json] = {"copy": context, "patch": {}, "journal": []}
    wanted = returned if returned is not None else nothing[form]
    kind_of_it, name = (list, "a list of operations") if form == "journal" else (dict, "an object")
    if not isinstance(wanted, kind_of_it):
        raise SystemExit(f"shardflow: the function must return {name} or None, not {_named(wanted)}")
    # a list of operations is written one by one, each nested as deep as a document
    if problem := flaw(wanted, MAX_DEPTH + 1 if form == "journal" else MAX_DEPTH):
        raise SystemExit(f"shardflow: what the function returned cannot be written as JSON: {problem}")
    return wanted


def _named(value: object) -> str:
    try:
        return a_kind(value)  # type: ignore[arg-type]  # anything may come back from a function
    except KeyError:
        return type(value).__name__


def _leave(shard: str, value: Json, form: str) -> None:
    try:
        lines = value if form == "journal" and isinstance(value, list) else None
        put_file(shard, canonical_bytes(value) if lines is None else b"".join(map(line_bytes, lines)))
    except ShardflowError as error:
        raise SystemExit(f"shardflow: cannot write the shard: {error}") from None


def _show_without_this_module(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show a traceback from the function on: the frames of this module say nothing about it."""
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, "<string>"):
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)
