"""Cases: what comes out of one, and whether that is what it expects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TextIO

from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.cases import replayed_object
from shardflow.cli.views.display import count
from shardflow.cli.views.ledger import ledger_text
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import markdown_span
from shardflow.execution.cases.files import load_case
from shardflow.execution.cases.telling import told
from shardflow.execution.rule_sources import load_named_rules
from shardflow.merge.cases import Comparison, compare, replay
from shardflow.merge.engine import MergeResult
from shardflow.storage.excerpts import printable

_DIFFERS = 1
_CONFLICTS = 3


def replay_case(file: str, rules: str | None, shown: Selection) -> int:
    """Merge a case, under its own rules or those named; give the exit code."""
    loaded = load_case(file)
    case = loaded.case
    result = replay(case, loaded.rules.rules if rules is None else load_named_rules(rules).rules)
    found = None if case.expected is None else compare(case.expected, result)
    code = _exit_code(found, result)
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(replayed_object(result, found, code, shown)))
        return code
    stream = None if shown.layout is Format.MARKDOWN else sys.stdout
    verdict = list(_verdict(loaded.name, found, result, stream))
    if shown.layout is Format.MARKDOWN:
        verdict = ["", *(f"- {markdown_span(line.strip())}" for line in verdict)]
    CONSOLE.say("\n".join([ledger_text(result, stream, shown), *verdict]))
    return code


def _exit_code(found: Comparison | None, result: MergeResult) -> int:
    if found is None:
        return _CONFLICTS if result.conflicts else 0
    return 0 if found.is_same else _DIFFERS


def _verdict(name: str, found: Comparison | None, result: MergeResult, stream: TextIO | None) -> Iterator[str]:
    if found is None:
        yield f"{printable(name)}: {count(len(result.conflicts), 'conflict')}; the case expects nothing"
    elif found.is_same:
        yield f"{printable(name)}: {styled('as expected', 'good', stream)}"
    else:
        yield f"{printable(name)}: {styled('not as expected', 'bad', stream)}"
        yield from (f"  {line}" for line in told(found))
