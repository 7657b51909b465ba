"""Phase 3, second step: write the report from the merged context."""

from __future__ import annotations

import os
from typing import Any

from audit.markdown import code, counted, percent, prose, size, table
from audit.notes import edit_shard

TESTS = "(tests)"
"""The row of the docstrings of tests, as audit/structure.py calls it."""

NAME = "report.md"
"""The report stands in the run directory, so that every run keeps its own."""


def write(context: dict[str, Any]) -> None:
    """Write the report and tell the context its name and size."""
    content = report(context).encode("utf-8")
    path = os.path.join(os.environ["SHARDFLOW_RUN_DIR"], NAME)
    with open(path, "wb") as stream:
        stream.write(content)
    context["report"] = {"file": NAME, "bytes": len(content), "lines": content.count(b"\n")}
    print(f"report: {path}")


def report(context: dict[str, Any]) -> str:
    """Give the whole report as Markdown."""
    sections = [
        _opening,
        _hotspots,
        _sizes,
        _complexity,
        _docstrings,
        _imports,
        _markers,
        _duplicates,
        _problems,
        _method,
    ]
    return "\n".join(line for section in sections for line in section(context))


def _opening(context: dict[str, Any]) -> list[str]:
    sizes = context["sizes"]
    python = sizes["languages"].get("Python", {"lines": 0})["lines"]
    return [
        f"# An audit of {prose(context['title'])}",
        "",
        f"{code(context['root'])}: {counted(context['files'], 'file')}, {counted(sizes['lines'], 'line')}, "
        f"{size(sizes['bytes'])}; {percent(python, sizes['lines'])} of the lines are Python.",
        "",
        *(f"- **{head}.** {text}." for head, text in _glance(context).items()),
        "",
    ]


def _glance(context: dict[str, Any]) -> dict[str, str]:
    complexity, markers, copies = context["complexity"], context["markers"], context["duplicates"]
    hard = complexity["bands"]["21-50"] + complexity["bands"]["over 50"]
    average = complexity["total"] / max(1, complexity["functions"])
    documented, public = _documentation(context)
    knots = counted(len(context["rankings"]["cycles"]), "knot")
    return {
        "Complexity": f"{counted(complexity['functions'], 'function')} with {average:.1f} ways through one on average, "
        f"{hard:,} with more than 20, where tests stop reaching everything",
        "Documentation": f"{percent(documented, public)} of {counted(public, 'public name')} outside the tests have a "
        "docstring",
        "Imports": f"{counted(context['rankings']['imports'], 'import')} between modules of the tree, and {knots} of "
        "modules that import one another in a circle",
        "Left undone": f"{counted(markers['total'], 'marker')} in {counted(markers['files'], 'file')}",
        "Said twice": f"{counted(copies['groups'], 'group')} of equal files, {size(copies['wasted_bytes'])} of copies",
        "Unreadable": f"{counted(context['warnings'], 'file')} that no parser or reader could make sense of",
    }


def _hotspots(context: dict[str, Any]) -> list[str]:
    several = sum(len(finding["auditors"]) > 1 for finding in context["findings"])
    rows = [
        (rank, code(it["file"]), it["score"], it["severity"], "; ".join(map(prose, it["reasons"])))
        for rank, it in enumerate(context["rankings"]["hotspots"], 1)
    ]
    return [
        "## Where to look first",
        "",
        f"Auditors who knew nothing of one another flagged {counted(len(context['findings']), 'file')}, and "
        f"{several:,} of them for more than one reason. Their scores are added up here.",
        "",
        *table(["#", "file", "score", "severity", "why"], rows),
    ]


def _sizes(context: dict[str, Any]) -> list[str]:
    sizes = context["sizes"]
    languages = [
        (name, it["files"], it["lines"], size(it["bytes"]), percent(it["bytes"], sizes["bytes"]))
        for name, it in sizes["languages"].items()
    ]
    largest = [(code(it["file"]), it["language"], it["lines"], size(it["bytes"])) for it in sizes["largest"][:10]]
    return [
        "## Languages and sizes",
        "",
        *table(["language", "files", "lines", "size", "of all bytes"], languages),
        "The largest files:",
        "",
        *table(["file", "language", "lines", "size"], largest),
    ]


def _complexity(context: dict[str, Any]) -> list[str]:
    complexity = context["complexity"]
    most = max(1, *complexity["bands"].values())
    bands = [
        (name, count, percent(count, complexity["functions"]), "\N{FULL BLOCK}" * _bar(count, most))
        for name, count in complexity["bands"].items()
    ]
    worst = [
        (rank, code(it["name"]), code(f"{it['file']}:{it['line']}"), it["complexity"])
        for rank, it in enumerate(context["rankings"]["complex_functions"], 1)
    ]
    return [
        "## Complexity",
        "",
        "McCabe's number counts the ways through a function: one, and one more for every branch.",
        "",
        *table(["complexity", "functions", "share", ""], bands),
        "The most complex functions:",
        "",
        *table(["#", "function", "where", "complexity"], worst),
    ]


def _bar(count: int, most: int) -> int:
    """Give the length of a bar on a scale of digits, so that a few are still seen beside very many."""
    return round(24 * count.bit_length() / most.bit_length())


def _docstrings(context: dict[str, Any]) -> list[str]:
    heads = ["package", "documented", "public", "coverage"]
    rows = [_coverage(it) for it in context["rankings"]["docstrings"] if it["public"] >= 20]
    documented, public = _documentation(context)
    return [
        "## Docstrings",
        "",
        f"{documented:,} of {public:,} public modules, classes, functions and methods outside the tests say what they "
        "are for. Packages with 20 such names or more, the best first:",
        "",
        *table(heads, rows[:10]),
        *(["And the last ones:", "", *table(heads, rows[10:][-10:])] if rows[10:] else []),
    ]


def _coverage(it: dict[str, Any]) -> tuple[str, int, int, str]:
    return code(it["package"]), it["documented"], it["public"], percent(it["documented"], it["public"])


def _documentation(context: dict[str, Any]) -> tuple[int, int]:
    """Give how many public names are documented, and how many there are, tests left out."""
    packages = [counts for name, counts in context["docstrings"]["packages"].items() if name != TESTS]
    return sum(counts["documented"] for counts in packages), sum(counts["public"] for counts in packages)


def _imports(context: dict[str, Any]) -> list[str]:
    rankings = context["rankings"]
    cycles = [
        (it["modules"], " \N{RIGHTWARDS ARROW} ".join(map(code, it["shortest"]))) for it in rankings["cycles"][:10]
    ]
    return [
        "## Imports",
        "",
        "The modules that most others need; whoever changes one of these changes much:",
        "",
        *table(["module", "imported by"], _names(rankings["most_imported"])),
        "The modules that need most others while they are imported:",
        "",
        *table(["module", "imports"], _names(rankings["most_importing"][:10])),
        "Knots: sets of modules that all need one another while they are imported. Imports inside functions make none.",
        "",
        *table(["modules", "the shortest circle"], cycles),
        "From outside the tree:",
        "",
        *table(["module", "imported by"], _names(rankings["external"][:10])),
    ]


def _names(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(code(it["name"]), it["count"]) for it in rows]


def _markers(context: dict[str, Any]) -> list[str]:
    markers = context["markers"]
    kinds = ", ".join(f"{count:,} {name}" for name, count in markers["by_marker"].items())
    return [
        "## Left undone",
        "",
        f"{kinds}. The files with most of them:",
        "",
        *table(["file", "markers"], [(code(it["file"]), it["markers"]) for it in markers["most"][:10]]),
    ]


def _duplicates(context: dict[str, Any]) -> list[str]:
    groups = [
        (size(it["wasted_bytes"]), len(it["files"]), _some(it["files"])) for it in context["duplicates"]["largest"][:10]
    ]
    return ["## Said twice", "", "Files with the same SHA-256:", "", *table(["in copies", "files", "which"], groups)]


def _some(paths: list[str], most: int = 4) -> str:
    rest = len(paths) - most
    return ", ".join(map(code, paths[:most])) + (f" and {rest:,} more" if rest > 0 else "")


def _problems(context: dict[str, Any]) -> list[str]:
    rows = [(code(it["file"]), it["auditor"], prose(it["problem"])) for it in context["problems"][:50]]
    return ["## Unreadable", "", *table(["file", "for", "because"], rows)]


def _method(context: dict[str, Any]) -> list[str]:
    return [
        "## How this came about",
        "",
        "Seven subagents ran at the same time, each on its own copy of one JSON context: four shared out the Python "
        "files, one measured sizes, one hashed, one ran `grep`. None saw what another wrote. Together they read "
        f"{counted(context['files_scanned'], 'file')}, many of them more than once, the largest of "
        f"{size(context['largest_read'])}. Then their shards were merged as `rules.yaml` declares: counters added up, "
        "findings about one file united, the worst status kept. This report was written from the merged context.",
        "",
    ]


if __name__ == "__main__":
    edit_shard(write)
