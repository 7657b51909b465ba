"""Listens to runs, and holds their events to the order that `reporting/events.py` documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TypeVar, get_args

from shardflow.execution.reporting import events
from shardflow.execution.reporting.events import Event, Listener
from shardflow.execution.reporting.report import RunReport

T = TypeVar("T")


def heard(run: Callable[[T, Listener], RunReport], request: T, listen: Listener = lambda event: None) -> RunReport:
    """Run or resume to the end; the events come in the order that is documented."""
    names: list[str] = []

    def hear(event: Event) -> None:
        names.append(type(event).__name__)
        listen(event)

    report = run(request, hear)
    assert documented_order().fullmatch("".join(f"{name}," for name in names)), names
    return report


@cache
def documented_order() -> re.Pattern[str]:
    """Read the order, which is written as a regular expression of names, and of parts in capitals."""
    told = re.split(r"\n\n", events.__doc__ or "")[2]
    order, *parts = re.split(r"\n *(?=[A-Z]+:)", told.strip())
    for part in parts:
        name, _, inner = part.partition(":")
        order = order.replace(name, f"({inner})")
    assert {*re.findall(r"\w+", order)} == {event.__name__ for event in get_args(Event)}
    return re.compile(re.sub(r"\s", "", re.sub(r"\w+", r"(?:\g<0>,)", order)))
