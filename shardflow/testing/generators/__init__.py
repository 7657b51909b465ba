"""Hypothesis strategies for JSON values, contexts, shards, groups and rule sets that meet each other often.

Law: all shrink well, to an example of a few keys (`tests/testing/test_shrinking.py` holds them to it).
"""

from shardflow.testing.generators.forms import journals, patches
from shardflow.testing.generators.groups import contexts, groups, shards
from shardflow.testing.generators.rule_sets import arguments_of, options, rule_sets, rules
from shardflow.testing.generators.sources import Like, Schema, Source
from shardflow.testing.generators.values import NAMES, json_values, keyed_lists, scalars
from shardflow.testing.laws.group import Group

__all__ = [
    "NAMES",
    "Group",
    "Like",
    "Schema",
    "Source",
    "arguments_of",
    "contexts",
    "groups",
    "journals",
    "json_values",
    "keyed_lists",
    "options",
    "patches",
    "rule_sets",
    "rules",
    "scalars",
    "shards",
]
