"""Rule sets over the names that contexts use: any strategy, any options, so that rules and shards meet."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from shardflow.merge.rules import OPTION_DEFAULTS, OPTIONS, Options, Rule, RuleSet, Strategy
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.patterns import parse_pattern
from shardflow.model.values import Json

_ARGUMENTS: Final[dict[str, tuple[Json, ...]]] = {
    "prefer": (["s1", "s0"],),
    "rank": ([0, 1, 2, "x", "y"], {"pairs": [[0, 1], [0, 2], ["x", "y"]]}),
    "keyed": (
        "id",
        {"fields": "id", "order": "key"},
        {"fields": "id", "order": "first"},
    ),
    "quorum": (2,),
    "min_by": ("n",),
    "max_by": ("n",),
    "arbiter": (["decide"],),
}
_PATTERNS: Final = ("$.a", "$.b", "$.aa", "$['']", "$.*", "$.a.*", "$.a..n", "$..n", "$.*[*]", "$.*[*].n", "$..*")


@st.composite
def rules(draw: st.DrawFn, names: tuple[str, ...] = tuple(sorted({*STRATEGIES} - {CUSTOM}))) -> Rule:
    """Draw a rule: a pattern over the names contexts use, any strategy but those of functions, any options."""
    name = draw(st.sampled_from(names))
    argument = draw(st.sampled_from(arguments_of(name)))
    entry = STRATEGIES[name]
    strategy = Strategy(name, argument, entry.bind(argument), entry.structural)
    pattern = draw(st.sampled_from(_PATTERNS))
    return Rule(parse_pattern(pattern), strategy, draw(options()), f"rules.yaml:{draw(st.integers(1, 9))}")


def arguments_of(strategy: str) -> tuple[Json, ...]:
    """Give arguments that a strategy takes, None for one that takes none."""
    return _ARGUMENTS.get(strategy, (None,))


def options() -> st.SearchStrategy[Options]:
    """Draw the options of a rule, mostly none."""
    said = {name: list(dict.fromkeys([OPTION_DEFAULTS[name], *known])) for name, known in OPTIONS.items()}
    said["type"] = [None]  # it would leave little but conflicts
    return st.just(Options()) | st.builds(Options, *map(st.sampled_from, said.values()))


def rule_sets() -> st.SearchStrategy[RuleSet]:
    """Draw rule sets of up to four rules, the empty one among them."""
    return st.lists(rules(), max_size=4).map(RuleSet)
