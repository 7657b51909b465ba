"""Which workflows are written for the shell engine, and which only use words of its dialect.

Two questions, each with one answer:

    a file named `*.workflow.yaml` (or `.yml`) is the shell engine's; it says all that that engine asked for
    the engine keeps books (`dialect/books.py`) for those, and for every workflow that uses a word of the dialect

A workflow that does neither is native through and through: nothing but its subagents writes into its context.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shardflow.model.documents import Document, Problem
from shardflow.model.fields import quoted
from shardflow.model.values import Json

REQUIRED: Final = ("name", "description", "execution_mode", "phases", "finalization")
"""What the shell engine asked of every workflow."""

_FOR_PEOPLE: Final = ("name", "description")
"""What it asked of every phase, and a run of ours makes do without."""

_ENDINGS: Final = (".workflow.yaml", ".workflow.yml")
_OF_A_WORKFLOW: Final = frozenset({"execution_mode", "finalization", "agents"})
_OF_A_PHASE: Final = frozenset(
    {"execution_mode", "main_agent", "gap_check", "checkpoint", "skills", "suggested_subagents"}
)


def is_of_the_shell_engine(document: Document) -> bool:
    """Tell whether a workflow is written for the shell engine."""
    return (document.name or document.source).endswith(_ENDINGS)


def left_out(document: Document) -> Iterator[Problem]:
    """Find what the shell engine would miss in phases of its own files, and we do not."""
    phases = document.value.get("phases") if isinstance(document.value, dict) else None
    if not isinstance(phases, list) or not is_of_the_shell_engine(document):
        return
    for number, phase in enumerate(phases):
        missing = [name for name in _FOR_PEOPLE if name not in phase] if isinstance(phase, dict) else []
        if missing:
            message = f"the shell engine asks for {' and '.join(map(quoted, missing))} of a phase, too"
            yield document.problem(("phases", number), message)


def uses_the_dialect(document: Document) -> bool:
    """Tell whether a workflow uses a word of the dialect."""
    match document.value:
        case {"phases": list(phases), **members}:
            return not _OF_A_WORKFLOW.isdisjoint(members) or any(map(_is_staged, phases))
        case _:
            return False


def _is_staged(phase: Json) -> bool:
    if not isinstance(phase, dict):
        return False
    subagents = phase.get("subagents")
    return not _OF_A_PHASE.isdisjoint(phase) or (
        any(map(_is_configured, subagents)) if isinstance(subagents, list) else isinstance(subagents, dict)
    )


def _is_configured(subagent: Json) -> bool:
    """Tell whether a subagent is one by its type, for the map of agents to run, or has a configuration."""
    if not isinstance(subagent, dict):
        return False
    return "config" in subagent or ("type" in subagent and not {"run", "python", "agent"} & subagent.keys())
