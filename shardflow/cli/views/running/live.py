"""The live view: on a terminal, what runs now, redrawn in place and never taller than the terminal. Above it stays a
line for each phase that has ended.

Rich takes some 70 ms to import, and a view drawn by the thread that starts subagents would hold them up. So a thread
of its own draws; it imports rich when the first subagents have been running for a moment, which costs nobody anything.
A run that is over by then shows no live view at all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

from shardflow.cli.console import SPINNER
from shardflow.cli.views.display import count, counts_text, seconds, shortened
from shardflow.cli.views.running.lines import allowed_text
from shardflow.cli.views.running.progress import JobProgress, Progress, State
from shardflow.cli.views.widths import columns_of, cut_inside
from shardflow.execution.reporting.events import ArbiterStarted, Event, PhaseFinished, SubagentStarted
from shardflow.execution.reporting.report import PhaseReport, Status
from shardflow.storage.excerpts import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Styled: TypeAlias = tuple[str, str]
"""A text with the name of its style."""

_DELAY: Final = 0.25
"""Seconds from the first start of a subagent or an arbiter until something is drawn."""
_INTERVAL: Final = 0.1
_SPARE_ROWS: Final = 1
"""Rows left free, for the line the command was typed in."""
_DETAIL_WIDTH: Final = 100
_LEAST_NAME: Final = 12
_BESIDE_NAME: Final = 18
"""Columns of mark, gaps and time beside a name: `  ⠋ name  59 min 59 s`."""
_MARKS: Final = {State.WAITING: ("·", "dim"), State.DONE: ("✓", "green"), State.FAILED: ("✗", "bold red")}


class LiveView:
    """A view redrawn in place on a terminal stream; `close` removes it, but for the phases that ended under it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress = Progress()
        self._ended: list[PhaseReport] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawer: threading.Thread | None = None

    def hear(self, event: Event) -> None:
        """Take one event in; the next drawing shows it."""
        with self._lock:
            self._progress.hear(event)
            if isinstance(event, PhaseFinished):
                self._ended.append(event.report)
        if self._drawer is None and isinstance(event, SubagentStarted | ArbiterStarted):
            self._drawer = threading.Thread(target=self._draw, name="live view", daemon=True)
            self._drawer.start()

    def pause(self) -> None:
        """Remove the view from the terminal until the next subagent or arbiter starts."""
        self.close()
        self._over, self._drawer = threading.Event(), None

    def close(self) -> None:
        """Remove the view from the terminal."""
        self._over.set()
        if self._drawer is not None:
            self._drawer.join()

    def _draw(self) -> None:
        if self._over.wait(_DELAY):
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, highlight=False)
        try:
            with Live(
                console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            ) as live:
                while not self._over.wait(_INTERVAL):
                    self._leave(console)
                    live.update(self._picture(console.height - _SPARE_ROWS, console.width), refresh=True)
                self._leave(console)
        except OSError:
            return  # the terminal is gone; the run goes on

    def _leave(self, console: Console) -> None:
        """Print what shall stay: the phases that have ended since."""
        with self._lock:
            ended, self._ended = self._ended, []
        for phase in ended:
            console.print(self._text(phase_line(phase)), soft_wrap=True)

    def _picture(self, rows: int, columns: int) -> Text:
        with self._lock:
            lines = picture(self._progress, rows, columns, monotonic())
        parts = [part for line in lines for part in (line, ("\n", ""))]
        return self._text(parts[:-1])

    def _text(self, parts: Sequence[Styled]) -> Text:
        from rich.text import Text

        return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def phase_line(phase: PhaseReport) -> list[Styled]:
    """Tell what an ended phase came to, in parts."""
    subagents = [one for group in phase.groups for one in group.subagents if not one.engine_made]
    ran = f"{count(len(subagents), 'subagent')}, {seconds(phase.seconds)}"
    conflicts = sum(len(group.conflicts) for group in phase.groups)
    match phase.status:
        case Status.DONE:
            counts = Counter[str]()
            for group in phase.groups:
                counts.update(group.counts)
            kept = ", kept from an earlier start" if phase.groups and all(one.kept for one in phase.groups) else ""
            came_to = f"{counts_text(counts)}{allowed_text(phase.groups)}"
            return [("✓", "green"), (f" {phase.id}: {ran}{kept}, {came_to}", "")]
        case Status.SKIPPED:
            return [(f"· {phase.id}: skipped, {shortened(phase.reason, _DETAIL_WIDTH)}", "dim")]
        case Status.CONFLICT:
            return [("✗", "bold red"), (f" {phase.id}: {ran}, {count(conflicts, 'unresolved conflict')}", "")]
        case status:
            return [("✗", "bold red"), (f" {phase.id}: {ran}, {status.value}", "")]


def picture(progress: Progress, rows: int, columns: int, now: float) -> list[Styled]:
    """Draw the run in at most `rows` lines (at least 3), each with its style: a head, the phase, who is in it.

    `columns` is the width of the terminal: a name that leaves no room to the time behind it is cut.
    """
    head = [_head(progress, now), *_phase(progress)]
    room = max(1, rows - len(head))
    jobs = [*progress.subagents.values(), *progress.arbiters.values()]
    shown = jobs if len(jobs) <= room else _most_telling(jobs, room - 1)
    width = min(max((columns_of(job.name) for job in shown), default=0), max(_LEAST_NAME, columns - _BESIDE_NAME))
    more = [(f"  … and {len(jobs) - len(shown):,} more", "dim")] if len(shown) < len(jobs) else []
    return [*head, *(_job(job, width, now) for job in shown), *more]


def _most_telling(jobs: list[JobProgress], room: int) -> list[JobProgress]:
    """Pick running ones first, then failed, waiting, done; shown in rank order."""
    order = list(State)
    ranked = sorted(range(len(jobs)), key=lambda rank: (order.index(jobs[rank].state), rank))
    return [jobs[rank] for rank in sorted(ranked[:room])]


def _head(progress: Progress, now: float) -> Styled:
    place = progress.phases.index(progress.phase) + 1 if progress.phase else 0
    reached = f"phase {place} of {len(progress.phases)}"
    return f"{printable(progress.workflow)} · {progress.state} · {reached} · {seconds(now - progress.started)}", "bold"


def _phase(progress: Progress) -> list[Styled]:
    if not progress.phase:
        return []
    counts = progress.counts()
    states = [f"{number:,} {state.value}" for state, number in counts.items() if number]
    told = ", ".join([*states, "merging"] if progress.is_merging else states)
    return [(f"{progress.phase} ({progress.behavior}): {told}", "")]


def _job(job: JobProgress, width: int, now: float) -> Styled:
    name = cut_inside(job.name, width)
    padded = name + " " * (width - columns_of(name))
    match job.state:
        case State.RUNNING:
            elapsed = now - job.since
            frame = SPINNER[int(now / _INTERVAL) % len(SPINNER)]
            return f"  {frame} {padded}  {seconds(elapsed)}", "cyan"
        case State.WAITING:
            mark, style = _MARKS[State.WAITING]
            return f"  {mark} {name}", style
        case ended:
            mark, style = _MARKS[ended]
            detail = f"  {shortened(job.detail, _DETAIL_WIDTH)}" if job.detail else ""
            return f"  {mark} {padded}  {seconds(job.seconds)}{detail}", style
