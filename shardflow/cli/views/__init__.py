"""How things are shown: to people as escaped text, to programs as one JSON object."""

from __future__ import annotations

import sys
from typing import Protocol

from shardflow.cli.console import CONSOLE, is_terminal
from shardflow.execution.reporting.events import Event


class View(Protocol):
    """Something that shows a run while it goes on."""

    def hear(self, event: Event) -> None:
        """Take one event in."""

    def pause(self) -> None:
        """Get out of the way, for a person who is asked; whatever is heard next may show again."""

    def close(self) -> None:
        """End the showing, before anything else is printed."""


class NoView:
    """A view for those who want none."""

    def hear(self, event: Event) -> None:
        """Show nothing."""

    def pause(self) -> None:
        """Nothing is in the way."""

    def close(self) -> None:
        """Nothing is left open."""


def view_for(*, quiet: bool, as_json: bool) -> View:
    """Choose the view: live on a terminal, plain lines elsewhere; standard output belongs to the JSON object if any."""
    if quiet:
        return NoView()
    stream = sys.stderr if as_json else sys.stdout
    if is_terminal(stream):
        from shardflow.cli.views.running.live import LiveView

        return LiveView(stream)
    if as_json:
        return NoView()
    from shardflow.cli.views.running.lines import PlainLines

    return PlainLines(CONSOLE.say)
