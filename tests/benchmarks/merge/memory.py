"""How much memory an offline merge takes, seen in a process of its own. Linux only.

The peak is `VmHWM` of /proc/self/status. `ru_maxrss` would not do: it counts in what the parent held before it
started this process.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.merge.inputs import Inputs
from tests.benchmarks.merge.mergers import merge_deltas, read_deltas


@dataclass(frozen=True)
class Memory:
    """Bytes a process held when it had loaded its modules, and at its peak."""

    loaded: int
    peak: int

    @property
    def growth(self) -> int:
        """What the merge itself took."""
        return self.peak - self.loaded


def memory_of_merge(inputs: Inputs) -> Memory:
    """Merge in a process of its own, and give what that held."""
    command = [sys.executable, "-m", __name__, str(inputs.folder)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return Memory(*map(int, said.split()))


def _main(folder: str) -> None:
    loaded = _held("VmRSS")
    inputs = Inputs(Path(folder))
    inputs.ledger.unlink(missing_ok=True)
    merge_deltas(inputs, *read_deltas(inputs))
    print(loaded, _held("VmHWM"))


def _held(field: str) -> int:
    found = re.search(rf"^{field}:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise LookupError(f"/proc/self/status has no {field}")
    return int(found[1]) * 1024


if __name__ == "__main__":
    _main(sys.argv[1])
