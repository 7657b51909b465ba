"""Runs scripts one after another in one Node.js process, each apart from the others and within its limit.

Law: whatever a script does, `run` gives an outcome, and the next script finds a sound process: one that loops, hangs or
takes too much memory is killed at its limit, with the process if need be, and a new process is started for the next.
The limit counts the script's own time: not the start of its worker, and while a helper works the clock stands still.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Protocol

from shardflow.errors import InvalidJson
from shardflow.execution.scripts.model import (
    SCRIPT_LIMIT,
    Deliverable,
    Died,
    NamedScript,
    NeverSettled,
    NotJson,
    Returned,
    Scope,
    ScriptFault,
    ScriptOutcome,
    ScriptRun,
    Stopped,
    Threw,
    TimedOut,
)
from shardflow.execution.scripts.node import START_LIMIT, Late, Node, NodeGone, StoppedWaiting
from shardflow.model.paths import ROOT, Path, path_text
from shardflow.model.values import ABSENT, Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.strict import parse_json

_MEGABYTES: Final = 512
"""The heap of one script."""
_LONGEST_RESULT: Final = 64 << 20
"""Characters of JSON that a script may return."""
_LONGEST_LOG: Final = 1000
"""Lines of a script's log that are kept."""
_LONGEST_LINE: Final = 2000
_EXACT: Final = 1 << 53
"""From here on JavaScript cannot tell neighbouring integers apart (ECMAScript, Number.MAX_SAFE_INTEGER)."""
_SHOWN_PATHS: Final = 3
_CHECK_LIMIT: Final = 60.0


class HelperError(Exception):
    """A helper cannot do what it was asked to; the script gets the message as an Error, where it called."""


class ScriptHelpers(Protocol):
    """What a script can call. Raised HelperErrors are thrown in the script."""

    names: tuple[str, ...]

    def call(self, name: str, arguments: list[Json]) -> Json:
        """Do what the helper of this name does, and give what it returns. Raises HelperError."""

    def ask(self, prompts: Sequence[str]) -> Sequence[str | HelperError]:
        """Ask the configured agent all of these at the same time: an answer, or why there is none, for each."""

    def written(self) -> tuple[Deliverable, ...]:
        """Give, and forget, what was written since this was last asked."""


class ScriptHost:
    """Runs scripts while the `with` block runs. Node.js is started when first needed.

    `needed_by` names in errors what needs it: `phase 'plan'`. `stopped` says whether the run is asked to stop.
    """

    def __init__(self, needed_by: str, stopped: Callable[[], bool] = lambda: False) -> None:
        self._needed_by = needed_by
        self._stopped = stopped
        self._node: Node | None = None
        self._count = 0

    def __enter__(self) -> ScriptHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def check(self, scripts: Sequence[NamedScript]) -> tuple[ScriptFault, ...]:
        """Give what does not parse, in order. Runs nothing. Raises NodeUnusable."""
        if not scripts:
            return ()
        due = time.monotonic() + _CHECK_LIMIT
        node = self._started()
        try:
            node.send({"check": [{"form": script.form.value, "text": script.text} for script in scripts]}, due)
            faults: Any = node.receive(due)["faults"]
        except StoppedWaiting:
            self._end()
            return ()
        except (Late, NodeGone):
            reason = self._end() or f"took more than {_CHECK_LIMIT:g} s"
            return (ScriptFault(scripts[0], f"could not be checked: {reason}", None),)
        found = zip(scripts, faults, strict=True)
        return tuple(ScriptFault(script, fault["message"], fault["line"]) for script, fault in found if fault)

    def run(self, script: NamedScript, scope: Scope, helpers: ScriptHelpers, limit: float = SCRIPT_LIMIT) -> ScriptRun:
        """Run a script; `limit` in seconds. Raises NodeUnusable, and what `helpers` raise but HelperError."""
        node = self._started()
        self._count += 1
        running = _Running(node, self._count, helpers, limit)
        try:
            outcome = running.outcome(script, scope)
        except BaseException:
            self._end()
            raise
        if not isinstance(outcome, Returned | Threw | NotJson | NeverSettled):
            reason = self._end()
            outcome = Died(reason or outcome.reason) if isinstance(outcome, Died) else outcome
        warnings = (*_rounded(scope), *running.warnings)
        return ScriptRun(outcome, helpers.written(), running.log, warnings)

    def _started(self) -> Node:
        if self._node is not None and self._node.has_ended:
            self._end()  # nobody was served by it then
        if self._node is None:
            self._node = Node(self._needed_by, self._stopped)
        return self._node

    def _end(self) -> str:
        node, self._node = self._node, None
        return node.end() if node is not None else ""


class _Running:
    """One script while it runs: its messages are heard and answered until it has ended."""

    def __init__(self, node: Node, number: int, helpers: ScriptHelpers, limit: float) -> None:
        self.changed = False
        self._node = node
        self._number = number
        self._helpers = helpers
        self._limit = limit
        self._due = time.monotonic() + START_LIMIT
        self._log: list[str] = []
        self._unlogged = 0

    @property
    def log(self) -> tuple[str, ...]:
        return (*self._log, *([f"... and {self._unlogged} more lines"] if self._unlogged else ()))

    @property
    def warnings(self) -> tuple[str, ...]:
        told = "it changed its copy of the context, which is not kept: return what shall be kept, or write it to a file"
        return (told,) if self.changed else ()

    def outcome(self, script: NamedScript, scope: Scope) -> ScriptOutcome:
        try:
            self._node.send(self._request(script, scope), self._due)
            while True:
                outcome = self._heard(self._node.receive(self._due))
                if outcome is not None:
                    return outcome
        except Late:
            return TimedOut(self._limit)
        except StoppedWaiting:
            return Stopped()
        except NodeGone:
            return Died("its process ended")

    def _request(self, script: NamedScript, scope: Scope) -> dict[str, object]:
        given: dict[str, Json] = {
            "context": scope.context,
            "phase": scope.phase,
            "output_dir": scope.output_dir,
            "helpers": list(self._helpers.names),
        }
        return {
            "run": self._number,
            "form": script.form.value,
            "text": script.text,
            "scope": written_bytes(given).decode(),
            "megabytes": _MEGABYTES,
            "longest": _LONGEST_RESULT,
        }

    def _heard(self, message: dict[str, Any]) -> ScriptOutcome | None:
        if message.get("run") != self._number:
            return None  # of a script that ended meanwhile
        match message:
            case {"started": _}:
                self._due = time.monotonic() + self._limit
            case {"log": line}:
                self._keep(line)
            case {"call": request}:
                self._paused(lambda: self._called(request))
            case {"ask": asked}:
                self._paused(lambda: self._asked(asked))
            case _:
                self.changed = message.get("changed", False)
                return _outcome(message)
        return None

    def _keep(self, line: str) -> None:
        """Keep a line of its log; one that prints without end fills nothing but its own time."""
        if len(self._log) < _LONGEST_LOG:
            self._log.append(line[:_LONGEST_LINE])
        else:
            self._unlogged += 1

    def _paused(self, work: Callable[[], None]) -> None:
        """Do something for the script while its clock stands still."""
        left = self._due - time.monotonic()
        work()
        self._due = time.monotonic() + left

    def _called(self, request: str) -> None:
        name, arguments = json.loads(request)
        try:
            answer: dict[str, object] = {"value": self._helpers.call(name, arguments)}
        except HelperError as error:
            answer = {"error": f"{name}: {error}"}
        self._node.answer(answer, time.monotonic() + START_LIMIT)

    def _asked(self, asked: list[tuple[int, str]]) -> None:
        answers = self._helpers.ask([prompt for _, prompt in asked])
        said = [
            [number, {"error": f"thinkHard: {answer}"} if isinstance(answer, HelperError) else {"value": answer}]
            for (number, _), answer in zip(asked, answers, strict=True)
        ]
        self._node.send({"answers": said}, time.monotonic() + START_LIMIT)


def _outcome(message: dict[str, Any]) -> ScriptOutcome:
    match message:
        case {"value": value}:
            return _returned(value)
        case {"unfit": reason}:
            return NotJson(reason)
        case {"threw": text, "line": line}:
            return Threw(text, line)
        case {"died": reason}:
            return Died(reason)
        case _:
            return NeverSettled()


def _returned(value: str | None) -> Returned | NotJson:
    if value is None:
        return Returned(ABSENT)
    try:
        return Returned(parse_json(value.encode("utf-8", "surrogatepass"), "result"))
    except InvalidJson as error:
        return NotJson(error.problems[0].placed_message)


def _rounded(scope: Scope) -> tuple[str, ...]:
    """Tell which numbers of the context a script sees rounded."""
    paths = [path_text(path) for path in _inexact(scope.context, ROOT)]
    if not paths:
        return ()
    more = f" and {len(paths) - _SHOWN_PATHS} more" if len(paths) > _SHOWN_PATHS else ""
    shown = ", ".join(paths[:_SHOWN_PATHS])
    return (f"it sees a number rounded that JavaScript cannot hold: {shown}{more} of the context",)


def _inexact(value: Json, path: Path) -> Iterator[Path]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _inexact(member, (*path, name))
        case list():
            for index, item in enumerate(value):
                yield from _inexact(item, (*path, index))
        case Decimal():
            yield path
        case int() if abs(value) >= _EXACT:
            yield path
