"""Checking a workflow before it runs: all problems of it and of the files it names, and what may go wrong in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from shardflow.errors import InvalidInput, InvalidWorkflow, StorageError
from shardflow.execution.agents.installed import missing_arbiters, missing_clis
from shardflow.execution.presence import missing_programs
from shardflow.execution.prompts.checking import prompt_flaws
from shardflow.execution.rules.sources import NO_EFFECTIVE_RULES, EffectiveRules, load_rules_at
from shardflow.execution.schedule import initial_base
from shardflow.model.documents import Document, Problem, did_you_mean, listed
from shardflow.model.fields import Place, quoted
from shardflow.model.paths import Path
from shardflow.model.patterns import Pattern
from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.yaml.documents import parse_partly
from shardflow.workflow.dialect.recognising import left_out, uses_the_dialect
from shardflow.workflow.model import Behavior, ContextFile, Phase, Workflow
from shardflow.workflow.reading.subagents import places_of
from shardflow.workflow.reading.workflow import passed_over, read_partial_workflow

T = TypeVar("T")


@record
class CheckedWorkflow:
    """What checking a workflow found. It can run if there are no `problems`; it does what it says despite `warnings`.

    `workflow` is what of it could be read; None where nothing could.
    """

    workflow: Workflow | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def check_workflow(data: bytes, file: str) -> CheckedWorkflow:
    """Check a workflow's text: itself, the rules and the context it names, and who may write the same path."""
    problems: list[Problem] = []
    document = _tried(file, problems, partial(parse_partly, data, file))
    if document is None:
        return CheckedWorkflow(None, tuple(problems))
    workflow, found = read_partial_workflow(document)
    problems.extend(found)
    folder = os.path.dirname(file)
    rules = {place.path: _tried(file, problems, partial(load_rules_at, place, folder)) for place in _rules(document)}
    _check_context(document, folder, problems)
    problems.extend(prompt_flaws(workflow, document))
    if uses_the_dialect(document):
        from shardflow.execution.staging.checking import script_problems_or_why_not

        problems.extend(script_problems_or_why_not(document))
    told = (*left_out(document), *passed_over(document))
    if problems:
        return CheckedWorkflow(workflow, _in_order(problems, file), told)
    usable = {path: one for path, one in rules.items() if one is not None}
    risky = _risky(workflow, document, usable)
    return CheckedWorkflow(workflow, (), (*risky, *told, *missing_arbiters(usable.values(), file)))


def _in_order(problems: Iterable[Problem], file: str) -> tuple[Problem, ...]:
    """Put the problems of a workflow by their lines, each once, and behind them those of the files it names."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.source != file, problem.line or 0)))


def _risky(workflow: Workflow, document: Document, rules: Mapping[Path, EffectiveRules]) -> Iterator[Problem]:
    """Warn of what a workflow without problems may not mean; `rules` are those it names, by the place where it does."""
    common = rules.get(("rules",), NO_EFFECTIVE_RULES)
    ruled = ((phase, rules.get(("phases", n, "rules"), common)) for n, phase in enumerate(workflow.phases))
    yield from write_overlaps(document, ruled)
    if workflow.keeps_books:
        from shardflow.execution.staging.checking import shared_outputs  # most workflows are native

        yield from shared_outputs(workflow, document)
    else:
        yield from nobodys_ids(workflow, rules.values())


def check_all(data: bytes, file: str, agents: str | None) -> CheckedWorkflow:
    """Check a workflow, and what a run of it would be given: a program for each type (`agents` is a file that names
    some, over the workflow's own), whether programs are there, and templates.
    """
    checked = check_workflow(data, file)
    workflow, problems = checked.workflow, checked.problems
    if workflow is None:
        return checked
    document = parse_partly(data, file)
    if workflow.keeps_books:
        from shardflow.execution.staging.checking import outside_problems  # most workflows are native

        problems = _in_order((*problems, *outside_problems(workflow, document, agents)), file)
    absent = () if problems else _absent(workflow, document, agents)
    return replaced(checked, problems=problems, warnings=(*checked.warnings, *absent))


def _absent(workflow: Workflow, document: Document, agents: str | None) -> Iterator[Problem]:
    """Warn of what is not there of all that a workflow without problems starts."""
    folder = os.path.dirname(document.source)
    of_dialect: Iterable[Problem] = ()
    if workflow.keeps_books:
        from shardflow.execution.staging.agent_map import equipped, load_agents
        from shardflow.execution.staging.checking import missing_of_the_dialect

        found = load_agents(workflow, folder, agents)
        of_dialect = missing_of_the_dialect(workflow, document, found)
        workflow = equipped(workflow, found, document.source)
    yield from missing_programs(workflow, document, folder)
    yield from of_dialect
    yield from missing_clis(workflow, document.source)


def refuse_all(data: bytes, file: str, agents: str | None) -> None:
    """Raise InvalidWorkflow with all that is wrong with a workflow, what it names and what a run of it is given."""
    if problems := check_all(data, file, agents).problems:
        raise InvalidWorkflow(problems)


def _rules(document: Document) -> Iterator[Place]:
    """Give the places where a workflow names rules or says its own, as far as it can be read."""
    whole = document.value if isinstance(document.value, dict) else {}
    phases = whole.get("phases")
    yield from _rules_of(document, (), whole)
    for number, phase in enumerate(phases if isinstance(phases, list) else []):
        yield from _rules_of(document, ("phases", number), phase)


def _rules_of(document: Document, path: Path, value: Json) -> Iterator[Place]:
    rules = value.get("rules") if isinstance(value, dict) else None
    if rules and isinstance(rules, str | dict):
        yield Place(document, (*path, "rules"), rules, [])


def _check_context(document: Document, folder: str, problems: list[Problem]) -> None:
    name = document.value.get("context") if isinstance(document.value, dict) else None
    if not isinstance(name, str) or not name:
        return
    try:
        initial_base(ContextFile(name), folder)
    except InvalidInput as error:
        problems.extend(error.problems)
    except StorageError as error:
        problems.append(document.problem(("context",), str(error)))


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
            yield from _in_phase(document, number, phase, rules)


def _in_phase(document: Document, number: int, phase: Phase, rules: EffectiveRules) -> Iterator[Problem]:
    writes: dict[str, tuple[Pattern, ...]] = {}
    places: dict[str, Path] = {}
    for place, subagent in zip(places_of(phase, number), phase.subagents, strict=True):
        # two of a fan-out stand for all of them
        names = [subagent.id, *([f"{subagent.id} of another item"] if subagent.foreach is not None else [])]
        if subagent.writes:
            writes |= dict.fromkeys(names, subagent.writes)
            places |= dict.fromkeys(names, (*place, "writes"))
    if len(writes) < 2:
        return
    from shardflow.merge.declared.overlaps import overlaps_in_group  # most workflows declare nothing

    overlaps = overlaps_in_group(writes, rules.rules)
    for overlap, who in overlaps.found:
        named = listed([_with_line(name, document.line(places[name])) for name in who])
        why = "no rule settles it" if overlap.rule is None else f"the rule {overlap.rule.ref} leaves it in conflict"
        hint = "add a rule for this path, or let only one of them write it"
        message = f"{named} may write {overlap} at the same time, and {why}"
        yield Problem(document.source, document.line(places[who[1]]), message, hint=hint)
    if not overlaps.complete:
        yield Problem(document.source, None, "more writes may overlap; no more were looked for than the first hundred")


def _with_line(name: str, line: int | None) -> str:
    return name if line is None else f"{name} (line {line})"


def nobodys_ids(workflow: Workflow, rules: Iterable[EffectiveRules]) -> Iterator[Problem]:
    """Warn of ids that `prefer` rules name and no subagent has.

    Rules may serve several workflows, so one is told if it looks like one that is there, or if none of its rule is.
    """
    subagents = [subagent for phase in workflow.phases for subagent in phase.subagents]
    known = {subagent.id for subagent in subagents}
    of_items = tuple(f"{subagent.id}-" for subagent in subagents if subagent.foreach is not None)
    for rule in {rule.origin: rule for one in rules for rule in one.rules.every}.values():
        named = rule.strategy.argument if rule.strategy.name == "prefer" else []
        ids = [str(name) for name in (named if isinstance(named, list) else [named])]
        nobodys = [name for name in ids if name not in known and not name.startswith(of_items)]
        for name in nobodys:
            hint = did_you_mean(name, known)
            if len(nobodys) == len(ids) or hint.startswith("did"):
                yield Problem(
                    rule.origin, None, f"'prefer' names {quoted(name)}, and no subagent has this id", hint=hint
                )
