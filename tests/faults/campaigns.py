"""Campaigns as the tests start them: a module of this folder as a program, what it prints read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.execution.running import ROOT


def found(module: str, folder: Path, *arguments: str) -> Any:
    """Run `python -m tests.faults.MODULE FOLDER ...` and give the object it prints."""
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", str(folder), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(ended.stdout)
