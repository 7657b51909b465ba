"""The Node.js process that runs scripts: found, started, talked to line by line, ended.

It leads a process group of its own, so that an interrupt meant for us never reaches it in the middle of a script, and
it ends itself when its standard input does, so that it never outlives us, however we die.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from shardflow.errors import NodeUnusable
from shardflow.execution.processes.survivors import signal_group

OLDEST_NODE: Final = 18

_HOST: Final = os.path.join(os.path.dirname(__file__), "host.js")
_POLL: Final = 0.05
"""Seconds between two looks at whether the run is asked to stop."""
START_LIMIT: Final = 30.0
"""Seconds for Node.js to start, or to take what it is handed; a loaded machine takes a few."""
_LAST_WAIT: Final = 5.0
"""Seconds for it to end once it has closed a pipe."""
_CHUNK: Final = 1 << 16
_PASSED_ON: Final = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
"""All of our environment that it gets: a NODE_OPTIONS meant for other programs does not change what a script does."""


class NodeGone(Exception):
    """The process ended, or says nothing any more that can be understood."""


class Late(Exception):
    """The moment that was waited for has passed."""


class StoppedWaiting(Exception):
    """The run was asked to stop."""


class Node:
    """A running Node.js process. `stopped` is asked again and again while waiting."""

    __slots__ = ("_answers", "_line_buffer", "_popen", "_requests", "_stopped", "version")

    def __init__(self, needed_by: str, stopped: Callable[[], bool]) -> None:
        """Start it. Raises NodeUnusable, naming who needs it, where there is none or one too old."""
        program = _found(needed_by)
        self._stopped = stopped
        self._line_buffer = bytearray()
        self._start(program, needed_by)
        try:
            hello = self.receive(time.monotonic() + START_LIMIT)
        except (NodeGone, Late):
            reason = self.end() or "it does not answer"
            raise NodeUnusable(f"{needed_by} needs Node.js, and {program} does not work: {reason}") from None
        except BaseException:
            self.end()
            raise
        self.version = str(hello["version"])
        if int(self.version.split(".")[0]) < OLDEST_NODE:
            self.end()
            raise NodeUnusable(
                f"{needed_by} needs Node.js {OLDEST_NODE} or newer, and {program} is {self.version}; "
                "install a newer one, or put one first on PATH"
            )

    def _start(self, program: str, needed_by: str) -> None:
        requests, its_requests = os.pipe()
        its_answers, answers = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [program, _HOST, str(its_requests), str(its_answers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(its_requests, its_answers),
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                process_group=0,
            )
        except OSError as error:
            os.close(requests)
            os.close(answers)
            raise NodeUnusable(f"{needed_by} needs Node.js, and {program} cannot be started: {error}") from None
        finally:
            os.close(its_requests)
            os.close(its_answers)
        self._requests, self._answers = requests, answers
        for pipe in (self._answers, self._stdin):
            os.set_blocking(pipe, False)

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self._popen.poll() is not None

    @property
    def _stdin(self) -> int:
        assert self._popen.stdin is not None
        return self._popen.stdin.fileno()

    def send(self, message: dict[str, object], due: float) -> None:
        """Hand a message to its main thread. Raises NodeGone, Late, StoppedWaiting."""
        self._write(self._stdin, message, due)

    def answer(self, message: dict[str, object], due: float) -> None:
        """Answer the script that waits for it. Raises NodeGone, Late, StoppedWaiting."""
        self._write(self._answers, message, due)

    def receive(self, due: float) -> dict[str, object]:
        """Give the next message. Raises NodeGone, Late, StoppedWaiting."""
        while b"\n" not in self._line_buffer:
            self._wait(due, reading=self._requests)
            chunk = os.read(self._requests, _CHUNK)
            if not chunk:
                raise self._gone()
            self._line_buffer += chunk
        line, _, self._line_buffer = self._line_buffer.partition(b"\n")
        message: dict[str, object] = json.loads(line)
        return message

    def end(self) -> str:
        """Kill it, and all that it started; say why it ended before that, as far as it said so."""
        ended = self._popen.poll()
        signal_group(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            said = stderr.read().decode("utf-8", "replace")
        with suppress(OSError):  # what it was not handed any more
            assert self._popen.stdin is not None
            self._popen.stdin.close()
        os.close(self._requests)
        os.close(self._answers)
        return _reason(ended, said)

    def _gone(self) -> NodeGone:
        """Let it come to its own end, which tells why, once it has closed a pipe."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_LAST_WAIT)
        return NodeGone()

    def _write(self, pipe: int, message: dict[str, object], due: float) -> None:
        rest = memoryview(json.dumps(message).encode() + b"\n")
        while rest:
            self._wait(due, writing=pipe)
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._gone() from None

    def _wait(self, due: float, *, reading: int | None = None, writing: int | None = None) -> None:
        readers = [] if reading is None else [reading]
        writers = [] if writing is None else [writing]
        while True:
            if self._stopped():
                raise StoppedWaiting
            left = due - time.monotonic()
            if left <= 0:
                raise Late
            if any(select.select(readers, writers, [], min(left, _POLL))[:2]):
                return


def _found(needed_by: str) -> str:
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        raise NodeUnusable(
            f"{needed_by} needs Node.js {OLDEST_NODE} or newer, and there is no 'node' on PATH; "
            "install it (https://nodejs.org)"
        )
    return program


def _reason(code: int | None, said: str) -> str:
    if "heap out of memory" in said:
        return "out of memory"
    if code is None:
        return ""
    lines = [line for line in said.splitlines() if line.strip()]
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{how}: {lines[-1].strip()}" if lines else how
