"""Options that many commands share."""

from __future__ import annotations

from typing import Final

from shardflow.cli.parameters import Option

JSON: Final = Option(("--json",), "Print one JSON object on standard output, and nothing else there.")
