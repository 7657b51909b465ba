"""Options that many commands share."""

from __future__ import annotations

from typing import Final

from shardflow.cli.declarations import known
from shardflow.cli.parameters import Option

JSON: Final = Option(("--json",), "Print one JSON object on standard output, and nothing else there.")
FORMAT: Final = Option(
    ("--format",), "How to print: table, json or markdown. Default: table.", "FORMAT", known=known.formats
)
FORMAT_OF_DIFFERENCES: Final = Option(
    ("--format",),
    "How to print: table, json, markdown, or differences in deepdiff's words. Default: table.",
    "FORMAT",
    known=known.formats_of_differences,
)
ALL: Final = Option(("--all",), "Show long tables whole, not their first 20 rows.")
QUIET: Final = Option(("--quiet", "-q"), "Print problems only.")

ANSWERS: Final = Option(
    ("--answers",),
    "What to choose at checkpoints, by phase or in order; what it lacks is asked at the terminal.",
    "FILE",
    reads=True,
)
"""Decisions written down beforehand."""

YES: Final = Option(
    ("--yes",),
    "Take the first option at checkpoints that --answers does not decide; one that repeats a phase three times.",
)
"""Decisions taken for granted."""
