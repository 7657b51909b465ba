"""A run of a sample as a stranger starts it, with its run directory in a folder of the test."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.shell import REPOSITORY, shardflow

SAMPLES = REPOSITORY / "samples"
PATH = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
"""`python3` in a sample is the interpreter of the tests, whatever else the machine calls so."""


@dataclass(frozen=True)
class Run:
    """What a run left: its exit code, its two streams and its run directory."""

    exit_code: int
    output: str
    errors: str
    folder: Path

    @property
    def context_bytes(self) -> bytes:
        """Give the canonical context as it stands in the file."""
        return (self.folder / "context.json").read_bytes()

    @property
    def context(self) -> dict[str, Any]:
        """Give the canonical context."""
        context: dict[str, Any] = json.loads(self.context_bytes)
        return context


def run_sample(workflow: str, folder: Path, *options: str, **environment: str) -> Run:
    """Run `samples/<workflow>` with a run directory that does not exist yet."""
    done = shardflow(
        "run", SAMPLES / workflow, "--run-dir", folder, *options, environment={"PATH": PATH, **environment}
    )
    return Run(done.returncode, done.stdout, done.stderr, folder)
