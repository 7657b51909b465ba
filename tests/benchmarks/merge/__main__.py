"""The tables: our own merge by size, number and shape of the copies, then other mergers beside it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import orjson

import tests.benchmarks.merge as page
from shardflow.execution.folding.base import Base
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from tests.benchmarks.measuring import cpu_seconds, show
from tests.benchmarks.merge.contexts import SEED, Shape, task
from tests.benchmarks.merge.inputs import Inputs, indented, obstacles, write
from tests.benchmarks.merge.memory import memory_of_merge
from tests.benchmarks.merge.mergers import command, floor, merge_deltas, read_deltas
from tests.benchmarks.merge.peers import Peer, peers

SIZES = {"10KB": 10_000, "1MB": 1_000_000, "10MB": 10_000_000}
NUMBERS = (10, 100, 1000)
QUICK = 100_000_000
"""The most bytes of copies that are merged unless `--full` is given."""
ONE_ROUND = 1_000_000_000
"""From so many bytes of copies on, one round must do; beyond, the command is not started."""
SOON = 50_000_000
"""So many bytes of copies are merged at least, in rounds more than asked for if need be."""
LONG = 5.0
"""After so many seconds another merger is not tried again."""
HEADS = ("size", "copies", "shape", "floor", "offline", "group end", "command", "memory", "to changes")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.merge",
        description=page.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=SIZES, action="append", help="only bases of this size")
    parser.add_argument("--copies", type=int, action="append", help="only so many copies")
    parser.add_argument("--shape", type=Shape, choices=list(Shape), action="append", help="only copies of this shape")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="the large ones too, and jsonmerge with 1 MB")
    parser.add_argument("--no-peers", action="store_true", help="without other mergers")
    options = parser.parse_args()
    _say_where()
    _print(HEADS)
    for row in _ours(options):
        _print(row)
    if not options.no_peers:
        for size in options.size or ("10KB", "1MB"):
            print(f"\nother mergers: 10 scattered copies of {size}")
            show(("merger", "time", "ratio", "changes", "counters"), list(_beside(SIZES[size], options)))
    _say_where()
    print(f"repeat: python -m tests.benchmarks.merge {' '.join(sys.argv[1:])}".rstrip())


def _say_where() -> None:
    versions = f"Python {sys.version.split()[0]}, orjson {orjson.__version__}"
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{versions}, {os.cpu_count()} cores, load {load}, seed {SEED}")


def _print(cells: Iterable[str]) -> None:
    """Print a row at once: the large ones are waited for long."""
    print("".join(cell.rjust(13) for cell in cells).rstrip(), flush=True)


def _ours(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    everything = options.full or options.size or options.copies
    for size, copies, shape in product(options.size or SIZES, options.copies or NUMBERS, options.shape or Shape):
        if everything or SIZES[size] * copies <= QUICK:
            with tempfile.TemporaryDirectory() as folder:
                reasons = [f"  left out: {reason}" for reason in obstacles(SIZES[size], copies, Path(folder))]
                cells = reasons or _row(SIZES[size], copies, shape, folder, options.rounds)
            yield (size, f"{copies:,}", shape, *cells)


def _row(size: int, copies: int, shape: Shape, folder: str, rounds: int) -> list[str]:
    """Measure one kind of copies: the floor in milliseconds, ratios to it, and memory."""
    made = task(size, copies, shape)
    inputs = write(made, shape, Path(folder))
    expected = indented(made.expected())
    times = [_round(inputs, expected) for _ in range(_rounds(size * copies, rounds))]
    floors, *others = zip(*times, strict=True)
    ratios = [min(other) / min(floors) for other in others]
    whole = _whole(inputs, expected) if size * copies <= ONE_ROUND else "-"
    memory = memory_of_merge(inputs).growth
    held = inputs.base.stat().st_size + sum(edits.bytes_changed() for edits in made.edits)
    return [
        f"{min(floors) * 1000:,.1f} ms", *(f"{ratio:.2f}" for ratio in ratios), whole,
        f"{memory / (1 << 20):,.0f} MiB", f"{memory / held:.1f}",
    ]  # fmt: skip


def _whole(inputs: Inputs, expected: bytes) -> str:
    """Measure the command as a whole, which holds and prints every decision: too many for the largest."""
    taken = cpu_seconds(lambda: command(inputs))
    _check(inputs, expected)
    return f"{taken / cpu_seconds(lambda: floor(inputs)):.2f}"


def _rounds(size: int, asked: int) -> int:
    """Give how many rounds copies of so many bytes take: small ones are soon disturbed, and soon measured."""
    return 1 if size >= ONE_ROUND else max(asked, min(asked * 20, SOON // size))


def _round(inputs: Inputs, expected: bytes) -> tuple[float, ...]:
    """Give the seconds of floor, offline merge, and its part at the end of a group."""
    inputs.ledger.unlink(missing_ok=True)
    the_floor = cpu_seconds(lambda: floor(inputs))
    read: list[tuple[Base, RuleSet, list[Delta]]] = []
    reading = cpu_seconds(lambda: read.append(read_deltas(inputs)))
    end = cpu_seconds(lambda: merge_deltas(inputs, *read[0]))  # and frees nothing that a run would go on with
    _check(inputs, expected)
    return the_floor, reading + end, end


def _check(inputs: Inputs, expected: bytes) -> None:
    if inputs.merged.read_bytes() != expected:
        raise SystemExit("the merge gave something else than expected")


def _beside(size: int, options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """Measure ours and the other mergers, each right after the floor, and see what each kept."""
    made = task(size, 10, Shape.SCATTERED)
    with tempfile.TemporaryDirectory() as folder:
        inputs = write(made, Shape.SCATTERED, Path(folder))
        mergers: dict[str, Peer] = {"shardflow": _merge, **peers(size, patient=options.full)}
        for name, merger in mergers.items():
            kept = (f"{share:.0%}" for share in made.kept(orjson.loads(merger(inputs))))
            taken, ratio = _against_floor(merger, inputs, options.rounds)
            yield name, f"{taken * 1000:,.0f} ms", f"{ratio:,.1f}", *kept


def _against_floor(merger: Peer, inputs: Inputs, rounds: int) -> tuple[float, float]:
    """Give the least seconds of some rounds, and their ratio; one round is enough where it takes long."""
    times: list[float] = []
    floors: list[float] = []
    while len(times) < rounds and sum(times) < LONG:
        floors.append(cpu_seconds(lambda: floor(inputs)))
        times.append(cpu_seconds(lambda: merger(inputs)))
    return min(times), min(times) / min(floors)


def _merge(inputs: Inputs) -> bytes:
    inputs.ledger.unlink(missing_ok=True)
    merge_deltas(inputs, *read_deltas(inputs))
    return inputs.merged.read_bytes()


if __name__ == "__main__":
    main()
