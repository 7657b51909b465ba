"""Words for people: hostile text made printable, long values cut short and said so, plurals, seconds, places.

Law: nothing that comes from a context, a log, a file name or a message reaches the terminal before `printable`
has been over it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Final

from shardflow.model.decisions import Outcome
from shardflow.model.paths import Path, path_text
from shardflow.storage.excerpts import printable

_PATH_WIDTH: Final = 1_000
"""Characters of a path, which is whole wherever it is shown: only a hostile one is longer."""

_NAMES_WIDTH: Final = 140
"""Characters of a list of names, which has room for two ids of any length."""

STANDING_STYLES: Final = {
    **dict.fromkeys(("failed", "conflict", "killed"), "bad"),
    **dict.fromkeys(("interrupted", "paused", "aborted", "decided"), "warn"),
    "running": "bold",
    "done": "good",
}
"""How the words for the standing of a run or a group are styled, wherever they are shown."""

_LIST_WIDTH: Final = 60
"""Characters of the path of a list that subagents are made from."""


def printable_lines(text: str) -> str:
    """Make a text of several lines printable, keeping its line ends."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, width: int) -> str:
    """Make a text printable in at most `width` characters; a cut one ends in an ellipsis."""
    shown = printable(text[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def names_text(names: Sequence[str], width: int = _NAMES_WIDTH) -> str:
    """List names in at most `width` characters; where they do not fit, the first ones and how many more there are."""
    whole = ", ".join(names)
    if len(names) < 2 or len(whole) <= width:
        return shortened(whole, width)
    room = width - len(f" and {len(names):,} more")
    ends = accumulate(len(name) + len(", ") for name in names)
    fitting = max(1, sum(1 for _ in takewhile(lambda end: end - len(", ") <= room, ends)))
    return f"{shortened(', '.join(names[:fitting]), room)} and {len(names) - fitting:,} more"


def path_label(path: Path, width: int = _PATH_WIDTH) -> str:
    """Show where a value stands. A path too long is cut inside: where it begins and, above all, where it ends stays."""
    text = path_text(path)
    if len(text) <= width and len(shown := printable(text)) <= width:
        return shown
    head = width // 3
    return f"{printable(text[:width])[:head]}…{printable(text[-width:])[head + 1 - width :]}"


def place(path: str) -> str:
    """Show a file or folder, relative to the current folder where it is inside it, unless that is the root."""
    return printable(_from_here(path))


def shell_word(path: str) -> str:
    """Show a file or folder as one word of a shell command, which no command takes for an option."""
    from shlex import quote

    path = _from_here(path)
    return printable(quote(f"./{path}" if path.startswith("-") else path))


def _from_here(path: str) -> str:
    try:
        here = os.path.join(os.getcwd(), "")
    except FileNotFoundError:  # the current folder was removed
        return path
    return path if here == os.sep else path.removeprefix(here) or os.curdir


def count(number: int, one: str, many: str = "") -> str:
    """Count things: `1 subagent`, `1,000 subagents`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def subagents_text(number: int, lists: Sequence[Path]) -> str:
    """Count the subagents that a phase names: `4 subagents and one for each item of $.files`.

    `lists` has the list of each that stands for as many as there are items.
    """
    several = Counter(path_label(path, _LIST_WIDTH) for path in lists)
    parts = [(number - len(lists), "")] if number > len(lists) or not lists else []
    parts += [(of_each, f" for each item of {where}") for where, of_each in several.items()]
    (first, where), *others = parts
    told = [count(first, "subagent") + where, *(few(more) + where for more, where in others)]
    return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))


def few(number: int) -> str:
    """Write a number inside a sentence: `one`, `2`, `1,000`."""
    return "one" if number == 1 else f"{number:,}"


def counts_text(counts: Mapping[str, int]) -> str:
    """Tell the changes by outcome: `12 changes (10 applied, 2 in conflict)`."""
    said = {Outcome.CONFLICT.value: "in conflict"}
    parts = [f"{number:,} {said.get(outcome, outcome)}" for outcome, number in counts.items() if number]
    total = count(sum(counts.values()), "change")
    return f"{total} ({', '.join(parts)})" if parts else total


def way_on(run_dir: str, *, undecided: bool) -> str:
    """Say how to go on with a run that is not done: one in conflict waits for somebody who decides."""
    run = shell_word(run_dir)
    return (
        f"decide:        shardflow merge {run} --interactive" if undecided else f"go on:         shardflow resume {run}"
    )


def seconds(amount: float) -> str:
    """Show a time: `0.4 s`, `1 min 05 s`, `2 h 03 min`."""
    if amount < 59.95:
        return f"{amount:.1f} s"
    whole = round(amount)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
