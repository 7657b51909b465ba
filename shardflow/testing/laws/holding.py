"""Cases held to the law they name: what once broke a law is tried again from then on."""

from __future__ import annotations

from shardflow.errors import UsageError
from shardflow.merge.cases import Case
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import apply
from shardflow.model.documents import did_you_mean
from shardflow.testing.laws import ENGINE, LAWS, Group


def law_named(name: str) -> str:
    """Give the law of a name, which may be written with hyphens. Raises UsageError."""
    plain = name.replace("-", " ").lower()
    if plain not in LAWS:
        raise UsageError(f"no law '{name}'; {did_you_mean(plain, LAWS)}")
    return plain


def hold(case: Case, rules: RuleSet) -> None:
    """Hold a case to the law it names. Raises LawBroken, or UsageError for a law that there is not."""
    law = LAWS[law_named(case.law)]
    left = [(one.shard, apply(one.edit(case.base), case.base)) for one in case.shards]
    documents = tuple(document for _, document in left if isinstance(document, dict))
    law(ENGINE, Group(case.base, documents, tuple(shard for shard, _ in left)), rules)
