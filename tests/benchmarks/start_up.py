"""What every call costs before and after its work: commands that have next to nothing to do, against a bare Python.

    python -m tests.benchmarks.start_up                # about ten seconds

Medians of the wall time of the whole command, in turns. `ratio` is to a Python that does nothing. The last rows
say why records are not dataclasses: what the definition of one class of three fields takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shardflow.model.records import record
from tests.benchmarks.measuring import SHARDFLOW, medians, run, seconds, show

WORKFLOW = "name: one\nphases: [{id: only, behavior: main-only, run: ['true']}]\n"


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.start_up")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        times = _commands(Path(folder), rounds)
    bare = times["python -c pass"]
    show(("command", "wall", "ratio"), [(name, f"{1e3 * t:.0f} ms", f"{t / bare:.1f}") for name, t in times.items()])
    print()
    classes = {"record": _define(record), "frozen slotted dataclass": _define(dataclass(frozen=True, slots=True))}
    show(("one class", "defined in"), [(name, f"{1e6 * t:.0f} us") for name, t in classes.items()])


def _commands(folder: Path, rounds: int) -> dict[str, float]:
    (folder / "w.yaml").write_text(WORKFLOW, encoding="utf-8")
    (folder / "a.json").write_text("{}\n", encoding="utf-8")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "shardflow --version": [*SHARDFLOW, "--version"],
        "shardflow validate": [*SHARDFLOW, "validate", "w.yaml"],
        "shardflow merge": [*SHARDFLOW, "merge", "a.json", "a.json", "-o", "o.json"],
        "shardflow run": [*SHARDFLOW, "run", "w.yaml", "--quiet"],
    }
    return medians({name: _in(folder, command) for name, command in commands.items()}, rounds)


def _in(folder: Path, command: list[str]) -> Callable[[], None]:
    return lambda: run(command, folder)


def _define(decorate: Callable[[type], type]) -> float:
    """Give the least time one definition took."""

    def definition() -> None:
        @decorate
        class _Value:
            first: int
            second: str
            third: tuple[int, ...]

    return min(seconds(definition) for _ in range(50))


if __name__ == "__main__":
    main()
