"""The law that files are opened in one place, `storage/files.py`: no link is followed, regular files only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import MODULES, parsed

DOOR = "shardflow/storage/files.py"

OPENS = {"open", "fdopen", "NamedTemporaryFile", "TemporaryFile", "mkstemp", "mkfifo", "copyfile", "copy2", "copytree"}
OPENS |= {"read_text", "read_bytes", "write_text", "write_bytes", "symlink", "symlink_to", "hardlink_to", "rmtree"}

EXCUSED = {
    "shardflow/storage/runs/journal.py": "a file that stays open: made or found without following links, and locked",
    "shardflow/storage/context_lock.py": "made or found without following a link, and refused unless it is a lock file",
    "shardflow/execution/scripts/folder.py": "a tree of its own, walked by descriptors of folders that are no links",
    "shardflow/execution/processes/survivors.py": "files of the kernel, below /proc",
    "shardflow/execution/processes/pool.py": "/dev/null",
    "shardflow/cli/console.py": "/dev/null",
    "shardflow/storage/spool.py": "a file without a name",
    "shardflow/storage/capabilities.py": "new files of random names, gone again at once",
    "shardflow/execution/inspection/runs.py": "removes whole runs, following no link",
    "shardflow/cli/guard.py": "a new file of a random name in the system's folder for such",
}
"""Who opens files otherwise, and why that is as good."""


def opened(tree: ast.AST) -> Iterator[str]:
    """Give every call by which something may be opened, as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in OPENS:
                yield ast.unparse(node.func)


@pytest.mark.parametrize("module", [module for module in MODULES if not module.startswith("shardflow/testing/")])
def test_files_are_opened_in_one_place(module: str) -> None:
    if module != DOOR and module not in EXCUSED:
        assert list(opened(parsed(module))) == [], f"use the functions of {DOOR}, or say here why that cannot be"


@pytest.mark.parametrize("module", sorted(set(EXCUSED)))
def test_nobody_is_excused_without_need(module: str) -> None:
    assert list(opened(parsed(module)))


@pytest.mark.parametrize(
    "line",
    ["open(x)", "os.open(x, 0)", "Path(x).read_text()", "tempfile.NamedTemporaryFile()", "with open(x) as f: pass"],
)
def test_an_open_is_seen_however_it_is_written(line: str) -> None:
    assert len(list(opened(ast.parse(line)))) == 1


@pytest.mark.parametrize("flag", ["O_NOFOLLOW", "O_CLOEXEC"])
def test_all_that_the_door_opens_is_opened_without_following_links(flag: str) -> None:
    text = Path(DOOR if Path(DOOR).exists() else Path(__file__).parent.parent.parent / DOOR).read_text()
    flags = [line for line in text.splitlines() if ": Final = os.O_" in line]
    assert flags
    assert all(f"os.{flag}" in line for line in flags)
