"""Rule sets and strategies: tables and pages for people, objects for programs (`RuleSets`, `RuleSet` and `Strategy` of
`cli/README.md`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from shardflow.cli.views.display import count, printable_lines
from shardflow.cli.views.tables import EndKept, Prose, text_table
from shardflow.execution.inspection.rule_books import RuleBook
from shardflow.merge.guide.pages import SECTIONS, Page, page_of
from shardflow.merge.rules import DEFAULT, Defaults, Rule, options_json, rules_json, strategy_json
from shardflow.merge.strategies.custom import read_target
from shardflow.merge.strategies.registry import CUSTOM, Entry
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable, value_text

_DONE: dict[str, Json] = {"status": "done", "exit_code": 0}


def listing_object(books: Sequence[RuleBook], strategies: Mapping[str, Entry]) -> dict[str, Json]:
    """Give all rule sets and strategies to programs."""
    sets: list[Json] = [
        {"name": b.name, "description": b.description, "file": b.file, "rule_count": len(b.rules.rules)} for b in books
    ]
    pages: list[Json] = [{"name": name, "summary": page_of(entry.page).summary} for name, entry in strategies.items()]
    return {**_DONE, "rule_sets": sets, "strategies": pages}


def listing_lines(books: Sequence[RuleBook], strategies: Mapping[str, Entry]) -> Iterator[str]:
    """Show all rule sets and strategies to people."""
    sets = [(printable(book.name), Prose(printable(book.description))) for book in books]
    pages = [(name, Prose(page_of(entry.page).summary)) for name, entry in strategies.items()]
    yield from text_table(("rule set", "what it is for"), sets, sys.stdout)
    yield ""
    yield from text_table(("strategy", "what it does"), pages, sys.stdout)
    yield ""
    yield "`shardflow rules show NAME` tells more of each."


def strategy_object(name: str, page: Page) -> dict[str, Json]:
    """Give a strategy's page to programs."""
    return {**_DONE, "strategy": name, "page": _page_object(page)}


def book_object(book: RuleBook) -> dict[str, Json]:
    """Give a rule set to programs."""
    effective = rules_json(book.rules)
    rules = effective if isinstance(effective, dict) else {}
    named: dict[str, Json] = {"rule_set": book.name, "file": book.file, "description": book.description}
    return {**_DONE, **named, **rules, "page": _page_object(book.page)}


def _page_object(page: Page) -> dict[str, Json]:
    summary: dict[str, Json] = {"summary": page.summary} if page.summary else {}
    return {**summary, **page.sections}


def page_text(title: str, page: Page) -> str:
    """Show a page to people."""
    return printable_lines("\n".join([title, "", page.summary, *_sections(page)]))


def _sections(page: Page) -> Iterator[str]:
    for name in SECTIONS:
        if name in page.sections:
            yield f"\n{name}"
            yield from (f"    {line}".rstrip() for line in page.sections[name].split("\n"))


def book_text(book: RuleBook) -> str:
    """Show a rule set to people: what it says of itself, its rules in order, who decides where none matches."""
    head = [f"{book.name}: {book.description}" if book.description else book.name, *_sections(book.page), ""]
    return "\n".join([*map(printable_lines, head), *_rules(book.rules.rules), "", *_defaults(book.rules.defaults)])


def _rules(rules: Sequence[Rule]) -> Iterator[str]:
    if not rules:
        yield "no rules"
        return
    rows = [
        (str(place), Prose(printable(str(rule.pattern))), *_decides(rule)) for place, rule in enumerate(rules, start=1)
    ]
    yield f"{count(len(rules), 'rule')}, the first that matches a path decides it:"
    yield from text_table(("", "path", "strategy", "options", "written in"), rows, sys.stdout)


def _defaults(defaults: Defaults) -> Iterator[str]:
    yield "where no rule matches:"
    yield from default_lines(defaults)


def default_lines(defaults: Defaults, indent: str = "") -> Iterator[str]:
    """Show who decides by the kind of value."""
    kinds = {"objects": defaults.objects, "lists": defaults.lists, "scalars": defaults.scalars}
    rows = [
        (indent + kind, *(_decides(rule) if rule is not DEFAULT else (Prose(_ENGINE[kind]),)))
        for kind, rule in kinds.items()
    ]
    width = max(map(len, rows))
    head = (f"{indent}kind", "strategy", "options", "written in")[:width]
    yield from text_table(head, [_filled(row, width) for row in rows], sys.stdout)


_ENGINE = {
    "objects": "go deep, member by member",
    "lists": "append in rank order if every shard only appended, else as atomic",
    "scalars": "take a lone or unanimous change; anything else is a conflict",
}
"""What the engine does by itself."""


def _filled(row: Sequence[str], width: int) -> Sequence[str]:
    return [*row, *[""] * (width - len(row))]


def _decides(rule: Rule) -> tuple[str, str, str]:
    options = ", ".join(f"{name}: {value}" for name, value in options_json(rule.options).items())
    return Prose(printable(strategy_text(rule))), Prose(printable(options)), EndKept(printable(rule.origin))


def strategy_text(rule: Rule) -> str:
    """Write a strategy on one line: `sum`, `keyed ["file", "line"]`."""
    written = strategy_json(rule.strategy)
    if isinstance(written, dict):
        [(name, argument)] = written.items()
        if name == CUSTOM:
            argument = read_target(argument).function
        return f"{name} {value_text(argument, sys.maxsize)}"
    return str(written)
