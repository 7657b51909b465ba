"""Hypothesis profiles: the everyday one, and the long campaign (`pytest tests/laws --campaign N`)."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", type=int, default=None, metavar="N", help="examples for each property (default: 100)"
    )


def pytest_configure(config: pytest.Config) -> None:
    examples = config.getoption("--campaign")
    if examples is not None:
        from tests.campaign import Campaign

        config.pluginmanager.register(Campaign(config, examples), "campaign")
