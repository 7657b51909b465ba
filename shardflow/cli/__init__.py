"""Floor 4: parses, prints, picks an exit code; nothing else."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end it with the exit code."""
    sys.exit(command_line(sys.argv[1:]))


def command_line(line: list[str]) -> int:
    """Do what one command line asks for (without the program's name) and give its exit code."""
    if line == ["--version"]:
        print(version_line())
        return 0
    from shardflow.cli.guard import guarded

    return guarded(line)


def version_line() -> str:
    """Name the program and its version."""
    import shardflow

    return f"shardflow {shardflow.__version__}"
