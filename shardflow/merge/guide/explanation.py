"""Which rule decides a path, and why: the walk of the engine down one path, told step by step.

Law: for a path the engine comes to, the rule told here is the one it asks. What a document holds decides the rest: a
rule that goes into lists finds an object in its place, say, and then settles that whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.merge.rules import Defaults, Node, Rule, RuleSet
from shardflow.model.paths import ROOT, Member, Path, Segment, path_text, segment_text
from shardflow.model.patterns import Descendant, Pattern, PatternSet, Reached, Step
from shardflow.model.records import record


@record
class Passed:
    """A rule that was asked and does not match; `reason` says why not."""

    rule: Rule
    reason: str


@record
class Turn:
    """One place on the way to the path, and the rule that goes into it; None for a default that does."""

    path: Path
    rule: Rule


@record
class Explanation:
    """What decides `path`. If `decided_at` is shorter, the value there is settled whole and nothing inside is asked.

    `rule` is None where no rule matches and `defaults` decide by kind. `passed` are the rules before it that do not
    match, `later` those behind it that match too; `way` are the places above.
    """

    path: Path
    decided_at: Path
    rule: Rule | None
    defaults: Defaults
    way: tuple[Turn, ...]
    passed: tuple[Passed, ...]
    later: tuple[Rule, ...]


def explain(path: Path, rules: RuleSet) -> Explanation:
    """Find what decides a path."""
    way, here, found = decided(path, rules)
    before, later = _others(here, found, rules)
    return Explanation(path, here, found, rules.defaults, way, before, later)


def decided(path: Path, rules: RuleSet) -> tuple[tuple[Turn, ...], Path, Rule | None]:
    """Find where a path is decided, by which rule, and the places above. Cost: the path, not the rules."""
    way: list[Turn] = []
    here, node = ROOT, rules.root
    for segment in path:
        asked = _asked(node, rules.defaults, segment)
        if not goes_into(asked, segment):
            break
        way.append(Turn(here, asked))
        here, node = (*here, segment), node.below(segment)
    return tuple(way), here, node.match


def _asked(node: Node, defaults: Defaults, segment: Segment) -> Rule:
    """Give the rule that decides whether to go on: the one that matches, or the default of what holds the segment."""
    return node.match or (defaults.objects if isinstance(segment, str) else defaults.lists)


def goes_into(rule: Rule, segment: Segment) -> bool:
    """Tell whether a rule goes into the value at its path as far as this segment."""
    match rule.strategy.name:
        case "keyed":
            return isinstance(segment, int | Member)
        case "index":
            return isinstance(segment, int)
        case _:
            return rule.strategy.structural and isinstance(segment, str)


def _others(path: Path, found: Rule | None, rules: RuleSet) -> tuple[tuple[Passed, ...], tuple[Rule, ...]]:
    place = len(rules.rules) if found is None else next(n for n, rule in enumerate(rules.rules) if rule is found)
    before, behind = rules.rules[:place], rules.rules[place + 1 :]
    passed = tuple(Passed(rule, _why_not(rule.pattern, path)) for rule in before if rule.pattern is not None)
    return passed, tuple(rule for rule in behind if rule.pattern is not None and _matches(rule.pattern, path))


def _matches(pattern: Pattern, path: Path) -> bool:
    patterns = PatternSet([pattern])
    here = patterns.start
    for segment in path:
        here = patterns.after(here, segment)
    return patterns.first_match(here) is not None


def _why_not(pattern: Pattern, path: Path) -> str:
    """Say where a pattern and a path that it does not match part."""
    patterns = PatternSet([pattern])
    here = patterns.start
    for depth, segment in enumerate(path):
        after = patterns.after(here, segment)
        if not after:
            wanted = " or ".join(sorted({_step_text(step) for step in _next_steps(pattern, here)}))
            if not wanted:
                return f"it speaks for {path_text(path[:depth])}, not for what is inside"
            return f"it wants {wanted} where the path has {segment_text(segment)}"
        here = after
    wanted = " or ".join(sorted({_step_text(step) for step in _next_steps(pattern, here)}))
    return f"it speaks for what is further inside: {wanted}"


def _next_steps(pattern: Pattern, positions: Reached) -> Iterator[Step]:
    return (pattern.steps[done] for _, done in positions if done < len(pattern.steps))


def _step_text(step: Step) -> str:
    name = "*" if step.name is None else segment_text(step.name).removeprefix(".")
    return f"..{name}" if isinstance(step, Descendant) else f".{name}".replace(".[", "[")
