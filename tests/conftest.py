"""Hypothesis profiles: the everyday one, and the long campaign (`pytest tests/laws --campaign N`).

Tests marked `needs("jq", "node")` are skipped, and say why, on a machine without these programs.
"""

import shutil
import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    # ignored signals are inherited, as from nohup or the background of a script: the engines that are tried shall hear
    # them all the same; handlers are not inherited, so this process hears no more than before
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", type=int, default=None, metavar="N", help="examples for each property (default: 100)"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        wanted = {program for marker in item.iter_markers("needs") for program in marker.args}
        missing = sorted(program for program in wanted if shutil.which(program) is None)
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"needs {' and '.join(missing)}"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*programs): skipped where one of these programs is missing")
    examples = config.getoption("--campaign")
    if examples is not None:
        from tests.campaign import Campaign

        config.pluginmanager.register(Campaign(config, examples), "campaign")
