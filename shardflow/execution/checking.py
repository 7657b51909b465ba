"""Checking a workflow before it runs: all problems of it and of the files it names, and what may go wrong in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.rule_sources import NO_EFFECTIVE_RULES, EffectiveRules, load_rules
from shardflow.execution.schedule import first_base
from shardflow.model.documents import Document, Problem
from shardflow.model.paths import Path
from shardflow.model.patterns import Pattern
from shardflow.model.records import record
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.model import Behavior, Phase, Workflow
from shardflow.workflow.reading import read_workflow

T = TypeVar("T")


@record
class Checked:
    """What checking a workflow found. It can run if there are no `problems`; it does what it says despite `warnings`.

    `workflow` is None where it could not be read.
    """

    workflow: Workflow | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def check_workflow(data: bytes, file: str) -> Checked:
    """Check a workflow's text: itself, the rules and the context it names, and who may write the same path."""
    problems: list[Problem] = []
    document = _tried(file, problems, partial(parse_yaml, data, file))
    workflow = None if document is None else _tried(file, problems, partial(read_workflow, document))
    if document is None or workflow is None:
        return Checked(None, tuple(problems))
    folder = os.path.dirname(file)
    sources = [workflow.rules, *(phase.rules or workflow.rules for phase in workflow.phases)]
    _, *rules = [_tried(file, problems, partial(load_rules, source, folder)) for source in sources]
    _tried(file, problems, partial(first_base, workflow.context, folder, None, ""))
    ruled = zip(workflow.phases, rules, strict=True)
    warnings = write_overlaps(document, ((phase, own or NO_EFFECTIVE_RULES) for phase, own in ruled))
    return Checked(workflow, tuple(dict.fromkeys(problems)), () if problems else tuple(warnings))


def _tried(file: str, problems: list[Problem], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except InvalidInput as error:
        problems.extend(error.problems)
    except StorageError as error:
        problems.append(Problem(file, None, str(error)))
    return None


def write_overlaps(document: Document, phases: Iterable[tuple[Phase, EffectiveRules]]) -> Iterator[Problem]:
    """Warn where subagents of one parallel group may write the same path and no rule settles it.

    The phases are the workflow's, in order, each with its rules; `document` is the workflow's, which has the lines.
    Only subagents that declare writes are compared: who declares nothing may write anything.
    """
    for number, (phase, rules) in enumerate(phases):
        if phase.behavior is Behavior.PARALLEL:
            yield from _in_phase(document, ("phases", number, "subagents"), phase, rules)


def _in_phase(document: Document, place: Path, phase: Phase, rules: EffectiveRules) -> Iterator[Problem]:
    writes: dict[str, tuple[Pattern, ...]] = {}
    places: dict[str, Path] = {}
    for rank, subagent in enumerate(phase.subagents):
        # two of a fan-out stand for all of them
        names = [subagent.id, *([f"{subagent.id} of another item"] if subagent.foreach is not None else [])]
        if subagent.writes:
            writes |= dict.fromkeys(names, subagent.writes)
            places |= dict.fromkeys(names, (*place, rank, "writes"))
    if len(writes) < 2:
        return
    from shardflow.merge.declared.overlaps import overlaps_in_group  # most workflows declare nothing
    from shardflow.merge.site import listed

    for overlap, who in overlaps_in_group(writes, rules.rules):
        named = listed([_with_line(name, document.line(places[name])) for name in who])
        why = "no rule settles it" if overlap.rule is None else f"the rule {overlap.rule.ref} leaves it in conflict"
        hint = "add a rule for this path, or let only one of them write it"
        message = f"{named} may write {overlap} at the same time, and {why}"
        yield Problem(document.source, document.line(places[who[1]]), message, hint=hint)


def _with_line(name: str, line: int | None) -> str:
    return name if line is None else f"{name} (line {line})"
