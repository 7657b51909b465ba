"""Resolutions as people and run directories write them: a document of what to take at each conflict, and why.

    resolutions:
      - path: $.status            # or conflict: c-1f3a9b20, its id
        take: {shard: reviewer}   # or: base, or: {value: any JSON}
        reason: the reviewer saw the outage

A run directory's own have a `by` too, who decided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from shardflow.errors import InvalidInput
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.resolving.resolutions import Choice, Resolution, Resolutions, TakeBase, TakeShard, TakeValue
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Document, did_you_mean
from shardflow.model.fields import Place, quoted, read_document, shown
from shardflow.model.paths import ROOT, PathError, parse_path, path_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, is_too_deep, too_deep

_JSON: Final = re.compile(r"""[{["].*|[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?""", re.DOTALL)
"""A text that is most likely meant as JSON: how it begins tells, or that it is nothing but a number."""


@record
class Written:
    """One resolution as it was written down. `target` is the text of a path, or the id of a conflict.

    `by` tells who decided: a person at a terminal, an option, a file and line, an arbiter.
    """

    target: str
    choice: Choice
    reason: str
    by: str

    @property
    def resolution(self) -> Resolution:
        """Give what the merge takes into account; its origin stands in the ledger."""
        return Resolution(self.choice, f"{self.by}: {self.reason}" if self.reason else self.by)


def by_arbiter(origin: str) -> str:
    """Name the arbiter of a rule as one who decided."""
    return f"arbiter ({origin})"


def is_arbiters(written: Written) -> bool:
    """Tell whether an arbiter decided this: a run that merges anew finds what of it still holds by the question."""
    return written.by.startswith("arbiter (")


def read_resolutions(document: Document) -> tuple[Written, ...]:
    """Read a document of resolutions. Raises InvalidInput with every problem."""
    return read_document(document, _resolutions, InvalidInput)


def read_answer(document: Document, conflict: Conflict, by: str) -> Written:
    """Read what an arbiter answered, `{take, reason}`. Raises InvalidInput with every problem."""

    def answer(place: Place) -> Written:
        with place.fields() as fields:
            choice = fields.required("take", _choice)
            return Written(path_text(conflict.path), choice, fields.optional("reason", Place.text, ""), by)

    return read_document(document, answer, InvalidInput)


def by_path(written: Iterable[Written]) -> Resolutions:
    """Give resolutions as the merge takes them into account: of several for one path the last one counts."""
    return {one.target: one.resolution for one in written}


def resolutions_json(written: Iterable[Written]) -> dict[str, Json]:
    """Give resolutions as a document that reads back to the same."""
    return {"resolutions": [_written_json(one) for one in written]}


def chosen(text: str, parsed: Value, flaw: str, conflict: Conflict) -> Choice | str:
    """Read what a person typed for a conflict: `base`, a shard's id, or JSON (`parsed`, ABSENT if it is none for its
    `flaw`); or give the reason why it is none of these, or more than one.
    """
    shards = [contribution.shard for contribution in conflict.contributions]
    readings: list[Choice] = [TakeShard(text)] if text in shards else []
    if text == "base":
        readings.append(TakeBase())
    if parsed is not ABSENT:
        readings.append(TakeValue(parsed))
    match readings:
        case [single]:
            return _unfit(single, conflict) or single
        case []:
            meant = _JSON.fullmatch(text)
            why, hint = (f" ({flaw})", "") if meant else ("", "; a text is given in double quotes")
            known = did_you_mean(text, shards)
            return f"{quoted(text)} is no shard of this conflict, not 'base' and no JSON{why}; {known}{hint}"
        case _:
            return f"{quoted(text)} can be a shard, base or JSON, more than one of them; write it in a file, as take:"


def by_name(conflicts: Iterable[Conflict]) -> Mapping[str, Conflict]:
    """Give conflicts by what resolutions call them, path or id; an id that two of very many share names neither."""
    at_path = {path_text(conflict.path): conflict for conflict in conflicts}
    ids = {path: conflict_id(conflict) for path, conflict in at_path.items()}
    how_often = Counter(ids.values())
    return at_path | {ids[path]: conflict for path, conflict in at_path.items() if how_often[ids[path]] == 1}


def matched(written: Written, named: Mapping[str, Conflict]) -> Conflict | str:
    """Find the conflict a resolution is for by its name, and check that it fits; or give the reason why not."""
    found = named.get(written.target) or named.get(_normal(written.target))
    if found is not None:
        return _unfit(written.choice, found) or found
    return f"no conflict at {written.target}; {did_you_mean(written.target, named)}"


def _unfit(choice: Choice, conflict: Conflict) -> str | None:
    """Give the reason why a choice cannot be made at a conflict, if there is one."""
    shards = [contribution.shard for contribution in conflict.contributions]
    match choice:
        case TakeShard(shard) if shard not in shards:
            part = f"{quoted(shard)} has no part in the conflict at {path_text(conflict.path)}"
            return f"{part}; {did_you_mean(shard, shards)}"
        case TakeValue(value) if conflict.path == ROOT and not isinstance(value, dict):
            return f"the whole document must be an object, and {shown(value)} is none"
        case TakeValue(value) if is_too_deep(value, conflict.path):
            return f"the value would be {too_deep()} at {path_text(conflict.path)}"
        case _:
            return None


def _normal(target: str) -> str:
    try:
        return path_text(parse_path(target))
    except PathError:
        return target


def written_resolutions(place: Place) -> tuple[Written, ...]:
    """Read a list of resolutions, wherever it stands."""
    return tuple(map(_written, place.items()))


def _resolutions(place: Place) -> tuple[Written, ...]:
    with place.fields() as fields:
        return fields.required("resolutions", written_resolutions)


def _written(place: Place) -> Written:
    with place.fields() as fields:
        name = "conflict" if "conflict" in fields else "path"
        if name == "conflict" and "path" in fields:
            fields.place("path").refuse("'path' and 'conflict' exclude each other", "keep one of them")
        target = fields.required(name, Place.text)
        return Written(
            target,
            fields.required("take", _choice),
            fields.optional("reason", Place.text, ""),
            fields.optional("by", Place.text, place.origin),
        )


def _choice(place: Place) -> Choice:
    match place.value:
        case "base":
            return TakeBase()
        case {"shard": str(shard), **rest} if not rest:
            return TakeShard(shard)
        case {"value": value, **rest} if not rest:
            return TakeValue(value)
        case _:
            place.expect("base, {shard: ID} or {value: JSON}")
            return TakeBase()


def _written_json(one: Written) -> Json:
    return {"path": one.target, "take": _choice_json(one.choice), "reason": one.reason, "by": one.by}


def _choice_json(choice: Choice) -> Json:
    match choice:
        case TakeBase():
            return "base"
        case TakeShard(shard):
            return {"shard": shard}
        case TakeValue(value):
            return {"value": value}
