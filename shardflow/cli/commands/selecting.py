"""Options about what is shown and how, read into a selection. Raises UsageError for what nobody offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shardflow.cli.views.selection import COMMON, Format, Selection
from shardflow.errors import UsageError
from shardflow.model.decisions import Outcome
from shardflow.model.documents import did_you_mean

OUTCOMES: Final = {
    "conflicts": Outcome.CONFLICT,
    **{outcome.value: outcome for outcome in Outcome if outcome is not Outcome.CONFLICT},
}


def selection_of(
    layout: str | None, only: str | None, *, whole: bool, as_json: bool, offered: Sequence[Format] = COMMON
) -> Selection:
    """Read `--format`, which is one of those offered, `--only`, `--all` and `--json`."""
    chosen = format_of(layout, offered, as_json=as_json)
    return Selection(chosen, None if only is None else _outcome(only), whole)


def format_of(layout: str | None, offered: Sequence[Format] = COMMON, *, as_json: bool = False) -> Format:
    """Read `--format` and `--json`, which is `--format json`."""
    if layout is None:
        return Format.JSON if as_json else Format.TABLE
    chosen = next((one for one in offered if one.value == layout), None)
    if chosen is None:
        raise UsageError(f"unknown format '{layout}'; {did_you_mean(layout, offered)}")
    if as_json and chosen is not Format.JSON:
        raise UsageError(f"--json is --format json; leave one of --json and --format {layout} out")
    return chosen


def _outcome(only: str) -> Outcome:
    if only not in OUTCOMES:
        raise UsageError(f"unknown outcome '{only}' for --only; {did_you_mean(only, OUTCOMES)}")
    return OUTCOMES[only]
