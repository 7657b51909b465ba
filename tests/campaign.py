"""The long campaign, `pytest tests/laws --campaign N`: N examples of each property, told while it goes on.

On a terminal one line says how far the property is; in the end a line tells how many examples of how many properties
were tried. A property that fails stops early, so the sum counts what was really tried.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest
from hypothesis import settings

INTERVAL = 1.0
"""Seconds between two lines of progress."""


class Campaign:
    """The plugin of one campaign; in worker processes of xdist too."""

    def __init__(self, config: pytest.Config, examples: int) -> None:
        self._config = config
        self._examples = examples
        self._tried: dict[str, int] = {}
        self._started = monotonic()
        settings.register_profile("campaign", settings.get_profile("default"), max_examples=examples)
        settings.load_profile("campaign")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Count the examples of a property while it runs."""
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        if handle is None:
            return (yield)
        count = Count(item.name, self._examples, self._show)
        inner = handle.inner_test
        handle.inner_test = count.around(inner)
        try:
            return (yield)
        finally:
            handle.inner_test = inner
            item.user_properties.append(("examples", count.tried))
            self._show("")

    def _show(self, text: str) -> None:
        """Redraw the line of progress, past pytest's capturing."""
        if not getattr(sys.__stderr__, "isatty", bool)():
            return
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print(f"\r\x1b[K{text}", end="", file=sys.__stderr__, flush=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the counts, from workers too."""
        tried = dict(report.user_properties).get("examples")
        if report.when == "call" and isinstance(tried, int):
            self._tried[report.nodeid] = tried

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was tried."""
        minutes = (monotonic() - self._started) / 60
        told = f"campaign: {sum(self._tried.values()):,} examples of {len(self._tried)} properties in {minutes:.1f} min"
        terminalreporter.write_line(told)


class Count:
    """Counts the examples that one property was asked about."""

    def __init__(self, name: str, wanted: int, show: Callable[[str], None]) -> None:
        self.tried = 0
        self._name = name
        self._wanted = wanted
        self._show = show
        self._next = monotonic() + INTERVAL

    def around(self, property_: Callable[..., object]) -> Callable[..., object]:
        """Give the property with the count around it."""

        def counted(*values: object, **named: object) -> object:
            self.tried += 1
            if monotonic() >= self._next:
                self._next = monotonic() + INTERVAL
                self._show(f"{self._name}: {self.tried:,} of {self._wanted:,} examples")
            return property_(*values, **named)

        return counted
