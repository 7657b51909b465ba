"""Case files: a case with the rules it names, read from a file or written to one.

A case is YAML, or strict JSON in a file that ends in `.json`. Law: a case written to a file reads back as the same.
"""

from __future__ import annotations

import os
from typing import Final

from shardflow.errors import InvalidCase, InvalidInput, InvalidYaml, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.rules.sources import EffectiveRules, rules_of
from shardflow.merge.cases import Case, CaseRules, case_json, read_case, rules_in
from shardflow.model.documents import Document, Problem
from shardflow.model.records import record
from shardflow.storage.files import read_regular, write_new
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.refusals import why_refused
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.storage.yaml.writing import yaml_bytes
from shardflow.workflow.model import InlineRules, RulesFile

FILES: Final = (".yaml", ".yml", ".json")
"""What the names of files end in that can hold a case."""

SUFFIXES: Final = tuple(f".case{suffix}" for suffix in FILES)
"""What the name of a case file ends in, wherever files are looked for by their names."""

_SHARED: Final = 0o644
"""The mode of a case: it is there to be handed on."""


_SMALLER: Final = "shrink it, which leaves out what its conflicts do not need"


@record
class LoadedCase:
    """A case as it stands in a file, with its rules read."""

    file: str
    case: Case
    rules: EffectiveRules

    @property
    def name(self) -> str:
        """What the case is called: its file's name without what all case files end in."""
        return case_name(self.file)


def case_name(file: str) -> str:
    """Give what a case in this file is called."""
    name = os.path.basename(file)
    known = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), os.path.splitext(name)[1])
    return name.removesuffix(known) or name


def load_case(file: str) -> LoadedCase:
    """Read a case file and the rules it names. Raises InvalidCase with every problem of both."""
    document = _document(file)
    problems: list[Problem] = []
    case = rules = None
    try:
        case = read_case(document)
    except InvalidInput as error:
        problems += error.problems
    try:
        rules = _effective(rules_in(document), os.path.dirname(file))
    except InvalidInput as error:
        problems += error.problems
    if problems or case is None or rules is None:
        raise InvalidCase(sorted(problems, key=lambda problem: problem.line or 0))
    return LoadedCase(file, case, rules)


def write_case(file: str, case: Case) -> int:
    """Write a case to a file that must not be there yet, and give its size in bytes.

    Raises InvalidInput for what cannot be written, StorageError.
    """
    written = case_json(case)
    try:
        data = canonical_bytes(written) if file.endswith(".json") else yaml_bytes(written)
    except InvalidInput as error:  # documents stand some levels inside of a case
        why = "; ".join(problem.message for problem in error.problems)
        raise InvalidCase([Problem(file, None, f"the case cannot be written: {why}", hint=_SMALLER)]) from error
    write_new(file, data, mode=_SHARED)
    return len(data)


def _document(file: str) -> Document:
    path = os.path.realpath(file)
    try:
        data = read_regular(path, SIZE_LIMIT)
    except StorageError as error:
        raise InvalidCase([Problem(file, None, "no case can be read", hint=why_refused(path, error))]) from error
    if not file.endswith(".json"):
        return parse_yaml(data, file)
    value = parse_json(data, file)
    try:
        return Document(file, value, parse_yaml(data, file).lines)
    except InvalidYaml:
        return Document(file, value)


def _effective(rules: CaseRules, folder: str) -> EffectiveRules:
    match rules:
        case None:
            return rules_of(None, folder)
        case str(name):
            return rules_of(RulesFile(name), folder)
        case document:
            return rules_of(InlineRules(document), folder)
