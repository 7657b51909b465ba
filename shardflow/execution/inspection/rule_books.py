"""Rule sets as people look at them: what a set says of itself, and its effective rules."""

from __future__ import annotations

from collections.abc import Iterator

from shardflow.execution.rule_sources import load_named_rules, named_rule_file, shipped_rule_sets
from shardflow.merge.guide.pages import Page, parse_page
from shardflow.merge.rules import RuleSet
from shardflow.model.records import record
from shardflow.storage.yaml.documents import parse_yaml


@record
class RuleBook:
    """A rule set with its file, its `description`, the page its first comment is (one without sections if there is
    none), and its effective rules.
    """

    name: str
    file: str
    description: str
    page: Page
    rules: RuleSet


def shipped_books() -> Iterator[RuleBook]:
    """Give every rule set that ships."""
    return map(rule_book, shipped_rule_sets())


def rule_book(name: str) -> RuleBook:
    """Read a shipped set or a file. Raises InvalidRules or InvalidYaml with every problem."""
    rules = load_named_rules(name).rules
    file, data = named_rule_file(name)
    value = parse_yaml(data, file).value
    description = value.get("description", "") if isinstance(value, dict) else ""
    return RuleBook(name, file, str(description), parse_page(_first_comment(data.decode())), rules)


def _first_comment(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)
