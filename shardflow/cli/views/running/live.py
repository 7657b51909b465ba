"""The live view: on a terminal, what runs now, redrawn in place and never taller than the terminal.

Rich takes some 70 ms to import, and a view drawn by the thread that starts subagents would hold them up. So a thread
of its own draws; it imports rich when the first subagents have been running for a moment, which costs nobody anything.
A run that is over by then shows no live view at all.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO

from shardflow.cli.views.display import seconds, shortened
from shardflow.cli.views.running.progress import JobProgress, Progress, State
from shardflow.execution.reporting.events import ArbiterStarted, Event, SubagentStarted
from shardflow.storage.excerpts import printable

if TYPE_CHECKING:
    from rich.text import Text

_DELAY: Final = 0.25
"""Seconds from the first start of a subagent or an arbiter until something is drawn."""
_INTERVAL: Final = 0.1
_FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SPARE_ROWS: Final = 1
"""Rows left free, for the line the command was typed in."""
_DETAIL_WIDTH: Final = 100
_PLAIN: Final = str.maketrans(
    dict(zip(_FRAMES, "|/-\\|/-\\|/", strict=True)) | {"·": ".", "✓": "+", "✗": "x", "…": "~"}
)
"""The signs of this view for an encoding that lacks one of them."""
_MARKS: Final = {State.WAITING: ("·", "dim"), State.DONE: ("✓", "green"), State.FAILED: ("✗", "bold red")}


class LiveView:
    """A view redrawn in place on a terminal stream; `close` removes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress = Progress()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawer: threading.Thread | None = None

    def hear(self, event: Event) -> None:
        """Take one event in; the next drawing shows it."""
        with self._lock:
            self._progress.hear(event)
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
                    live.update(self._picture(console.height - _SPARE_ROWS), refresh=True)
        except OSError:
            return  # the terminal is gone; the run goes on

    def _picture(self, rows: int) -> Text:
        from rich.text import Text

        with self._lock:
            lines = picture(self._progress, rows, monotonic())
        shows_all = _can_show(self._stream, _PLAIN)
        text = Text(no_wrap=True, overflow="ellipsis" if shows_all else "crop")
        for index, (line, style) in enumerate(lines):
            text.append("\n" * bool(index))
            text.append(line if shows_all else line.translate(_PLAIN), style)
        return text


def _can_show(stream: TextIO, characters: Iterable[int]) -> bool:
    try:
        "".join(map(chr, characters)).encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True


def picture(progress: Progress, rows: int, now: float) -> list[tuple[str, str]]:
    """Draw the run in at most `rows` lines (at least 3), each with its style: a head, the phase, who is in it."""
    head = [_head(progress, now), *_phase(progress)]
    room = max(1, rows - len(head))
    jobs = [*progress.subagents.values(), *progress.arbiters.values()]
    if len(jobs) <= room:
        return head + [_job(job, now) for job in jobs]
    shown = _most_telling(jobs, room - 1)
    return [*head, *(_job(job, now) for job in shown), (f"  … and {len(jobs) - len(shown):,} more", "dim")]


def _most_telling(jobs: list[JobProgress], room: int) -> list[JobProgress]:
    """Pick running ones first, then failed, waiting, done; shown in rank order."""
    order = list(State)
    ranked = sorted(range(len(jobs)), key=lambda rank: (order.index(jobs[rank].state), rank))
    return [jobs[rank] for rank in sorted(ranked[:room])]


def _head(progress: Progress, now: float) -> tuple[str, str]:
    word = "stopping" if progress.stopping else "running"
    place = progress.phases.index(progress.phase) + 1 if progress.phase else 0
    reached = f"phase {place} of {len(progress.phases)}"
    return f"{printable(progress.workflow)} · {word} · {reached} · {seconds(now - progress.started)}", "bold"


def _phase(progress: Progress) -> list[tuple[str, str]]:
    if not progress.phase:
        return []
    counts = progress.counts()
    told = ", ".join(f"{number:,} {state.value}" for state, number in counts.items() if number)
    return [(f"{progress.phase} ({progress.behavior}): {told}", "")]


def _job(job: JobProgress, now: float) -> tuple[str, str]:
    match job.state:
        case State.RUNNING:
            elapsed = now - job.since
            frame = _FRAMES[int(now / _INTERVAL) % len(_FRAMES)]
            return f"  {frame} {job.name}  {seconds(elapsed)}", "cyan"
        case State.WAITING:
            mark, style = _MARKS[State.WAITING]
            return f"  {mark} {job.name}", style
        case ended:
            mark, style = _MARKS[ended]
            detail = f"  {shortened(job.detail, _DETAIL_WIDTH)}" if job.detail else ""
            return f"  {mark} {job.name}  {seconds(job.seconds)}{detail}", style
