"""The command as a person calls it: a real process, with an environment that keeps its texts stable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def shardflow(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command and wait for it; standard output and error are captured, not terminals."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
    )
