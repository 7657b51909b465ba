"""Counterexamples as cases: what broke a law, kept so that it is tried again from now on."""

from __future__ import annotations

from shardflow.merge.cases import Case, CaseRules, CaseShard
from shardflow.merge.rules import rules_json
from shardflow.model.documents import Document
from shardflow.testing.laboratory.reports import Finding
from shardflow.testing.laboratory.search import Broken


def counterexample(finding: Finding, broken: Broken, rules: CaseRules) -> Case:
    """Give what broke a law as a case; `rules` are those of the set as the case's file shall have them."""
    told = f"breaks the law '{finding.law}'" + (f" of {finding.subject}" if finding.subject else "")
    if finding.place is not None and finding.place.alone:
        rules = Document("rules", rules_json(finding.place.rules))
    left = zip(broken.group.shards, broken.group.documents, strict=True)
    shards = tuple(CaseShard(shard, document) for shard, document in left)
    return Case(broken.group.base, shards, rules, law=finding.law, description=told)
