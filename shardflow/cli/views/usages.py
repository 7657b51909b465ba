"""What agent CLIs used, in one line: `1,280 tokens in, 310 tokens out, $0.0421, by 3 subagents and 1 arbiter`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from shardflow.cli.views.display import count
from shardflow.execution.reporting.usages import Used


def used_text(used: Used) -> str:
    """Tell the sums, and by how many; where some of them did not say, how many did."""
    tries = f" in {count(used.tries, 'try', 'tries')}" if used.tries > used.subagents else ""
    whose = [count(used.subagents, "subagent") + tries] if used.subagents else []
    whose += [count(used.arbiters, "arbiter")] if used.arbiters else []
    whose += [count(used.prompts, "prompt of scripts", "prompts of scripts")] if used.prompts else []
    return f"{', '.join(_sums(used)) or 'nothing told'}, by {' and '.join(whose)}"


def _sums(used: Used) -> Iterator[str]:
    every = used.tries + used.arbiters + used.prompts
    tokens_in = "" if used.input is None else f"{used.input:,} tokens in"
    tokens_out = "" if used.output is None else f"{used.output:,} tokens out"
    dollars = "" if used.cost is None else _dollars(used.cost)
    for text, told_by in zip((tokens_in, tokens_out, dollars), used.told_by, strict=True):
        if text:
            yield text if told_by == every else f"{text} (told by {told_by:,} of {every:,})"


def _dollars(amount: float | Decimal) -> str:
    """Show dollars; small sums, which are the rule, with more digits."""
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"
