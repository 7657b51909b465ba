"""Standard output and standard error: the only place that writes to them.

Laws: a reader that left (`| head`) is no error and stops nothing; any other failure to write, also that standard output
is closed (`>&-`), is told once, at the end, so that a full disk under a log cannot end a run. Text is escaped by
whoever words it (`views/display.py`).
"""

from __future__ import annotations

import codecs
import os
import sys
from errno import EBADF
from typing import IO, Any, Final, TextIO

from shardflow.exit_codes import FAILED


class Console:
    """What this process prints. `failure` is the first failed write that was no reader leaving."""

    def __init__(self) -> None:
        self.failure: OSError | None = None

    def say(self, text: str) -> None:
        """Write lines to standard output."""
        self._write(sys.stdout, text + "\n")

    def complain(self, text: str) -> None:
        """Write lines to standard error; who closed that wants none of it."""
        if sys.stderr is not None:
            self._write(sys.stderr, text + "\n")

    def redraw(self, text: str) -> None:
        """Write a line over the last one like it, on a terminal's standard error; an empty text removes it."""
        if sys.stderr is not None:
            self._write(sys.stderr, f"\r\x1b[K{text}")

    def hand_over(self, json_data: bytes) -> None:
        """Write JSON to standard output, byte for byte; only a terminal gets its unprintable characters as escapes."""
        if sys.stdout is not None and sys.stdout.isatty():
            json_data = _escaped(json_data.decode()).encode()
        self._write(sys.stdout and sys.stdout.buffer, json_data)

    def finished(self, code: int) -> int:
        """Tell that something could not be printed, and give the exit code: silence must not pass for success."""
        if self.failure is None:
            return code
        why = (self.failure.strerror or str(self.failure)).lower()
        self.complain(f"shardflow: standard output cannot be written: {why}")
        return code or FAILED

    def _write(self, stream: IO[Any] | None, text: str | bytes) -> None:
        if stream is None:  # standard output, closed before we started
            self.failure = self.failure or OSError(EBADF, "it is closed")
            return
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            _silence(stream)
            if not isinstance(error, BrokenPipeError) and self.failure is None:
                self.failure = error


def _escaped(json_text: str) -> str:
    """Give JSON that means the same and cannot steer a terminal: only its strings hold anything unprintable."""
    from json import dumps

    return "".join(c if c == "\n" or c.isprintable() else dumps(c)[1:-1] for c in json_text)


def _silence(stream: IO[Any]) -> None:
    """Let all further writes go nowhere; the bytes already buffered would fail again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

_PLAIN: Final = dict(zip(SPINNER, "|/-\\|/-\\|/", strict=True)) | {"·": ".", "✓": "+", "✗": "x", "…": "~"}
"""What stands for our own signs, one for one, where an encoding lacks them."""


def never_fail_to_encode() -> None:
    """Print what the terminal's encoding lacks as plain signs or escapes instead of failing."""
    codecs.register_error("shardflow", _encodable)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="shardflow")


def _encodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream shows on a terminal that can move its cursor."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def columns_on(stream: TextIO | None) -> int | None:
    """Count the columns that a line may have without being broken: None where no terminal shows it."""
    if stream is None or not stream.isatty():
        return None
    return os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS


_USUAL_COLUMNS: Final = 80
"""Of a terminal that does not tell how wide it is."""


def has_colour(stream: TextIO | None) -> bool:
    """Tell whether a stream may be coloured (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def styled(text: str, style: str, stream: TextIO | None) -> str:
    """Give a text a style by its name where the stream shows styles."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if has_colour(stream) else text


_STYLES: Final = {"bold": "1", "good": "32", "bad": "1;31", "warn": "33", "dim": "2"}

CONSOLE: Final = Console()
"""The console of this process."""
