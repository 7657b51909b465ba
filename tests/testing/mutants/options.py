"""Engines that mind the options of a rule wrongly."""

from __future__ import annotations

from shardflow.merge.engine import gather, merge, settle, unite
from shardflow.merge.rules import OnDelete, OnSame, RuleSet
from shardflow.model.records import replaced
from shardflow.testing.laws import Engine

MUTANTS: dict[str, Engine] = {}
"""Each mutant by what is wrong with it."""


def minding(wrong):
    """Register an engine by what it takes the options of each rule for."""

    def register(function):
        def misread(rules):
            return RuleSet([replaced(rule, options=function(rule.options)) for rule in rules.rules], rules.defaults)

        def merged(base, deltas, rules):
            return merge(base, deltas, misread(rules))

        def settled(base, candidates, rules):
            return settle(base, candidates, misread(rules))

        MUTANTS[wrong] = Engine(merged, gather, unite, settled)
        return function

    return register


@minding("asks the strategy about deletions, whatever the rule says of them")
def _(options):
    return replaced(options, on_delete=None)


@minding("deletes what a rule keeps")
def _(options):
    return replaced(options, on_delete=OnDelete.DELETE)


@minding("disputes what a rule keeps")
def _(options):
    return replaced(options, on_delete=OnDelete.CONFLICT)


@minding("accepts the same change where a rule forbids it")
def _(options):
    return replaced(options, same_change=OnSame.ACCEPT)


@minding("takes whatever kind of value shards left")
def _(options):
    return replaced(options, expected=None)
