"""Who made what: the parts of a value with their origins, then what was superseded and what was removed there.

As an object: `Blamed` of `cli/README.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from shardflow.cli.views.display import names_text, path_label, shortened
from shardflow.cli.views.merging.ledger import no_shard, rule_text
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import EndKept, markdown_span, markdown_table, text_table
from shardflow.cli.views.tables import Row as Cells
from shardflow.execution.inspection.blame import Blame
from shardflow.merge.report import rule_json
from shardflow.merge.tracing.origins import Initial, Made, Origin, Outside, Row, Said
from shardflow.model.decisions import Outcome
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json
from shardflow.storage.excerpts import VALUE_WIDTH, value_text

_PARTS: Final = ("path", "value", "made by", "phase", "rule")
_SUPERSEDED: Final = ("path", "shard", "value", "superseded by", "phase", "rule")
_REMOVED: Final = ("path", "value", "removed by", "phase", "rule")


def blame_text(found: Blame, shown: Selection) -> str:
    """Show people who made what."""
    return "\n".join(_lines(found, shown))


def _lines(found: Blame, shown: Selection) -> Iterator[str]:
    if found.value is ABSENT:
        where = path_label(found.path)
        yield _heading(f"nothing stands at {markdown_span(where) if _in_markdown(shown) else where}", shown)
    yield from _table(_PARTS, "part", list(map(_part, shown.rows(found.parts))), found.parts, shown)
    if found.superseded:
        yield _heading("superseded:", shown)
        yield from _table(
            _SUPERSEDED, "change", list(map(_superseded, shown.rows(found.superseded))), found.superseded, shown
        )
    if found.removed:
        yield _heading("removed:", shown)
        yield from _table(_REMOVED, "removal", list(map(_removed, shown.rows(found.removed))), found.removed, shown)


def _heading(text: str, shown: Selection) -> str:
    return f"\n{text}\n" if _in_markdown(shown) else text


def _in_markdown(shown: Selection) -> bool:
    return shown.layout is Format.MARKDOWN


def _table(head: Cells, one: str, rows: list[Cells], whole: Sequence[object], shown: Selection) -> Iterator[str]:
    if rows:
        yield from markdown_table(head, rows) if _in_markdown(shown) else text_table(head, rows, sys.stdout)
    gap = [""] if _in_markdown(shown) else []
    for line in shown.left_out(whole, one):
        yield from [*gap, line]


def _part(row: Row) -> Cells:
    return (path_label(row.path), value_text(row.value), *_origin(row.origin))


def _origin(origin: Origin) -> Cells:
    match origin:
        case Initial():
            return ("the initial context", "", "")
        case Outside(group):
            return (f"no merge, before {group}", "", "")
        case Made(_, phase, shards, outcome, rule):
            how = "" if outcome is Outcome.APPLIED else f" ({outcome.value})"
            return (EndKept(names_text(shards or ("a resolution",)) + how), phase, EndKept(rule_text(rule)))


def _superseded(said: Said) -> Cells:
    by = EndKept(names_text(said.by or (no_shard(said.path, said.rule),)))
    what = (path_label(said.path), shortened(said.shard, VALUE_WIDTH), value_text(said.after))
    return (*what, by, said.phase, EndKept(rule_text(said.rule)))


def _removed(said: Said) -> Cells:
    who = said.shard if said.outcome is Outcome.APPLIED else f"{said.shard} ({said.outcome.value})"
    what = (path_label(said.path), value_text(said.before))
    return (*what, shortened(who, VALUE_WIDTH), said.phase, EndKept(rule_text(said.rule)))


def blame_object(found: Blame, code: int) -> dict[str, Json]:
    """Give programs who made what."""
    return {
        "status": "absent" if found.value is ABSENT else "found",
        "exit_code": code,
        "path": path_text(found.path),
        "parts": [{"path": path_text(row.path), "value": row.value, **_origin_json(row.origin)} for row in found.parts],
        "superseded": [_said_json(said) for said in found.superseded],
        "removed": list(map(_removed_json, found.removed)),
    }


def _origin_json(origin: Origin) -> dict[str, Json]:
    match origin:
        case Initial():
            return {"came_from": "initial"}
        case Outside(group):
            return {"came_from": "outside", "group": group}
        case Made(group, phase, shards, outcome, rule):
            where: dict[str, Json] = {"came_from": "merge", "group": group, "phase": phase}
            return {**where, "shards": list(shards), "outcome": outcome.value, "rule": rule_json(rule)}


def _removed_json(said: Said) -> Json:
    before: dict[str, Json] = {} if said.before is ABSENT else {"before": said.before}
    return {**_said_json(said), **before}


def _said_json(said: Said) -> dict[str, Json]:
    where: dict[str, Json] = {"path": path_text(said.path), "group": said.group, "phase": said.phase}
    after: dict[str, Json] = {} if said.after is ABSENT else {"after": said.after}
    what = {"shard": said.shard, **after, "outcome": said.outcome.value}
    return {**where, **what, "rule": rule_json(said.rule), "superseded_by": list(said.by)}
