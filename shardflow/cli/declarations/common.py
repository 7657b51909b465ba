"""Options that many commands share."""

from __future__ import annotations

from typing import Final

from shardflow.cli.parameters import Option

JSON: Final = Option(("--json",), "Print one JSON object on standard output, and nothing else there.")
FORMAT: Final = Option(("--format",), "How to print: table, json or markdown. Default: table.", "FORMAT")
ALL: Final = Option(("--all",), "Show long tables whole, not their first 20 rows.")
QUIET: Final = Option(("--quiet", "-q"), "Print problems only.")
