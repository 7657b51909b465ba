"""Guided by coverage: `pip install atheris`, `python -m tests.fuzzing.guided TARGET [-runs=N or any of libFuzzer]`.

Atheris is no part of the development extra: it comes for few versions of Python, and the mutations need nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shardflow"]):
    from tests.fuzzing.targets import TARGETS


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, "-timeout=20", "-rss_limit_mb=1536", corpus], target.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
