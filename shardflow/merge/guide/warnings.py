"""What is valid in a rule set and yet looks mistaken: rules that will do nothing, or only ever make conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shardflow.merge.guide.explanation import decided
from shardflow.merge.rules import AddAdd, Expected, OnDelete, Rule, RuleSet, Strategy
from shardflow.model.paths import Path
from shardflow.model.patterns import Child, PatternError, parse_pattern
from shardflow.model.records import record

_NUMBERS: Final = frozenset({Expected.INTEGER, Expected.NUMBER})
_LISTS: Final = frozenset({Expected.LIST})
_OBJECTS: Final = frozenset({Expected.OBJECT})
_BOOLEANS: Final = frozenset({Expected.BOOLEAN})

KINDS: Final = {
    "all": _BOOLEANS,
    "any": _BOOLEANS,
    "append": _LISTS,
    "diff3": _LISTS | {Expected.TEXT},
    "index": _LISTS,
    "keyed": _LISTS,
    "max": _NUMBERS | {Expected.TEXT},
    "max_by": _OBJECTS,
    "mean": _NUMBERS,
    "min": _NUMBERS | {Expected.TEXT},
    "min_by": _OBJECTS,
    "multiset": _LISTS,
    "prepend": _LISTS,
    "set": _LISTS,
    "sum": _NUMBERS,
}
"""The kinds of value that strategies need which refuse all others."""

_NO_CHANGES: Final = frozenset({"ignore", "immutable"})
"""The strategies under which no change comes through, not even a lone one."""

_ITEMS: Final = "[*]"


@record
class Warned:
    """A rule that looks mistaken, why, and what its author may have meant."""

    rule: Rule
    message: str
    hint: str


def warnings(rules: RuleSet) -> Iterator[Warned]:
    """Find what looks mistaken, in the order of the rules."""
    for rule in rules.every:
        yield from _unheard_options(rule)
        yield from _never_entered(rule, rules)
    yield from _of_another_kind(rules)
    yield from _whole_document(rules)


def _unheard_options(rule: Rule) -> Iterator[Warned]:
    name, options = rule.strategy.name, rule.options
    if options.add_add is AddAdd.CONFLICT and not _opens_objects(rule.strategy):
        yield Warned(rule, f"'add_add' does nothing with '{name}', which does not go into objects", "leave it out")
    if options.on_delete is OnDelete.DELETE and name in _NO_CHANGES:
        message = f"'on_delete: delete' lets a deletion through that others contest, and '{name}' no change"
        yield Warned(rule, message, "leave it out")
    wanted = KINDS.get(name)
    if options.expected is not None and wanted is not None and options.expected not in wanted:
        kinds = " or ".join(sorted(wanted))
        message = f"'{name}' works on {kinds} and 'type' expects {options.expected}: every change will be a conflict"
        yield Warned(rule, message, f"expect {kinds}, or use another strategy")


def _opens_objects(strategy: Strategy) -> bool:
    return strategy.name in ("deep", "default")


def _never_entered(rule: Rule, rules: RuleSet) -> Iterator[Warned]:
    """Find a rule for the items of a list, written `[*]`, where nothing goes into that list."""
    above = None if rule.pattern is None else _list_above(rule.pattern.text)
    if above is None:
        return
    path, text = above
    _, where, found = decided((*path, 0), rules)
    if where == path and found is None:
        hint = f"put {{path: {text}, strategy: {{keyed: ...}}}} or index before it; for members of an object write .*"
        yield Warned(rule, f"if {text} is a list, no rule goes into its items, and this one is never asked", hint)


def _of_another_kind(rules: RuleSet) -> Iterator[Warned]:
    """Find a default that can only refuse the values it is for."""
    scalars = frozenset(Expected) - _LISTS - _OBJECTS
    kinds = {"objects": _OBJECTS, "lists": _LISTS, "scalars": scalars}
    for what, rule in zip(kinds, rules.defaults.every, strict=True):
        wanted = KINDS.get(rule.strategy.name)
        if wanted is not None and not wanted & kinds[what]:
            works = f"'{rule.strategy.name}' works on {' or '.join(sorted(wanted))}, not on {what}"
            yield Warned(rule, f"{works}: every change of one will be a conflict", "use another strategy")


def _whole_document(rules: RuleSet) -> Iterator[Warned]:
    rule = rules.defaults.objects
    if rules.root.match is None and not rule.strategy.structural:
        taken = f"'{rule.strategy.name}' takes it as one value, and no other rule is asked"
        hint = "add the rule {path: $, strategy: deep} to go into it"
        yield Warned(rule, f"the whole document is an object too, so {taken}", hint)


def _list_above(text: str) -> tuple[Path, str] | None:
    """Give the path in front of the first `[*]` of a pattern, if it is made of plain names."""
    above, items, _ = text.partition(_ITEMS)
    try:
        steps = parse_pattern(above).steps if items else ()
    except PatternError:  # the brackets were part of a quoted name
        return None
    names = tuple(step.name for step in steps if isinstance(step, Child) and step.name is not None)
    return (names, above) if items and len(names) == len(steps) else None
