"""Resolutions as people and run directories write them: a document of what to take at each conflict, and why.

    resolutions:
      - path: $.status            # or conflict: c-1f3a9b20, its id
        take: {shard: reviewer}   # or: base, or: {value: any JSON}
        reason: the reviewer saw the outage

A run directory's own have a `by` too, who decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shardflow.errors import InvalidInput
from shardflow.merge.resolving.resolutions import Choice, Resolution, Resolutions, TakeBase, TakeShard, TakeValue
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Document, did_you_mean
from shardflow.model.fields import Place, quoted, read_document
from shardflow.model.paths import PathError, parse_path, path_text
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value


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
    """Give resolutions as the merge takes them into account."""
    return {one.target: one.resolution for one in written}


def resolutions_json(written: Iterable[Written]) -> dict[str, Json]:
    """Give resolutions as a document that reads back to the same."""
    return {"resolutions": [_written_json(one) for one in written]}


def chosen(text: str, parsed: Value, conflict: Conflict) -> Choice | str:
    """Read what a person typed for a conflict: `base`, a shard's id, or JSON (`parsed`, ABSENT if it is none); or give
    the reason why it is none of these, or more than one.
    """
    shards = [contribution.shard for contribution in conflict.contributions]
    readings: list[Choice] = [TakeShard(text)] if text in shards else []
    if text == "base":
        readings.append(TakeBase())
    if parsed is not ABSENT:
        readings.append(TakeValue(parsed))
    match readings:
        case [single]:
            return single
        case []:
            return f"{quoted(text)} is no shard of this conflict, not 'base' and no JSON; {did_you_mean(text, shards)}"
        case _:
            return f"{quoted(text)} can be a shard, base or JSON, more than one of them; write it in a file, as take:"


def matched(written: Written, conflicts: Mapping[str, Conflict]) -> Conflict | str:
    """Find the conflict a resolution is for, by id or path, and check that it fits; or give the reason why not."""
    at_path = {path_text(conflict.path): conflict for conflict in conflicts.values()}
    found = conflicts.get(written.target) or at_path.get(_normal(written.target))
    if found is None:
        return f"no conflict at {written.target}; {did_you_mean(written.target, [*at_path, *conflicts])}"
    shards = [contribution.shard for contribution in found.contributions]
    if isinstance(written.choice, TakeShard) and written.choice.shard not in shards:
        return f"{quoted(written.choice.shard)} has no part in it; {did_you_mean(written.choice.shard, shards)}"
    return found


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
        name = "conflict" if "conflict" in fields and "path" not in fields else "path"
        target = fields.required(name, Place.text)
        line = place.document.line(place.path)
        where = place.document.source if line is None else f"{place.document.source}:{line}"
        return Written(
            target,
            fields.required("take", _choice),
            fields.optional("reason", Place.text, ""),
            fields.optional("by", Place.text, where),
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
