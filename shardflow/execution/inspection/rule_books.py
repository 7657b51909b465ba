"""Rule sets as people look at them: what a set says of itself, and its effective rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from shardflow.errors import InvalidInput
from shardflow.execution.rules.sources import called, known_as, load_named_rules, named_rule_file, shipped_rule_sets
from shardflow.merge.guide.declared_laws import OF_RULE_SETS, unknown_laws
from shardflow.merge.guide.pages import Page, parse_page
from shardflow.merge.guide.warnings import Warned, warnings
from shardflow.merge.rules import RuleSet
from shardflow.model.documents import Problem, did_you_mean
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
    return RuleBook(called(name), file, str(description), parse_page(_first_comment(data.decode())), rules)


@record
class CheckedRules:
    """A rule file that was checked: its effective rules, None if it has errors; `warnings` are of its own rules."""

    name: str
    rules: RuleSet | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def checked(name: str) -> CheckedRules:
    """Check a shipped set or a file, and all it extends; every problem of every file is found at once."""
    try:
        rules = load_named_rules(name).rules
    except InvalidInput as error:
        return CheckedRules(called(name), None, error.problems, ())
    file, data = named_rule_file(name)
    told = (*_unknown_laws(data.decode(), file), *_own_problems(warnings(rules), file))
    return CheckedRules(called(name), rules, (), told)


def _unknown_laws(text: str, file: str) -> Iterator[Problem]:
    """Warn of what the first comment declares that is no law, which nobody would hold the set to."""
    lines = _first_comment(text).split("\n")
    heading = next((at for at, line in enumerate(lines) if line.removesuffix(":") == "Laws"), 0)
    for law in unknown_laws(parse_page("\n".join(lines))):
        word = law.partition(" ")[0]
        line = next((at for at in range(heading + 1, len(lines)) if word in lines[at]), heading)
        yield Problem(file, line + 1, f"no law of a whole rule set: '{law}'", None, did_you_mean(law, OF_RULE_SETS))


def _own_problems(found: Iterable[Warned], file: str) -> Iterator[Problem]:
    """Give the warnings about rules that the file itself wrote: those of sets it extends are theirs to answer."""
    own = known_as(file, os.path.dirname(file))
    for warned in found:
        source, _, line = warned.rule.origin.rpartition(":")
        if source == own:
            yield Problem(file, int(line), warned.message, None, warned.hint)


def _first_comment(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)
