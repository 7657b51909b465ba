"""Redaction: a case whose values say nothing any more, and whose merge decides the same.

Law: equal stays equal and different stays different; texts and numbers keep their order among each other, texts their
lines; the same case is always redacted to the same. Kept are empty texts, zeros and signs, whatever a rule speaks of
(`rank: [low, high]` needs its words), true, false and null, the names of members, and the ids of shards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import count, zip_longest
from typing import TypeAlias

from shardflow.merge.cases.comparing import outcome_of, replay
from shardflow.merge.cases.model import Case, CaseShard, Form
from shardflow.merge.engine import MergeResult
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeValue
from shardflow.merge.rules import RuleSet, rules_json
from shardflow.model.decisions import Conflict, Decision
from shardflow.model.paths import Member, Segment, key_text, parse_path, path_text
from shardflow.model.records import replaced
from shardflow.model.values import Json, frozen, is_number

Number: TypeAlias = "int | float | Decimal"

_LINE = "\n"


class DecidesOtherwise(ValueError):
    """Redacted, a case would not be decided as it was: a rule looks into the texts or numbers."""


def redacted(case: Case, rules: RuleSet, *, numbers: bool) -> Case:
    """Redact the texts of a case, and its numbers if they shall go too; what comes out is what it expects.

    Journals become documents. Raises DecidesOtherwise.
    """
    case = replaced(case, shards=tuple(_told(one, case) for one in case.shards))
    values = [*_values(case)]
    kept = [*_scalars([rules_json(rules)])]
    texts = _text_names(values, {text for text in kept if isinstance(text, str)})
    exchange = _exchange(texts, _number_names(values, kept) if numbers else {})
    keys = _keys(values, exchange) if case.resolutions else {}
    told = replaced(
        case,
        base=_object(exchange(case.base)),
        shards=tuple(CaseShard(one.shard, _object(exchange(one.value)), one.form) for one in case.shards),
        resolutions=tuple(_resolution(one, exchange, keys) for one in case.resolutions),
        description="",
        expected=None,
    )
    result = replay(told, rules)
    _compare(replay(case, rules), result)
    return replaced(told, expected=outcome_of(result))


def _told(shard: CaseShard, case: Case) -> CaseShard:
    """Give a shard without paths as texts, which name members and would be taken for values."""
    return shard.by_document(case.base) if shard.form is Form.JOURNAL else shard


def _values(case: Case) -> Iterator[Json]:
    yield case.base
    yield from (one.value for one in case.shards)
    yield from (one.choice.value for one in case.resolutions if isinstance(one.choice, TakeValue))


def _scalars(values: Iterable[Json]) -> Iterator[Json]:
    for value in values:
        match value:
            case dict():
                yield from _scalars(value.values())
            case list():
                yield from _scalars(value)
            case _:
                yield value


def _text_names(values: Iterable[Json], kept: set[str]) -> dict[str, str]:
    """Give every line a name of its own, in the order of the lines; kept texts and empty lines stay."""
    texts = {text for text in _scalars(values) if isinstance(text, str)} - kept
    lines = sorted({line for text in texts for line in text.split(_LINE)} - {""})
    width = len(str(len(lines)))
    prefix = "t"
    while any(text.startswith(prefix) for text in kept):
        prefix += "t"
    return {text: text for text in kept} | {line: f"{prefix}{place:0{width}}" for place, line in enumerate(lines, 1)}


def _number_names(values: Iterable[Json], kept: Iterable[Json]) -> dict[object, Number]:
    """Give every number but zeros another of its kind and sign, in the order of the numbers; those of rules stay."""
    found = {frozen(value): value for value in _scalars(values) if is_number(value) and value != 0}
    taken: set[object] = {frozen(value) for value in kept if is_number(value)}
    named: dict[object, Number] = {}
    for sign in (1, -1):
        free = [name for name in found.keys() - taken if found[name] * sign > 0]
        places = count(1)
        for name in sorted(free, key=lambda name: (abs(Fraction(found[name])), str(found[name]))):
            named[name] = _first_free(found[name], sign, places, taken)
    return named


def _first_free(number: Number, sign: int, places: Iterator[int], taken: set[object]) -> Number:
    """Give the next number of this kind that no rule speaks of."""
    for place in places:
        match number:
            case Decimal():
                other: Number = sign * Decimal(f"{place}.00000000000000000001")
            case float():
                other = sign * (place + 0.5)
            case _:
                other = sign * place
        if frozen(other) not in taken:
            return other
    raise AssertionError("places never end")


def _exchange(texts: dict[str, str], numbers: dict[object, Number]) -> Callable[[Json], Json]:
    def text(value: str) -> str:
        return texts[value] if value in texts else _LINE.join(texts.get(line, "") for line in value.split(_LINE))

    def exchange(value: Json) -> Json:
        match value:
            case dict():
                return {name: exchange(item) for name, item in value.items()}
            case list():
                return [exchange(item) for item in value]
            case str():
                return text(value)
            case _:
                return numbers.get(frozen(value), value) if numbers else value

    return exchange


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise AssertionError("an object is redacted to an object")
    return value


def _resolution(one: Written, exchange: Callable[[Json], Json], keys: Mapping[str, str]) -> Written:
    """Say nothing of who decided and why; the values of keyed members stand in the path too."""
    choice = TakeValue(exchange(one.choice.value)) if isinstance(one.choice, TakeValue) else one.choice
    path = (_segment(segment, keys) for segment in parse_path(one.target))
    return Written(path_text(tuple(path)), choice, "", "redacted")


def _segment(segment: Segment, keys: Mapping[str, str]) -> Segment:
    if not isinstance(segment, Member):
        return segment
    return Member(tuple((name, keys.get(text, text)) for name, text in segment.fields), segment.assumed)


def _keys(values: Iterable[Json], exchange: Callable[[Json], Json]) -> dict[str, str]:
    """Give the text of every scalar in paths, and the one it has when redacted."""
    return {_key(value): _key(exchange(value)) for value in _scalars(values)}


def _key(value: Json) -> str:
    if isinstance(value, dict | list):
        raise AssertionError("no scalar")
    return key_text(value)


def _compare(before: MergeResult, after: MergeResult) -> None:
    """Find that the decisions are the same in their order, each with its rule and the outcome of each shard."""
    for one, other in zip_longest(before.decisions, after.decisions):
        if one is None or other is None or _shape(one) != _shape(other):
            shown = one or other
            raise DecidesOtherwise(f"what stands at {path_text(shown.path)} would be decided otherwise ({shown.rule})")


def _shape(decision: Decision) -> object:
    said = [(one.shard, one.outcome) for one in decision.contributions]
    return decision.rule.pattern, decision.rule.strategy, isinstance(decision, Conflict), said
