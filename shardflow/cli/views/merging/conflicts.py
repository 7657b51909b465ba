"""Conflicts for people: path, base, every candidate with who wrote it, the rule, the reason, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import dumps
from typing import Final, TextIO

from shardflow.cli.console import columns_on, styled
from shardflow.cli.views.display import count, path_label, shortened
from shardflow.cli.views.widths import folded
from shardflow.model.decisions import Conflict
from shardflow.model.paths import ORDER, Path, Segment, key_of, segment_text
from shardflow.model.values import ABSENT, Absent, Json, frozen, is_number
from shardflow.storage.excerpts import printable, value_text

_SHOWN: Final = 20
_SHOWN_CANDIDATES: Final = 20
_NAME_WIDTH: Final = 30
_REASON_WIDTH: Final = 500
_RULE_WIDTH: Final = 1_000


def conflicts_text(conflicts: Sequence[Conflict], where: str, stream: TextIO | None, most: int | None = _SHOWN) -> str:
    """Show conflicts for a stream, `most` of them or all, each in lines of its own; `where` goes before each path."""
    shown = ["\n".join(_lines(conflict, where, stream)) for conflict in conflicts[:most]]
    if most is not None and len(conflicts) > most:
        shown.append(f"… and {count(len(conflicts) - most, 'more conflict')}; --json lists every one")
    return "\n".join(shown)


def _lines(conflict: Conflict, where: str, stream: TextIO | None) -> Iterator[str]:
    columns = columns_on(stream)
    yield f"{styled('conflict', 'bad', stream)}: {where}{styled(path_label(conflict.path), 'bold', stream)}"
    yield from folded(f"  {shortened(conflict.reason, _REASON_WIDTH)}", columns, "  ")
    yield from _candidates(conflict, columns)
    if len(conflict.contributions) > _SHOWN_CANDIDATES:
        yield f"  … and {count(len(conflict.contributions) - _SHOWN_CANDIDATES, 'more candidate')}"
    yield f"  rule: {printable(str(conflict.rule))}"
    verb = "change that rule, or put one before it" if conflict.rule.pattern else "add a rule that settles it"
    verb = f"let a run ask its arbiter (a resumed one asks again), {verb}" if conflict.arbiter is not None else verb
    strategy = _fitting_strategy(conflict)
    order = ", with the shards in the order you trust them" if strategy.startswith("{prefer") else ""
    yield from folded(f"  next: {verb}, for example{order}:", columns, "  ")
    yield f"    {shortened(_rule_line(conflict, strategy), _RULE_WIDTH)}"


def _candidates(conflict: Conflict, columns: int | None) -> Iterator[str]:
    """Show the base and what each shard made of it, the values below one another unless names are long."""
    named = [(f"{printable(one.shard)} (rank {one.rank})", one.after) for one in conflict.contributions]
    sides = [("base", conflict.base), *named[:_SHOWN_CANDIDATES]]
    longest = max(len(name) for name, _ in sides)
    width = longest + 1 if longest <= _NAME_WIDTH else 0
    for name, value in sides:
        yield from folded(f"  {name + ':':{width}} {value_text(value)}", columns, " " * max(6, width + 3))


def _rule_line(conflict: Conflict, strategy: str) -> str:
    """Write a line of a rule file that would settle a conflict; whether it is the right one is the author's to say."""
    told = ""
    if strategy == "sum":
        told = "  # adds up what each counted; max takes the largest"
    elif strategy.startswith("{prefer") and _has_parts(conflict):
        told = "  # diff3 takes changes of different parts"
    return f"- {{path: {_yaml_text(_pattern(conflict.path))}, strategy: {strategy}}}{told}"


def _pattern(path: Path) -> str:
    """Give the narrowest pattern a rule could use for a path; the items of a list are named all together."""
    return "$" + "".join(_step(segment) for segment in path if segment is not ORDER)


def _step(segment: Segment) -> str:
    if not isinstance(segment, str):
        return "[*]"
    return segment_text(segment) if segment.isprintable() else f"[{dumps(segment)}]"


def _fitting_strategy(conflict: Conflict) -> str:
    """Name a strategy for values like these."""
    values = [contribution.after for contribution in conflict.contributions]
    if len(values) == 1:
        return "last"
    if all(is_number(value) for value in values):
        return "sum" if _counted(conflict) else "max"
    lists = [value for value in (conflict.base, *values) if isinstance(value, list)]
    if all(isinstance(value, list) for value in values) and isinstance(conflict.base, list | Absent):
        key = _key_field(lists)
        if key is not None:
            return f"{{keyed: {dumps(key)}}}"
        if not any(isinstance(item, dict) for items in lists for item in items) and not _has_equal_items(lists):
            return "set"  # of objects, edited ones would stand there twice
    return f"{{prefer: {dumps([contribution.shard for contribution in conflict.contributions])}}}"


def _has_equal_items(lists: Sequence[list[Json]]) -> bool:
    return any(len(set(map(frozen, items))) < len(items) for items in lists)


def _has_parts(conflict: Conflict) -> bool:
    """Tell whether all left lists, or texts of which some have lines, of what was one."""
    values = [conflict.base, *(contribution.after for contribution in conflict.contributions)]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values):
        return any("\n" in text for text in texts)
    return all(isinstance(value, list) for value in values)


def _key_field(lists: Sequence[list[Json]]) -> str | None:
    """Name a field that tells the items of each list apart, the one that makes the fewest of them all."""
    first = next((item for items in lists for item in items), None)
    names = first if isinstance(first, dict) else ()
    telling = [name for name in names if all(len(_keys(items, name) - {None}) == len(items) for items in lists)]
    return min(telling, key=lambda name: len(set().union(*(_keys(items, name) for items in lists))), default=None)


def _keys(items: list[Json], name: str) -> set[object]:
    return {key_of(item, (name,)) for item in items}


def _counted(conflict: Conflict) -> bool:
    """Tell whether shards did what a counter makes them do: each raised a whole number, or began one above 0."""
    before = 0 if conflict.base is ABSENT else conflict.base
    left = [contribution.after for contribution in conflict.contributions]
    return type(before) is int and all(type(value) is int and value >= before for value in left)


def _yaml_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
