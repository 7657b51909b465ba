"""What the rule laboratory found: lines for people, one object for programs (`Checked` of `cli/README.md`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from shardflow.cli.console import styled
from shardflow.cli.views.display import count, place, printable_lines, shell_word
from shardflow.merge.report import rule_json
from shardflow.model.values import ABSENT, Json
from shardflow.testing.laboratory.reports import Finding, Report, Standing, broken_lines
from shardflow.testing.laboratory.search import Broken, Kept
from shardflow.testing.laws.outcomes import Contested, LawBroken, Side

Cases = Sequence[tuple[Finding, str]]
"""Broken laws, each with the file that its counterexample was written to."""

_COUNTS: Final = "which counts, since the law was asked for by name: exceptions do not, nor whether it is declared"


def check_lines(name: str, report: Report, cases: Cases) -> Iterator[str]:
    """Tell a check to people."""
    yield f"{place(name)}: seed {report.seed}"
    width = max((len(_subject(finding)) for finding in report.findings), default=0)
    for finding in report.findings:
        if finding.standing is not Standing.UNDECLARED or finding.is_suggested:
            word, style = ("broken", "bad") if finding.is_broken else ("kept", "good")
            if isinstance(finding.answer, Broken) and not finding.is_broken:
                word, style = "broken", "warn"
            yield f"  {_subject(finding):{width}}  {styled(word, style, sys.stdout)}{_told(finding)}"
    not_checked = styled("not checked", "bad", sys.stdout)
    yield from (f"  {not_checked}: {printable_lines(text)}" for text in report.unchecked)
    yield from (f"  not asked for here: {printable_lines(text)}" for text in report.elsewhere)
    for finding, file in cases:
        if isinstance(finding.answer, Broken):
            yield from map(printable_lines, broken_lines(finding, finding.answer))
            yield f"  written to {place(file)}; shardflow merge {shell_word(file)}"


def _subject(finding: Finding) -> str:
    return printable_lines(f"{finding.law}, {finding.subject}" if finding.subject else finding.law)


def _told(finding: Finding) -> str:
    match finding.answer, finding.standing:
        case Broken(_, _, examples), Standing.EXCEPTED:
            return f" by example {examples:,}, perhaps by what its exception names"
        case Broken(_, _, examples), Standing.ASKED:
            return f" by example {examples:,}, {_COUNTS}"
        case Broken(_, _, examples), _:
            return f" by example {examples:,}"
        case Kept(examples), Standing.UNDECLARED:
            return f" in {count(examples, 'example')}, and not declared: declare it if it is meant"
        case Kept(examples), Standing.REQUIRED:
            return f" in {count(examples, 'example')}"
        case Kept(examples), Standing.ASKED:
            return f" in {count(examples, 'example')}, as asked"
        case Kept(examples), _:
            return f" in {count(examples, 'example')}, as declared"


def check_object(name: str, report: Report, cases: Cases) -> dict[str, Json]:
    """Give a check to programs."""
    laws: list[Json] = [
        _finding_object(one, [file for finding, file in cases if finding is one]) for one in report.findings
    ]
    return {
        "file": name,
        "status": "broken" if report.broken else "unchecked" if report.unchecked else "kept",
        "seed": report.seed,
        "laws": laws,
        "suggested": list(report.suggested),
        "unchecked": list(report.unchecked),
        "elsewhere": list(report.elsewhere),
    }


def _finding_object(finding: Finding, files: list[str]) -> dict[str, Json]:
    told: dict[str, Json] = {"name": finding.law}
    if finding.subject:
        told["subject"] = finding.subject
    answer = finding.answer
    status = "kept" if isinstance(answer, Kept) else "broken"
    told |= {"standing": finding.standing.value, "status": status, "example_count": answer.examples}
    if isinstance(answer, Broken) and files:
        told["counterexample"] = {"case": files[0], **_broken_object(answer)}
    return told


def _broken_object(broken: Broken) -> dict[str, Json]:
    group, error = broken.group, broken.error
    shards: dict[str, Json] = dict(zip(group.shards, group.documents, strict=True))
    return {"base": group.base, "shards": shards, **_error_object(error)}


def _error_object(error: LawBroken) -> dict[str, Json]:
    told: dict[str, Json] = {"reason": error.reason} if error.reason else {}
    if error.contrast is not None:
        told |= {"one": _side_object(error.contrast.one), "other": _side_object(error.contrast.other)}
    return told if error.rule is None else {**told, "rule": rule_json(error.rule)}


def _side_object(side: Side) -> dict[str, Json]:
    told: dict[str, Json] = {"title": side.title}
    if isinstance(side.outcome, Contested):
        return {**told, "conflict_paths": list(side.conflicts)}
    return told if side.outcome is ABSENT else {**told, "value": side.outcome}
