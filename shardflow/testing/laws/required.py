"""The laws of the merge that hold under every rule set, each a function of an engine, a group and rules.

A law raises LawBroken with the two things that should be alike. It compares texts, on purpose not with the equality
that the engine uses, and asks for several listing orders and groupings itself: it needs no chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from typing import Final

from shardflow.merge.engine import MergeResult
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta, Edit, Into, apply
from shardflow.model.decisions import Decision, Outcome, RuleRef, Settled
from shardflow.model.diff import diff
from shardflow.model.paths import ORDER, Member, Path, path_text
from shardflow.model.patterns import Descendant, Step
from shardflow.model.places import value_at
from shardflow.model.values import ABSENT, Value
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.testing.laws.documented import as_documented
from shardflow.testing.laws.engine import Engine, Law
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.ledgers import context_again, shard_again
from shardflow.testing.laws.outcomes import CONTESTED, Contrast, LawBroken, Side, alike, text_of
from shardflow.testing.laws.twins import twin


def permutation(engine: Engine, group: Group, rules: RuleSet) -> None:
    """Any listing order of the same shards gives the same bytes, the same ledger, the same conflicts."""
    deltas = group.deltas
    wanted = engine.merge(group.base, deltas, rules)
    for order in _orders(len(deltas)):
        found = engine.merge(group.base, [deltas[place] for place in order], rules)
        names = ", ".join(group.shards[place] for place in order)
        _same_merge("permutation", wanted, found, ("listed in rank order", f"listed as {names}"))


def _orders(count: int) -> Iterator[tuple[int, ...]]:
    """Give every order of up to three shards; of more, each shard put first, in rank order and against it."""
    if count <= 3:
        yield from permutations(range(count))
        return
    for first in range(count):
        others = [place for place in range(count) if place != first]
        yield from ((first, *others), (first, *reversed(others)))


def identity(engine: Engine, group: Group, rules: RuleSet) -> None:
    """Unchanged shards leave the base untouched, byte for byte, and beside changed ones they have no say."""
    unchanged = [Delta(shard, rank, None) for rank, shard in enumerate(group.shards)]
    alone = engine.merge(group.base, unchanged, rules)
    if alone.decisions or canonical_bytes(alone.context) != canonical_bytes(group.base):
        raise LawBroken("identity", Contrast(Side("the base", group.base), _side("no shard changed it", alone)))
    deltas = group.deltas
    wanted = engine.merge(group.base, deltas, rules)
    more = [Delta("first", -1, None), *deltas, Delta("last", len(deltas), None)]
    _same_merge("identity", wanted, engine.merge(group.base, more, rules), ("as it is", "with two unchanged shards"))


def single_writer(engine: Engine, group: Group, rules: RuleSet) -> None:
    """One changed shard gives exactly that shard's document, unless a rule that the ledger names did not."""
    for delta in group.deltas:
        result = engine.merge(group.base, [delta], rules)
        spoken = any(decision.rule.strategy != "default" for decision in result.decisions)
        wanted = apply(delta.edit, group.base)
        if not spoken and (result.conflicts or not alike(result.context, wanted)):
            sides = Contrast(
                Side(f"what {delta.shard} left", wanted), _side(f"merged with {delta.shard} alone", result)
            )
            raise LawBroken("single writer", sides)


def no_lost_change(engine: Engine, group: Group, rules: RuleSet) -> None:
    """The ledger's changes of a shard, repeated on the base, give that shard's document: each told once, none altered.

    Where a change is superseded, the ledger names by whom, unless the base value stands.
    """
    decisions = engine.merge(group.base, group.deltas, rules).decisions
    for shard, wanted in zip(group.shards, group.documents, strict=True):
        found = shard_again(group.base, decisions, shard)
        if not alike(wanted, found):
            sides = Contrast(Side(f"what {shard} left", wanted), Side(f"what the ledger tells of {shard}", found))
            raise LawBroken("no lost change", sides)
        told = [path for path, said in _told(decisions) if said == shard]
        twice = next((path for place, path in enumerate(told) if path in told[:place]), None)
        if twice is not None:
            raise LawBroken(
                "no lost change", None, f"the ledger tells the change of {shard} at {path_text(twice)} twice"
            )
    for decision in decisions:
        if isinstance(decision, Settled) and _unnamed(decision):
            text = f"the ledger does not name who superseded what at {path_text(decision.path)}"
            raise LawBroken("no lost change", None, text, decision.rule)


def _told(decisions: Iterable[Decision]) -> Iterator[tuple[Path, str]]:
    return ((decision.path, said.shard) for decision in decisions for said in decision.contributions)


def _unnamed(decision: Settled) -> bool:
    if ORDER in decision.path:  # by key or by rank, perhaps nobody's
        return False
    lost = {said.shard for said in decision.contributions if said.outcome is Outcome.SUPERSEDED}
    nobody = not decision.superseded_by and not alike(decision.value, decision.base)
    return bool(lost) and (nobody or bool(lost & set(decision.superseded_by)))


def no_invention(engine: Engine, group: Group, rules: RuleSet) -> None:
    """The context is the base with the ledger's settled values, and a value that nobody combined was somebody's.

    Where a key field is in conflict, its item has no key, so the ledger cannot say where in the list it stands.
    """
    result = engine.merge(group.base, group.deltas, rules)
    found = context_again(group.base, result.decisions)
    if not any(map(_is_key, result.conflicts)) and not alike(result.context, found):
        raise LawBroken("no invention", Contrast(Side("what the ledger tells", found), Side("merged", result.context)))
    for decision in result.decisions:
        wrong = _invented(decision) if isinstance(decision, Settled) else None
        if wrong is not None:
            raise LawBroken("no invention", None, f"{wrong} at {path_text(decision.path)}", decision.rule)


def _is_key(decision: Decision) -> bool:
    return any(isinstance(item, Member) and decision.path[-1] in dict(item.fields) for item in decision.path[-2:-1])


def _invented(decision: Settled) -> str | None:
    """Say what is wrong with a value that came from nowhere, or with an outcome that is not true."""
    if ORDER in decision.path:  # by key or by rank, perhaps as no shard had it
        return None
    if any(said.outcome is Outcome.COMBINED for said in decision.contributions):
        return None
    for said in decision.contributions:
        won = said.outcome in (Outcome.APPLIED, Outcome.AGREED)
        if won != alike(said.after, decision.value) and (won or not alike(said.after, decision.base)):
            return f"{said.shard} is told as {said.outcome}"
    values: list[Value] = [decision.base, *(said.after for said in decision.contributions)]
    kept_from_deletion = all(said.after is ABSENT for said in decision.contributions)
    known = kept_from_deletion or any(alike(decision.value, value) for value in values)
    return None if known else f"nobody left {text_of(decision.value)}"


def locality(engine: Engine, group: Group, rules: RuleSet) -> None:
    """A change at one path never alters the outcome elsewhere: what is settled at a path, is so without the rest."""
    result = engine.merge(group.base, group.deltas, rules)
    for path in dict.fromkeys(_open_part(decision.path, group.deltas) for decision in result.decisions):
        alone = engine.merge(group.base, [_only(delta, path) for delta in group.deltas], rules)
        _same_part(path, result, alone)


def _open_part(path: Path, deltas: Sequence[Delta]) -> Path:
    """Give as much of a path as all shards that changed something there went down, member by member."""
    edits: list[Edit | None] = [delta.edit for delta in deltas]
    for depth, segment in enumerate(path):
        edits = [edit for edit in edits if edit is not None]
        if not all(isinstance(edit, Into) for edit in edits) or not isinstance(segment, str):
            return path[:depth]
        edits = [edit.members.get(segment) for edit in edits if isinstance(edit, Into)]
    return path


def _only(delta: Delta, path: Path) -> Delta:
    return Delta(delta.shard, delta.rank, _edit_at(delta.edit, path))


def _edit_at(edit: Edit | None, path: Path) -> Edit | None:
    if not path or not isinstance(edit, Into):
        return edit if not path else None
    inner = _edit_at(edit.members.get(str(path[0])), path[1:])
    return None if inner is None else Into({str(path[0]): inner})


def _same_part(path: Path, whole: MergeResult, alone: MergeResult) -> None:
    titles = f"at {path_text(path)}, as it is", f"at {path_text(path)}, if nothing else had changed"
    one, other = (value_at(result.context, path) for result in (whole, alone))
    known = [decision for decision in whole.decisions if decision.path[: len(path)] == path]
    if not alike(one, other) or _ledger_text(known) != _ledger_text(alone.decisions):
        rule = next(iter([d.rule for d in known] + [d.rule for d in alone.decisions]), None)
        sides = _sided(titles[0], one, known), _sided(titles[1], other, alone.decisions)
        raise LawBroken("locality", Contrast(*sides), "", rule)


def _sided(title: str, value: Value, decisions: Iterable[Decision]) -> Side:
    return Side(title, value if all(isinstance(decision, Settled) for decision in decisions) else CONTESTED)


def _ledger_text(decisions: Sequence[Decision]) -> str:
    return repr(sorted(map(repr, decisions)))


def first_match(engine: Engine, group: Group, rules: RuleSet) -> None:
    """The first rule whose pattern matches a path decides there; where none matches, a default does."""
    for decision in engine.merge(group.base, group.deltas, rules).decisions:
        path = decision.path[:-1] if decision.path[-1:] == (ORDER,) else decision.path
        found = next(
            (rule for rule in rules.rules if rule.pattern is not None and _matches(rule.pattern.steps, path)), None
        )
        defaults = {
            rules.defaults.objects.ref,
            rules.defaults.lists.ref,
            rules.defaults.scalars.ref,
            RuleRef("", "default", ""),
        }
        if decision.rule not in (defaults if found is None else {found.ref}):
            text = f"{decision.rule} decided {path_text(path)}, where {found.ref if found else 'no rule'} speaks"
            raise LawBroken("first match", None, text, decision.rule)


def _matches(steps: Sequence[Step], path: Path) -> bool:
    """Match as plainly as it can be said, not as the engine does."""
    if not steps or not path:
        return not steps and not path
    here = steps[0].name is None or steps[0].name == path[0]
    if here and _matches(steps[1:], path[1:]):
        return True
    return isinstance(steps[0], Descendant) and _matches(steps, path[1:])


def grouping(engine: Engine, group: Group, rules: RuleSet) -> None:
    """Merging any sub-group first, as carried candidates, then the rest, equals merging all at once."""
    deltas = group.deltas
    wanted = engine.merge(group.base, deltas, rules)
    for parts in _groupings(deltas):
        carried = engine.gather(())
        for part in parts:
            carried = engine.unite(engine.gather(part), carried)
        names = "; ".join(", ".join(delta.shard for delta in part) for part in parts if part)
        found = engine.settle(group.base, carried, rules)
        _same_merge("grouping", wanted, found, ("all at once", f"in groups: {names}"))


def _groupings(deltas: Sequence[Delta]) -> Iterator[tuple[Sequence[Delta], ...]]:
    """Group neighbours at every place, every other shard, and each shard alone, the last first."""
    for cut in range(1, len(deltas)):
        yield deltas[cut:], deltas[:cut]
    yield deltas[1::2], deltas[::2]
    yield tuple([delta] for delta in reversed(deltas))


def duplicate_shard(engine: Engine, group: Group, rules: RuleSet) -> None:
    """The same shard twice counts once."""
    deltas = group.deltas
    one, twice = engine.merge(group.base, deltas, rules), engine.merge(group.base, [*deltas, *deltas], rules)
    _same_merge("duplicate shard", one, twice, ("every shard once", "every shard twice"))


def replay(engine: Engine, group: Group, rules: RuleSet) -> None:
    """A merge repeated from what a run keeps, bytes of base, shards and rules, gives the same bytes and ledger.

    Nothing but these decides, so asking twice gives the same, and a merge changes none of its inputs.
    """
    kept = [canonical_bytes(value) for value in (group.base, *group.documents)]
    deltas = group.deltas
    edits = repr(deltas)
    wanted = engine.merge(group.base, deltas, rules)
    if [canonical_bytes(value) for value in (group.base, *group.documents)] != kept or repr(deltas) != edits:
        raise LawBroken("replay", None, "the merge changed its inputs")
    base, *documents = (parse_json(data, "kept") for data in kept)
    again = [
        Delta(delta.shard, delta.rank, diff(base, document)) for delta, document in zip(deltas, documents, strict=True)
    ]
    _same_merge("replay", wanted, engine.merge(base, again, twin(rules)), ("at first", "repeated from what was kept"))


def _same_merge(law: str, one: MergeResult, other: MergeResult, titles: tuple[str, str]) -> None:
    """Hold two merges to say the same: context with its order of keys, ledger and conflicts."""
    if _image(one) != _image(other):
        rule = _disputed(one.decisions, other.decisions)
        raise LawBroken(law, Contrast(_side(titles[0], one), _side(titles[1], other)), "", rule)


def _image(result: MergeResult) -> bytes:
    return canonical_bytes([result.context, ledger_json(result)])


def _disputed(one: Sequence[Decision], other: Sequence[Decision]) -> RuleRef | None:
    """Find the rule of the first decision that the other merge does not know."""
    known = set(map(repr, other))
    return next((decision.rule for decision in one if repr(decision) not in known), None)


def _side(title: str, result: MergeResult) -> Side:
    paths = [path_text(conflict.path) for conflict in result.conflicts]
    return Side(title, CONTESTED if paths else result.context, tuple(paths))


REQUIRED: Final[dict[str, Law]] = {
    "permutation": permutation,
    "identity": identity,
    "single writer": single_writer,
    "no lost change": no_lost_change,
    "no invention": no_invention,
    "as documented": as_documented,
    "locality": locality,
    "first match": first_match,
    "grouping": grouping,
    "duplicate shard": duplicate_shard,
    "replay": replay,
}
"""The laws every rule set keeps, by name."""
