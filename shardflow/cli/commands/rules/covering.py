"""`shardflow rules coverage`: what made-up examples, cases and runs exercise of rule sets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardflow.cli.commands.reading import cases_in, read_all
from shardflow.cli.commands.rules.laboratory import EXAMPLES, book_of, context_of, need_hypothesis
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import place
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.trying import Trying
from shardflow.errors import UsageError
from shardflow.execution.cases.files import load_case
from shardflow.execution.cases.saving import recorded_cases
from shardflow.execution.inspection.rule_books import RuleBook
from shardflow.merge.cases import Case
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.storage.runs.directory import RunDirectory

if TYPE_CHECKING:
    from shardflow.testing.laboratory.coverage import Coverage


@record
class Covering:
    """What the command line says of a coverage; None where it does not."""

    by: tuple[str, ...]
    context: str | None
    examples: int | None
    seed: int | None


def cover_files(files: tuple[str, ...], asked: Covering, *, as_json: bool) -> int:
    """Tell what is exercised of every rule set, and give the exit code. Raises UsageError or InvalidInput."""
    need_hypothesis()
    books = read_all(book_of, files)
    context = context_of(asked.context)
    cases = [case for found in read_all(_cases, asked.by) for case in found]
    told = [_cover(book, asked, context, cases, quiet=as_json) for book in books]
    if as_json:
        CONSOLE.hand_over(object_bytes({"status": "done", "exit_code": 0, "files": list(told)}))
    return 0


def _cover(
    book: RuleBook, asked: Covering, context: dict[str, Json] | None, cases: list[Case], *, quiet: bool
) -> dict[str, Json]:
    from shardflow.cli.views.rules.coverage import Covered, coverage_lines, coverage_object
    from shardflow.testing.laboratory.coverage import Coverage, uncovered

    made_up = _made_up(book, asked, context)
    by_cases = Coverage(book.rules)
    for case in cases:
        by_cases.watch(case.base, case.deltas)
    left = None if context is None else tuple(uncovered(context, book.rules))
    covered = Covered(book.name, made_up, by_cases if asked.by else None, left)
    if not quiet:
        for line in coverage_lines(covered):
            CONSOLE.say(line)
    return coverage_object(covered)


def _made_up(book: RuleBook, asked: Covering, context: dict[str, Json] | None) -> Coverage:
    """Watch what made-up examples exercise."""
    from shardflow.testing.generators import Like, Source, groups
    from shardflow.testing.laboratory.coverage import Coverage
    from shardflow.testing.laboratory.search import Effort, look_at

    coverage = Coverage(book.rules)
    source: Source = book.rules if context is None else [book.rules, Like(context)]
    trying = Trying(f"exercising {place(book.name)}", "examples looked at")
    effort = Effort(asked.examples or EXAMPLES, asked.seed or 0, trying.hear)
    try:
        look_at(groups(source, least=1), lambda group: coverage.watch(group.base, group.deltas), effort)
    finally:
        trying.close()
    return coverage


def _cases(source: str) -> list[Case]:
    """Read a case file, all of a folder, or the merges of a run. Raises UsageError or InvalidInput."""
    if os.path.lexists(RunDirectory(source).record):
        return [recorded.case for recorded in recorded_cases(source)]
    if os.path.isdir(source):
        return [loaded.case for loaded in read_all(load_case, cases_in(source))]
    if os.path.isfile(source):
        return [load_case(source).case]
    raise UsageError(f"{place(source)} is no case file, no folder of cases and no run directory", file=source)
