"""What is no run directory, and why."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.storage.processes import printed

LOCKED = """
import os, sys
from shardflow.errors import NotARun
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import read_run_record
if os.getuid() == 0:  # root may look into every folder
    os.setgid(65534)
    os.setuid(65534)
try:
    read_run_record(RunDirectory(sys.argv[1]))
except NotARun as error:
    print(error)
"""


def test_a_folder_that_may_not_be_looked_into_is_not_said_to_lack_a_record() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "run"
        folder.mkdir()
        (folder / "run.json").write_text("{}")
        folder.chmod(0)
        told = printed(LOCKED, folder)
        folder.chmod(0o755)
    assert told == f"{folder} is no run directory: it cannot be looked into: permission denied\n"
