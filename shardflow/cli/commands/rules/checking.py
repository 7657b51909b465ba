"""`shardflow rules check`: rule sets held to their laws."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from shardflow.cli.commands.reading import read_all
from shardflow.cli.commands.rules.laboratory import EXAMPLES, book_of, context_of, need_hypothesis
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import place
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.trying import Trying
from shardflow.errors import UsageError
from shardflow.execution.inspection.rule_books import RuleBook
from shardflow.execution.rules.sources import is_rule_file
from shardflow.merge.cases import CaseRules
from shardflow.merge.rules import rules_json
from shardflow.model.documents import Document
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.storage.pipes import is_descriptor

if TYPE_CHECKING:
    from shardflow.testing.laboratory.reports import Finding

_NOT_KEPT = 1


@record
class Checking:
    """What the command line says of a check; None where it does not."""

    examples: int | None
    seed: int | None
    like: str | None
    laws: tuple[str, ...]
    cases: str | None


def check_files(files: tuple[str, ...], asked: Checking, *, as_json: bool) -> int:
    """Check every rule set, tell what was found, and give the exit code. Raises UsageError or InvalidInput."""
    need_hypothesis()
    from shardflow.testing.laws.holding import law_named

    _refuse_folder(asked.cases or os.curdir)
    laws = read_all(law_named, asked.laws)
    told = [_check(book, asked, laws, quiet=as_json) for book in read_all(book_of, files)]
    statuses = {one["status"] for one in told}
    status = next((one for one in ("broken", "unchecked") if one in statuses), "kept")
    code = 0 if status == "kept" else _NOT_KEPT
    if as_json:
        CONSOLE.hand_over(object_bytes({"status": status, "exit_code": code, "files": list(told)}))
    return code


def _check(book: RuleBook, asked: Checking, laws: list[str], *, quiet: bool) -> dict[str, Json]:
    """Check one rule set, write its counterexamples, tell people unless they want JSON, and give what programs get.

    `laws` are those asked for by name, if any.
    """
    from shardflow.cli.views.rules.laboratory import check_lines, check_object
    from shardflow.testing.generators import Like, Source
    from shardflow.testing.laboratory.conformance import declared_by, examine_rules
    from shardflow.testing.laboratory.search import Effort

    like = context_of(asked.like)
    examples = asked.examples or EXAMPLES
    trying = Trying(f"checking {place(book.name)}", f"of {examples:,} examples looked at")
    effort = Effort(examples, asked.seed or 0, trying.hear)
    source: Source = book.rules if like is None else [book.rules, Like(like)]
    try:
        report = examine_rules(book.rules, declared_by(book.page), source, effort, laws=laws or None)
    finally:
        trying.close()
    cases = list(_written(report.broken, book, asked.cases or os.curdir))
    if not quiet:
        for line in check_lines(book.name, report, cases):
            CONSOLE.say(line)
    return check_object(book.name, report, cases)


def _written(broken: Iterable[Finding], book: RuleBook, folder: str) -> Iterator[tuple[Finding, str]]:
    """Write the counterexample of each broken law to a file of its own, none over another. Raises StorageError."""
    from shardflow.execution.cases.files import SUFFIXES, write_case
    from shardflow.testing.laboratory.regressions import counterexample
    from shardflow.testing.laboratory.search import Broken

    rules = _as_seen_from(folder, book)
    stem = "pipe" if isinstance(rules, Document) else os.path.splitext(os.path.basename(book.name))[0]
    for finding in broken:
        if isinstance(finding.answer, Broken):
            os.makedirs(folder, exist_ok=True)
            name = f"{stem}-{finding.law.replace(' ', '-')}"
            file = next(path for path in _names(os.path.join(folder, name), SUFFIXES[0]) if not os.path.lexists(path))
            write_case(file, counterexample(finding, finding.answer, rules))
            yield finding, file


def _as_seen_from(folder: str, book: RuleBook) -> CaseRules:
    """Give the rules as a case in a folder has them: by name, or whole if a pipe brought them, which is gone."""
    if is_descriptor(book.file):
        return Document("rules", rules_json(book.rules))
    return os.path.relpath(book.file, folder) if is_rule_file(book.name) else book.name


def _refuse_folder(folder: str) -> None:
    """Raise UsageError for a folder that no case can be written to, before anything is checked."""
    there = os.path.abspath(folder)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        why = f"{place(there)} is no folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        why = "permission denied"
    else:
        return
    raise UsageError(f"cannot write cases to {place(folder)}: {why}; name another by --cases", file=folder)


def _names(stem: str, suffix: str) -> Iterator[str]:
    yield stem + suffix
    yield from (f"{stem}-{number}{suffix}" for number in count(2))
