"""Where rules come from: a file, a shipped set by its name, or the workflow itself; all become one effective set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidRules, StorageError
from shardflow.model.documents import Document, Problem
from shardflow.model.records import record
from shardflow.workflow.model import InlineRules, RulesFile, RulesSource

if TYPE_CHECKING:
    from shardflow.merge.rules import RuleSet

_LIMIT: Final = 16 << 20
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SHIPPED: Final = (f"{_PACKAGE}/merge_rules", f"{os.path.dirname(_PACKAGE)}/merge_rules")
"""Where the shipped sets stand: in the installed package, or beside it in a checkout."""


@record
class EffectiveRules:
    """The rules of a group as `rules.json` keeps them, extends resolved, and the set they make; None for no rules.

    No rules need no rule engine: the run loads it only when the first children run.
    """

    data: bytes
    given: RuleSet | None

    @property
    def rules(self) -> RuleSet:
        """The rule set."""
        from shardflow.merge.rules import NO_RULES  # not before it is needed, see above

        return NO_RULES if self.given is None else self.given


NO_EFFECTIVE_RULES: Final = EffectiveRules(b'{\n  "rules": []\n}\n', None)


def load_rules(source: RulesSource | None, folder: str) -> EffectiveRules:
    """Load the rules a workflow names; `folder` is what a relative path starts from.

    Raises InvalidRules or InvalidYaml with every problem found.
    """
    match source:
        case None:
            return NO_EFFECTIVE_RULES
        case InlineRules(document):
            return _effective(document)
        case RulesFile(name):
            try:
                return _effective(_find(name, folder))
            except LookupError as error:
                raise InvalidRules([Problem(name, None, "no such rules", hint=str(error.args[0]))]) from None


def read_effective_rules(data: bytes, source: str) -> RuleSet:
    """Read `rules.json` back. Raises InvalidJson or InvalidRules."""
    from shardflow.merge.rule_file import read_rules
    from shardflow.storage.json.strict import parse_json

    return read_rules(Document(source, parse_json(data, source)), _nothing_to_extend)


def find_rules(name: str, source: str) -> Document:
    """Find the rule file that the file `source` extends: a path relative to that file, or a shipped set's name.

    Raises LookupError, whose text says what is known, or InvalidInput for a file that cannot be read.
    """
    return _find(name, os.path.dirname(source))


def shipped_rule_sets() -> dict[str, str]:
    """Give the shipped rule sets: the file of each by its name."""
    found: dict[str, str] = {}
    for folder in _SHIPPED:
        if os.path.isdir(folder):
            names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
            found = {name.removesuffix(".yaml"): f"{folder}/{name}" for name in names} | found
    return found


def _effective(document: Document) -> EffectiveRules:
    from shardflow.merge.rule_file import read_rules
    from shardflow.merge.rules import rules_json
    from shardflow.storage.json.canonical import canonical_bytes

    rules = read_rules(document, find_rules)
    return EffectiveRules(canonical_bytes(rules_json(rules)), rules)


def _find(name: str, folder: str) -> Document:
    path = os.path.join(folder, name) if _is_path(name) else _shipped(name)
    from shardflow.storage.files import read_regular
    from shardflow.storage.yaml.documents import parse_yaml

    try:
        data = read_regular(path, _LIMIT)
    except StorageError as error:
        raise LookupError(str(error)) from error
    return parse_yaml(data, path)


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith((".yaml", ".yml"))


def _shipped(name: str) -> str:
    known = shipped_rule_sets()
    if name not in known:
        from shardflow.model.documents import did_you_mean

        raise LookupError(f"{did_you_mean(name, known)}" if known else "no rule sets are shipped")
    return known[name]


def _nothing_to_extend(name: str, _source: str) -> Document:
    raise LookupError(f"effective rules extend nothing, not even {name!r}")
