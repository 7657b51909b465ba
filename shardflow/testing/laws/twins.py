"""The twin of a rule set: read back from what a run keeps of it, so that nothing but the text of the rules is left."""

from __future__ import annotations

from collections.abc import Mapping

from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import Rule, RuleSet, rules_json
from shardflow.merge.site import Settle
from shardflow.merge.strategies.custom import Function, Target
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.documents import Document
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json


def twin(rules: RuleSet) -> RuleSet:
    """Give the twin; the set itself where a strategy of it is not one that a rule file can name."""
    if not all(_nameable(rule) for rule in rules.every):
        return rules
    functions = functions_of(rules)

    def library(target: Target, source: str) -> tuple[Function, Target]:
        return functions[target.function], target

    kept = parse_json(canonical_bytes(rules_json(rules)), "rules.json")
    return read_rules(Document("rules.json", kept), _nothing_to_extend, library)


def functions_of(rules: RuleSet) -> Mapping[str, Function]:
    """Give the functions of `custom` rules by their targets."""
    customs = (rule.strategy.settle for rule in rules.every if rule.strategy.name == CUSTOM)
    bound = (getattr(settle, "keywords", {}) for settle in customs)
    return {keywords["name"]: keywords["function"] for keywords in bound if "function" in keywords}


def _nameable(rule: Rule) -> bool:
    strategy = rule.strategy
    if strategy.name not in STRATEGIES:
        return strategy.name == "default"
    return _code(strategy.settle) is _code(STRATEGIES[strategy.name].bind(strategy.argument))


def _code(settle: Settle) -> object:
    """Give what tells two functions with their arguments bound to be one function."""
    return getattr(getattr(settle, "func", settle), "__code__", settle)


def _nothing_to_extend(name: str, _source: str) -> Document:
    raise LookupError(f"effective rules extend nothing, not even {name!r}")
