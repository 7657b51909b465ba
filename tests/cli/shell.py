"""The command as a person calls it: a real process, with an environment that keeps its texts stable."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shardflow.cli.declarations import completed
from shardflow.storage.json.strict import parse_record
from tests.cli.shapes import hold

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "PYTHONPATH": str(REPOSITORY),
    "COLUMNS": "80",
    "TERM": "dumb",
    "LANG": "C.UTF-8",
}
COMMAND = [sys.executable, "-m", "shardflow"]


def shardflow(
    *arguments: str | Path,
    cwd: Path | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command, with these variables too, and wait for it; standard output and error are no terminals.

    Whatever object it prints is held to the page of these objects.
    """
    ended = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
    )
    line = [*map(str, arguments)]
    if "--json" in line and ended.stdout and "--help" not in line:
        told = parse_record(ended.stdout.encode(errors="surrogateescape"), "standard output")
        assert isinstance(told, dict)
        assert told["exit_code"] == ended.returncode
        hold(completed(line), told)
    return ended


@contextmanager
def reader_that_left() -> Iterator[IO[str]]:
    """Give the writing end of a pipe that nobody reads any more, as in `shardflow ... | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream
