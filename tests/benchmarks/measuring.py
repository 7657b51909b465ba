"""What the benchmarks share: running commands, alternating rounds, and printing ratios.

Absolute times drift with the machine and its load; so what is compared is measured in turns, round after round,
and the medians are set in proportion.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARDFLOW = (sys.executable, "-m", "shardflow")


def seconds(work: Callable[[], object]) -> float:
    """Give the wall time of a piece of work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """Give the time a piece of work kept a processor busy, its child processes included: other load hardly shows."""
    start = _busy()
    work()
    return _busy() - start


def _busy() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def run(command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None, stdin: str = "") -> None:
    """Run a command to its end. Raises SystemExit with what it said if it fails.

    `python3` is this interpreter: a shim that looks for one first may take a tenth of a second, many times over. Python
    may keep what it compiled, as an installed package has it: compiling all modules anew takes longer than most calls.
    """
    modules = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    programs = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables = {**inherited, "PYTHONPATH": modules, "PATH": programs, **(environment or {})}
    done = subprocess.run(command, cwd=cwd, env=variables, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


def medians(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the median wall time of each piece of work, in turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: statistics.median(its) for name, its in times.items()}


def show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column stands left, the others right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join([first.strip().ljust(widths[0]), *rest]))
