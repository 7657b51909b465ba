"""What a run comes to, as plainly as it can be said: whole documents, no edits, no ledger, no files, no processes.

A plan is a first context and phases; each phase is one parallel group, whose subagents leave a fixed document or a
fixed JSON Merge Patch, whatever they find. Rules are known for top-level members only: `sum`, `last` and `conflict`
(which stands for the shipped set `strict`, everywhere). So the outcome of a run is a function of the plan and of what
was decided about its conflicts, and however often the engine dies on the way, it must come to that.

Left out: subagents that fail or run long, retries, phases of one after another, generated phases, rules inside of
members, other strategies, the ledger, the order of keys, blame, contexts outside of the run directory, secrets, limits,
edits of the workflow once a conflict was decided about, and whether a sealed subagent ran twice (tests/faults holds
the engine to that).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardflow.model.values import ABSENT, same
from tests.laws.oracle import merged_values

Where = tuple[str, ...]
Choice = tuple[str, Any]
"""What was decided about a conflict: `("shard", id)`, `("base", None)` or `("value", value)`."""


@dataclass(frozen=True)
class Left:
    """What one subagent leaves: a document, a patch of the base, or a journal that sets these members."""

    form: str
    value: dict[str, Any]

    def on(self, base: dict[str, Any]) -> dict[str, Any]:
        journal = {**base, **self.value}
        forms: dict[str, dict[str, Any]] = {"copy": self.value, "patch": patched(base, self.value), "journal": journal}
        return forms[self.form]


@dataclass
class Group:
    """The subagents of one phase by id, in rank order, what was decided, and the rules it merges under.

    `absent` are shards that are left out of the merge.
    """

    rules: str
    shards: dict[str, Left]
    decided: dict[Where, Choice] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    def merged(self, base: dict[str, Any]) -> tuple[dict[str, Any], set[Where]]:
        """Give what it merges its base to, and the paths of the conflicts that nobody decided about."""
        documents = {name: left.on(base) for name, left in self.shards.items() if name not in self.absent}
        context, contested = merged(base, list(documents.values()), self.rules)
        for where in contested & self.decided.keys():
            kind, argument = self.decided[where]
            if kind == "shard" and argument not in documents:
                continue  # what was left out decides nothing
            context = _put(context, where, _decided(self.decided[where], where, base, documents))
            contested.remove(where)
        return context, contested


@dataclass(frozen=True)
class Outcome:
    """How a run stands when nothing disturbs it any more: done, or in conflict at a phase; `contexts` are all that its
    canonical context held on the way, the last one now.
    """

    stopped_at: int | None
    contexts: tuple[dict[str, Any], ...]
    open: frozenset[Where] = frozenset()


def outcome(first: dict[str, Any], groups: Sequence[Group]) -> Outcome:
    """Give how a run of these groups stands in the end."""
    contexts = [first]
    for number, group in enumerate(groups):
        context, contested = group.merged(contexts[-1])
        if contested:
            return Outcome(number, tuple(contexts), frozenset(contested))
        contexts.append(context)
    return Outcome(None, tuple(contexts))


def merged(base: dict[str, Any], documents: Sequence[dict[str, Any]], rules: str) -> tuple[dict[str, Any], set[Where]]:
    """Merge documents member by member, and give the paths in conflict."""
    contested: set[Where] = set()
    names = dict.fromkeys(name for document in (base, *documents) for name in document)
    context = {}
    for name in names:
        before, after = base.get(name, ABSENT), [document.get(name, ABSENT) for document in documents]
        value = _settled(name, before, [value for value in after if not same(value, before)], rules, contested)
        if value is not ABSENT:
            context[name] = value
    return context, contested


def _settled(name: str, base: Any, changed: list[Any], rules: str, contested: set[Where]) -> Any:
    if not changed:
        return base
    if rules == "strict":
        return _strict(base, changed, (name,), contested)
    if name == "n" and rules in ("sums", "lasts"):
        return _sum(base, changed, (name,), contested)
    if name == "status" and rules == "lasts":
        return changed[-1]
    return merged_values(base, changed, (name,), contested)


def _sum(base: Any, changed: list[Any], where: Where, contested: set[Where]) -> Any:
    if all(value is ABSENT for value in changed):
        return ABSENT
    is_counted = base is ABSENT or isinstance(base, int)  # a decision may have put something else there
    if not is_counted and len(changed) == 1:
        return changed[0]
    if not is_counted or any(value is ABSENT for value in changed):
        contested.add(where)
        return base
    start = 0 if base is ABSENT else base
    return start + sum(value - start for value in changed)


def _strict(base: Any, changed: list[Any], where: Where, contested: set[Where]) -> Any:
    if len(changed) == 1:
        return changed[0]
    if not all(isinstance(value, dict) for value in (base, *changed)):
        contested.add(where)
        return base
    result = {}
    for name in dict.fromkeys(name for value in (base, *changed) for name in value):
        before = base.get(name, ABSENT)
        others = [value.get(name, ABSENT) for value in changed]
        others = [value for value in others if not same(value, before)]
        value = _strict(before, others, (*where, name), contested) if others else before
        if value is not ABSENT:
            result[name] = value
    return result


def _decided(choice: Choice, where: Where, base: dict[str, Any], documents: Mapping[str, dict[str, Any]]) -> Any:
    kind, argument = choice
    if kind == "value":
        return argument
    return value_at(base if kind == "base" else documents[argument], where)


def value_at(value: Any, where: Where) -> Any:
    """Give what stands at a path of objects, ABSENT for nothing."""
    for name in where:
        value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def _put(context: dict[str, Any], where: Where, value: Any) -> dict[str, Any]:
    name, *rest = where
    inner = _put(context[name], tuple(rest), value) if rest else value
    changed = {**context, name: inner}
    return {key: item for key, item in changed.items() if item is not ABSENT}


def patched(base: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch, as RFC 7396 spells it out."""
    if not isinstance(patch, dict):
        return patch
    result = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result
