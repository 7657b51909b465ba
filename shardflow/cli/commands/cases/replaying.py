"""Cases: what comes out of one, and whether that is what it expects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TextIO

from shardflow.cli.commands.cases.laws import broken_law
from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.cases import replayed_object
from shardflow.cli.views.display import count
from shardflow.cli.views.merging.ledger import ledger_text
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import markdown_span
from shardflow.execution.cases.files import load_case
from shardflow.execution.cases.telling import told
from shardflow.execution.rules.sources import load_named_rules
from shardflow.exit_codes import CONFLICTS
from shardflow.merge.cases import Case, Comparison, compare, replay
from shardflow.merge.engine import MergeResult
from shardflow.model.records import record
from shardflow.storage.excerpts import printable

_DIFFERS = 1


@record
class _Replayed:
    """What came out of a case; `found` is None where it expects nothing, `law` says how it breaks its law."""

    name: str
    case: Case
    result: MergeResult
    found: Comparison | None
    law: tuple[str, ...]

    @property
    def is_as_expected(self) -> bool:
        return not self.law and (self.found is None or self.found.is_same)


def replay_case(file: str, rules: str | None, shown: Selection) -> int:
    """Merge a case, under its own rules or those named; give the exit code."""
    loaded = load_case(file)
    case, asked = loaded.case, loaded.rules.rules if rules is None else load_named_rules(rules).rules
    result = replay(case, asked)
    found = None if case.expected is None else compare(case.expected, result)
    replayed = _Replayed(loaded.name, case, result, found, broken_law(case, asked))
    code = _exit_code(replayed)
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(replayed_object(case, result, found, replayed.law, code, shown)))
    else:
        _tell(replayed, shown)
    return code


def _exit_code(replayed: _Replayed) -> int:
    if not replayed.is_as_expected:
        return _DIFFERS
    asks_only = replayed.found is None and not replayed.case.law
    return CONFLICTS if asks_only and replayed.result.conflicts else 0


def _tell(replayed: _Replayed, shown: Selection) -> None:
    stream = None if shown.layout is Format.MARKDOWN else sys.stdout
    verdict = list(_verdict(replayed, stream))
    if shown.layout is Format.MARKDOWN:
        verdict = ["", *(f"- {markdown_span(line.strip())}" for line in verdict)]
    CONSOLE.say("\n".join([ledger_text(replayed.result, stream, shown), *verdict]))


def _verdict(replayed: _Replayed, stream: TextIO | None) -> Iterator[str]:
    name, found = printable(replayed.name), replayed.found
    if replayed.law:
        yield f"{name}: {styled('breaks the law', 'bad', stream)} it names"
        yield from (f"  {line}" for line in replayed.law)
    elif replayed.case.law:
        yield f"{name}: {styled('keeps the law', 'good', stream)} {printable(replayed.case.law)!r}"
    if found is not None and found.is_same:
        yield f"{name}: {styled('as expected', 'good', stream)}"
    elif found is not None:
        yield f"{name}: {styled('not as expected', 'bad', stream)}"
        yield from (f"  {line}" for line in told(found))
    elif not replayed.case.law:
        yield f"{name}: {count(len(replayed.result.conflicts), 'conflict')}; the case expects nothing"
