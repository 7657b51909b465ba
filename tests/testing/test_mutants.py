"""The laws catch what is wrong on purpose; `python -m tests.testing.mutants` tells how soon."""

from __future__ import annotations

import pytest

from tests.testing.mutants import engines, options, strategies
from tests.testing.mutants.hunting import hunt_engine, hunt_options, hunt_strategy


@pytest.mark.parametrize("wrong", strategies.MUTANTS)
def test_a_wrong_strategy_is_caught(wrong):
    assert hunt_strategy(strategies.MUTANTS[wrong], seed=1) is not None


@pytest.mark.parametrize("wrong", engines.MUTANTS)
def test_a_wrong_engine_is_caught(wrong):
    assert hunt_engine(engines.MUTANTS[wrong], seed=1) is not None


@pytest.mark.parametrize("wrong", options.MUTANTS)
def test_options_minded_wrongly_are_caught(wrong):
    assert hunt_options(options.MUTANTS[wrong], seed=1) is not None


def test_there_are_more_than_seventy_mutants():
    assert len(strategies.MUTANTS) + len(engines.MUTANTS) > 70
