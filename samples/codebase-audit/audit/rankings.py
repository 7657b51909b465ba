"""Phase 3, first step: rank what the auditors found together."""

from __future__ import annotations

from typing import Any

from audit.cycles import knots, shortest_cycle

TOP = 20
SEVERITIES = ["low", "medium", "high"]


def rank(context: dict[str, Any]) -> None:
    """Put rankings in the context, in place of the raw import graph they come from."""
    modules = context.pop("graph")
    context["rankings"] = {
        "hotspots": _hotspots(context["findings"]),
        "complex_functions": _complex_functions(context["complexity"]["worst"]),
        "docstrings": _docstrings(context["docstrings"]["packages"]),
        **_graph(modules["modules"]),
        "external": _top(modules["external"]),
    }


def _hotspots(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def key(finding: dict[str, Any]) -> tuple[int, int, int, str]:
        severity = SEVERITIES.index(finding["severity"])
        return (-finding["score"], -len(finding["auditors"]), -severity, finding["file"])

    return sorted(findings, key=key)[:TOP]


def _complex_functions(worst: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(worst, key=lambda it: (-it["complexity"], it["file"], it["line"]))[:TOP]


def _docstrings(packages: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Rank packages by the share of public names documented, the best first; of equals the larger."""
    rows = [{"package": name, **counts} for name, counts in packages.items()]
    return sorted(rows, key=lambda it: (-it["documented"] / it["public"], -it["public"], it["package"]))


def _graph(modules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    at_once = {file: facts["now"] for file, facts in sorted(modules.items())}
    importers = dict.fromkeys(at_once, 0)
    for facts in modules.values():
        for file in [*facts["now"], *facts["later"]]:
            if file in importers:
                importers[file] += 1
    names = {file: facts["name"] for file, facts in modules.items()}
    cycles = [_cycle(knot, at_once, names) for knot in knots(at_once)]
    return {
        "imports": sum(importers.values()),
        "most_imported": _top({names[file]: count for file, count in importers.items() if count}),
        "most_importing": _top({names[file]: len(targets) for file, targets in at_once.items() if targets}),
        "cycles": sorted(cycles, key=lambda it: (-it["modules"], it["shortest"])),
    }


def _cycle(knot: list[str], imports: dict[str, list[str]], names: dict[str, str]) -> dict[str, Any]:
    shortest = [names[file] for file in shortest_cycle(knot, imports)]
    return {"modules": len(knot), "names": sorted(names[file] for file in knot), "shortest": shortest}


def _top(counts: dict[str, int]) -> list[dict[str, Any]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return [{"name": name, "count": count} for name, count in ranked]
