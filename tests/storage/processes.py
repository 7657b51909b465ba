"""Other Python processes, running a piece of code with the package importable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process with pipes to talk to it; use as a context manager."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def printed(code: str, *arguments: object) -> str:
    """Run a process to its end and give what it printed; it must succeed."""
    with started(code, *arguments) as process:
        output, _ = process.communicate()
    assert process.returncode == 0
    return output


def line_from(process: subprocess.Popen[str]) -> str:
    """Wait for the next line a process prints."""
    assert process.stdout is not None
    return process.stdout.readline()
