"""Shrinking: leave out of a case what its decisions do not need.

Law: every decision of interest still comes out, at the same path by the same rule, with the same outcome for each
shard, a conflict for the same reason, a deletion as a deletion; and leaving out any one more shard, rule, member or
item would change one, unless the search was cut short. Of interest are the conflicts; where there are none, of each
rule and outcome the first decision. The same case always shrinks to the same.

What leads to a decision of interest is not tried: without it there would be no such decision, so that a case of
thousands of conflicts takes no more merges than one of a few.

The search is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) on
chunks that are halved: first whole shards and rules, then members and list items out of all documents at once, then
out of each alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final, TypeAlias, TypeVar

from shardflow.merge.cases.comparing import outcome_of, replay
from shardflow.merge.cases.model import Case, CaseShard
from shardflow.merge.engine import MergeResult
from shardflow.merge.rules import NO_RULES, RuleSet, rules_json
from shardflow.model.decisions import Conflict, Decision
from shardflow.model.documents import Document
from shardflow.model.paths import parse_path, path_text
from shardflow.model.places import value_at
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, frozen

T = TypeVar("T")

MOST_MERGES: Final = 3_000
"""After this many merges the search ends with what it has."""

Steps: TypeAlias = tuple[str | int, ...]
"""Where something stands in one document: names, and indices of lists."""


@record
class _Left:
    """What became of one shard's change, and whether it left nothing there."""

    shard: str
    outcome: str
    nothing: bool


@record
class _Told:
    """A decision as far as it must stay. `reason` is that of a conflict; `opened`: nothing stood there before."""

    path: str
    pattern: str
    strategy: str
    reason: str
    opened: bool
    left: tuple[_Left, ...]


@record
class Shrunk:
    """The case with nothing but what it needs, its rules, and whether the search came to its end."""

    case: Case
    rules: RuleSet
    complete: bool


def shrunk(
    case: Case, rules: RuleSet, heard: Callable[[int], None] = lambda merges: None, *, most: int = MOST_MERGES
) -> Shrunk:
    """Shrink a case; what comes out of it is what it expects. `heard` is told how many merges were tried so far, and
    after `most` of them the search is cut short.

    Shards become whole documents. Resolutions of conflicts that no longer come up are left out.
    """
    search = _Search(_by_documents(replaced(case, rules=None, expected=None)), rules, heard, most)
    search.run()
    small = _by_documents(search.case)
    found = replay(small, search.rules)
    none = not search.rules.rules and search.rules.defaults == NO_RULES.defaults
    source = None if none else Document("rules", rules_json(search.rules))
    return Shrunk(replaced(small, rules=source, expected=outcome_of(found)), search.rules, search.left > 0)


def _by_documents(case: Case) -> Case:
    """Tell every shard by its document, its keys in the order of the base: so the same case is written the same."""
    return replaced(case, shards=tuple(one.by_document(case.base) for one in case.shards))


class _Search:
    """One search: the smallest case so far with its rules, and how many merges it may still try."""

    def __init__(self, case: Case, rules: RuleSet, heard: Callable[[int], None], most: int) -> None:
        self.case = case
        self.rules = rules
        self.left = self._most = most
        self._heard = heard
        self._wanted = _of_interest(replay(case, rules))
        self._ways: dict[int | None, Mapping[Steps, set[str]]] = {}

    def run(self) -> None:
        """Shrink until a whole round finds nothing more."""
        before: tuple[Case, RuleSet] | None = None
        while before != (self.case, self.rules) and self.left > 0:
            before = self.case, self.rules
            self._shards()
            self._rules()
            self._resolutions()
            self._ways.clear()  # shards that went had places in front of others
            self._jointly(())
            for place in range(len(self.case.shards) + 1):
                self._alone(place, ())

    def _take(self, case: Case, rules: RuleSet | None = None) -> bool:
        """Take a smaller case if all of interest still comes out of it."""
        if self.left <= 0:
            return False
        self.left -= 1
        self._heard(self._most - self.left)
        tried = self.rules if rules is None else rules
        if not self._wanted <= set(map(_told, replay(case, tried).decisions)):
            return False
        self.case, self.rules = case, tried
        return True

    def _leading(self, path: Steps, place: int | None) -> frozenset[str]:
        """Give the members of what stands at a path that decisions of interest need: in some document where `place` is
        None, else in the one there.
        """
        if place not in self._ways:
            self._ways[place] = _ways(self._needing(place))
        return frozenset(self._ways[place].get(path, ()))

    def _needing(self, place: int | None) -> Iterator[_Told]:
        """Give the decisions that would come out otherwise, or not at all, if nothing stood there."""
        shard = self.case.shards[place - 1].shard if place else None
        for told in self._wanted:
            left = next((one for one in told.left if one.shard == shard), None)
            if place is None or (not told.opened if left is None else not left.nothing):
                yield told

    def _shards(self) -> None:
        _needed(self.case.shards, lambda kept: self._take(replaced(self.case, shards=tuple(kept))))

    def _rules(self) -> None:
        defaults = self.rules.defaults
        if defaults != NO_RULES.defaults:
            self._take(self.case, RuleSet(self.rules.rules))
        defaults = self.rules.defaults
        _needed(self.rules.rules, lambda kept: self._take(self.case, RuleSet(kept, defaults)))

    def _resolutions(self) -> None:
        _needed(self.case.resolutions, lambda kept: self._take(replaced(self.case, resolutions=tuple(kept))))

    def _jointly(self, path: tuple[str, ...]) -> None:
        """Leave members, or items of lists, out of all documents at once."""
        standing = [value_at(document, path) for document in _documents(self.case)]
        names = list(dict.fromkeys(name for value in standing if isinstance(value, dict) for name in value))
        leading = self._leading(path, None)
        tried = [name for name in names if name not in leading]
        found = _needed(tried, lambda some: self._without(path, lambda value: _only(value, [*leading, *some])))
        kept = [name for name in names if name in leading or name in found]
        items = list(dict.fromkeys(frozen(item) for value in standing if isinstance(value, list) for item in value))
        _needed(items, lambda some: self._without(path, lambda value: _only_items(value, set(some))))
        for name in kept:
            self._jointly((*path, name))

    def _without(self, path: tuple[str, ...], change: Callable[[Json], Json]) -> bool:
        documents = [_changed(document, path, change) for document in _documents(self.case)]
        return self._take(_with_documents(self.case, documents))

    def _alone(self, place: int, path: Steps) -> None:
        """Leave members and items out of one document."""
        value = value_at(_documents(self.case)[place], path)
        if isinstance(value, list):
            items = _needed(range(len(value)), lambda some: self._alone_without(place, path, value, some))
            kept: Sequence[str | int] = range(len(items))
        elif isinstance(value, dict):
            leading = self._leading(path, place)
            tried = [name for name in value if name not in leading]
            found = _needed(tried, lambda some: self._alone_without(place, path, value, [*leading, *some]))
            kept = [name for name in value if name in leading or name in found]
        else:
            kept = ()
        for step in kept:
            self._alone(place, (*path, step))

    def _alone_without(self, place: int, path: Steps, value: Value, kept: Sequence[str | int]) -> bool:
        if isinstance(value, list):
            smaller: Json = [value[step] for step in kept if isinstance(step, int)]
        else:
            smaller = _only(_document(value), kept)
        documents = _documents(self.case)
        documents[place] = _changed(documents[place], path, lambda _: smaller)
        return self._take(_with_documents(self.case, documents))


def _needed(items: Sequence[T], holds: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Leave out chunks as long as `holds` takes what is left; ever smaller chunks, single items in the end."""
    kept = list(items)
    chunk = len(kept)
    while chunk:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + chunk :]
            if holds(fewer):
                kept = fewer
            else:
                start += chunk
        chunk //= 2
    return kept


def _ways(wanted: Iterable[_Told]) -> Mapping[Steps, set[str]]:
    """Give the members that lead to decisions, by the place whose members they are."""
    found: dict[Steps, set[str]] = {}
    for told in wanted:
        way = takewhile(lambda step: isinstance(step, str), parse_path(told.path))
        here: Steps = ()
        for name in map(str, way):
            found.setdefault(here, set()).add(name)
            here = (*here, name)
    return found


def _of_interest(result: MergeResult) -> set[_Told]:
    if result.conflicts:
        return set(map(_told, result.conflicts))
    firsts: dict[object, _Told] = {}
    for told in map(_told, result.decisions):
        sort = told.pattern, told.strategy, told.opened, frozenset((one.outcome, one.nothing) for one in told.left)
        firsts.setdefault(sort, told)
    return set(firsts.values())


def _told(decision: Decision) -> _Told:
    return _Told(
        path=path_text(decision.path),
        pattern=decision.rule.pattern,
        strategy=decision.rule.strategy,
        reason=decision.reason if isinstance(decision, Conflict) else "",
        opened=decision.base is ABSENT,
        left=tuple(_Left(one.shard, one.outcome.value, one.after is ABSENT) for one in decision.contributions),
    )


def _documents(case: Case) -> list[Json]:
    return [case.base, *(one.value for one in case.shards)]


def _with_documents(case: Case, documents: Sequence[Json]) -> Case:
    base, *others = map(_document, documents)
    shards = (CaseShard(one.shard, value) for one, value in zip(case.shards, others, strict=True))
    return replaced(case, base=base, shards=tuple(shards))


def _document(value: Value) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise AssertionError("contexts are objects")
    return value


def _changed(document: Json, path: Steps, change: Callable[[Json], Json]) -> Json:
    """Change what stands at a path, sharing the rest; nothing changes where nothing stands."""
    if not path:
        return change(document)
    step, *rest = path
    match document, step:
        case dict(), str(name) if name in document:
            return {**document, name: _changed(document[name], tuple(rest), change)}
        case list(), int(index) if index < len(document):
            return [*document[:index], _changed(document[index], tuple(rest), change), *document[index + 1 :]]
        case _:
            return document


def _only(value: Json, names: Sequence[str | int]) -> Json:
    """Give an object with no members but these, in its own order; anything else as it is."""
    if not isinstance(value, dict):
        return value
    kept = set(names)
    return value if kept >= value.keys() else {name: item for name, item in value.items() if name in kept}


def _only_items(value: Json, items: set[object]) -> Json:
    return [item for item in value if frozen(item) in items] if isinstance(value, list) else value
