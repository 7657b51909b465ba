"""Hostile bytes: read, or refused in words. See `tests/fuzzing/targets.py` for what is tried, and the law.

`pytest tests/fuzzing --campaign N` tries N inputs for each target; `python -m tests.fuzzing.campaign N` does so faster,
within a limit of memory and time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.execution.running import ROOT
from tests.fuzzing.mutations import mutated
from tests.fuzzing.targets import TARGETS, Target, clean_up, run_target

chances = st.integers(0, 1 << 64)


@pytest.mark.parametrize("name", TARGETS)
@given(chance=chances)
def test_a_text_with_something_wrong_is_read_or_refused_in_words(name: str, chance: int) -> None:
    TARGETS[name].check(mutated(Random(chance), TARGETS[name].seeds))


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_bytes_that_mean_nothing_are_read_or_refused_in_words(name: str, data: bytes) -> None:
    TARGETS[name].check(data)


@pytest.fixture(scope="module")
def runs() -> Iterator[Target]:
    yield run_target()
    clean_up()


@given(chance=chances)
def test_a_run_directory_with_something_wrong_is_looked_at_or_refused_in_words(runs: Target, chance: int) -> None:
    runs.check(mutated(Random(chance), runs.seeds))


def test_the_campaign_runs_within_its_limits_and_finds_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzzing.campaign", "20"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    found = json.loads(ended.stdout)
    assert set(found) == {*TARGETS, "run directories"}
    assert [result["broken"] for result in found.values() if result["broken"]] == []


def test_a_target_that_raises_anything_else_is_found() -> None:
    def read(data: bytes) -> None:
        if b"NaN" in data:
            raise RecursionError

    target = Target(read, (b"a",))
    inputs = (mutated(Random(number), target.seeds) for number in range(2000))
    with pytest.raises(RecursionError):
        deque(map(target.check, inputs))
