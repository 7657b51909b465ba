"""Where rules come from: a file, a shipped set by its name, or the workflow itself; all become one effective set.

Law: what a rule is told to come from (`rules/review.yaml:14`, `findings:12`) depends on the files alone, never on the
folder a command was started in: files are named from the folder of the workflow, or of the rule file that a person
named; shipped sets by their names. So one run writes the same ledger wherever it is started.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidRules, StorageError
from shardflow.model.documents import Document, Problem
from shardflow.model.records import record, replaced
from shardflow.storage.pipes import is_descriptor, read_given
from shardflow.workflow.model import InlineRules, RulesFile, RulesSource

if TYPE_CHECKING:
    from shardflow.execution.rules.custom_functions import CustomFunction
    from shardflow.merge.rules import Rule, RuleSet
    from shardflow.model.fields import Place

_LIMIT: Final = 16 << 20
_PIPE: Final = "pipe"
"""How rules are called that a shell handed over: its number for the pipe means nothing, and would change the ledger."""
_PACKAGE: Final = os.path.abspath(f"{__file__}/../../..")
_SHIPPED: Final = (f"{_PACKAGE}/merge_rules", f"{os.path.dirname(_PACKAGE)}/merge_rules")
"""Where the shipped sets stand: in the installed package, or beside it in a checkout."""


@record
class EffectiveRules:
    """The rules of a group as `rules.json` keeps them, extends resolved, and the set they make; None for no rules.
    `functions` are those of its `custom` rules.

    No rules need no rule engine: the run loads it only when the first children run.
    """

    data: bytes
    given: RuleSet | None
    functions: tuple[CustomFunction, ...] = ()

    @property
    def rules(self) -> RuleSet:
        """The rule set."""
        from shardflow.merge.rules import NO_RULES  # not before it is needed, see above

        return NO_RULES if self.given is None else self.given

    @property
    def arbiters(self) -> tuple[Rule, ...]:
        """The rules that leave conflicts to somebody."""
        if self.given is None:
            return ()
        return tuple(rule for rule in self.given.every if rule.strategy.name == "arbiter")

    def load_functions(self) -> None:
        """Load the functions now, not when a merge first asks them. Raises InvalidRules with every problem."""
        problems = [problem for function in self.functions if (problem := function.problem()) is not None]
        if problems:
            raise InvalidRules(problems)


NO_EFFECTIVE_RULES: Final = EffectiveRules(b'{\n  "rules": []\n}\n', None)


def rules_of(source: RulesSource | None, folder: str) -> EffectiveRules:
    """Load the rules a workflow names; `folder` is the workflow's, which a relative path starts from.

    Raises InvalidRules or InvalidYaml with every problem found.
    """
    match source:
        case None:
            return NO_EFFECTIVE_RULES
        case InlineRules(document):
            return _effective(replaced(document, name=known_as(document.source, folder)), folder)
        case RulesFile(name):
            return _loaded(name, folder, folder)


def load_rules(name: str | os.PathLike[str]) -> RuleSet:
    """Load rules to merge under, from Python: a rule file, from the current folder, or a shipped set by its name.

    What it extends is read with it, and the modules of `custom` rules are run: whoever merges is about to ask them.
    Raises InvalidInput with every problem found, each with its file and line.
    """
    loaded = load_named_rules(os.fspath(name))
    loaded.load_functions()
    return loaded.rules


def with_rules_behind(own: EffectiveRules, more: EffectiveRules) -> EffectiveRules:
    """Give rules that decide first, and behind them the path rules of others; defaults are those of the first."""
    from shardflow.merge.rules import RuleSet, rules_json
    from shardflow.storage.json.canonical import canonical_bytes

    rules = RuleSet((*own.rules.rules, *more.rules.rules), own.rules.defaults)
    return EffectiveRules(canonical_bytes(rules_json(rules)), rules, (*own.functions, *more.functions))


def load_named_rules(name: str | None) -> EffectiveRules:
    """Load the rules a person named on a command line: a shipped set, or a file, relative to the current folder.

    The file may be a pipe of their shell; one that rules extend may not. Raises InvalidRules or InvalidYaml with every
    problem found.
    """
    if name is None:
        return NO_EFFECTIVE_RULES
    root = os.path.dirname(name)
    path, data = named_rule_file(name)
    return _effective(_document(path, data, root), root)


def named_rule_file(name: str) -> tuple[str, bytes]:
    """Give the file of the rules that a person named, and what is in it. Raises InvalidRules."""
    try:
        path = _file(name, "")
        return path, read_given(path, _LIMIT)
    except (LookupError, StorageError) as error:
        raise _no_such_rules(name, error) from None


def read_effective_rules(data: bytes, source: str, sha256: str) -> RuleSet:
    """Read `rules.json` back. `sha256` is what was recorded of it: functions in a file altered since are not for use.

    They are loaded here, so that one missing on this machine is not told as a conflict.
    Raises InvalidJson or InvalidRules.
    """
    from shardflow.execution.rules.custom_functions import FunctionsBeside
    from shardflow.merge.rule_file import read_rules
    from shardflow.merge.strategies.custom import no_functions
    from shardflow.storage.files import sha256_hex
    from shardflow.storage.json.strict import parse_json

    library = FunctionsBeside()
    allowed = library if sha256_hex(data) == sha256 else no_functions
    rules = read_rules(Document(source, parse_json(data, source)), _nothing_to_extend, allowed, _read_arbiter)
    EffectiveRules(data, rules, tuple(library.found)).load_functions()
    return rules


def shipped_rule_sets() -> dict[str, str]:
    """Give the shipped rule sets: the file of each by its name."""
    found: dict[str, str] = {}
    for folder in _SHIPPED:
        if os.path.isdir(folder):
            names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
            found = {name.removesuffix(".yaml"): f"{folder}/{name}" for name in names} | found
    return found


def load_rules_at(place: Place, folder: str) -> EffectiveRules:
    """Load the rules that stand, or are named, at a place of a workflow whose folder is `folder`.

    Raises InvalidRules or InvalidYaml with every problem found, that there are no such rules with its line.
    """
    if not isinstance(place.value, str):
        return rules_of(InlineRules(place.part()), folder)
    try:
        return _effective(_find(place.value, folder, folder), folder)
    except LookupError as error:
        place.refuse(f"no such rules '{place.value}'", str(error.args[0]))
        raise InvalidRules(place.problems) from None


def _loaded(name: str, folder: str, root: str) -> EffectiveRules:
    try:
        return _effective(_find(name, folder, root), root)
    except LookupError as error:
        raise _no_such_rules(name, error) from None


def _no_such_rules(name: str, error: LookupError | StorageError) -> InvalidRules:
    return InvalidRules([Problem(name, None, "no such rules", hint=str(error.args[0]))])


def _effective(document: Document, root: str) -> EffectiveRules:
    from shardflow.execution.rules.custom_functions import FunctionsBeside
    from shardflow.merge.rule_file import read_rules
    from shardflow.merge.rules import rules_json
    from shardflow.storage.json.canonical import canonical_bytes

    library = FunctionsBeside()
    rules = read_rules(document, partial(_find_extended, root), library, _read_arbiter)
    return EffectiveRules(canonical_bytes(rules_json(rules)), rules, tuple(library.found))


def _read_arbiter(place: Place) -> None:
    from shardflow.workflow.agents.arbiters import read_arbiter  # most rules name none

    read_arbiter(place)


def anchored(name: str) -> str:
    """Give the name of rules so that it means the same from any folder: the path of a file made absolute."""
    return os.path.abspath(name) if is_rule_file(name) else name


def _find_extended(root: str, name: str, source: str) -> Document:
    return _find(name, os.path.dirname(source), root)


def _find(name: str, folder: str, root: str) -> Document:
    """Find a rule file, relative to a folder, or a shipped set; files are named from `root`.

    Raises LookupError, whose text says what is known, or InvalidInput for a file that cannot be read.
    """
    path = _file(name, folder)
    return _document(path, _read(path), root)


def _document(path: str, data: bytes, root: str) -> Document:
    from shardflow.storage.yaml.documents import parse_partly

    return replaced(parse_partly(data, path), name=known_as(path, root))


def _file(name: str, folder: str) -> str:
    return os.path.join(folder, name) if is_rule_file(name) else _shipped(name, folder)


def _read(path: str) -> bytes:
    from shardflow.storage.files import read_regular

    try:
        return read_regular(path, _LIMIT)
    except StorageError as error:
        raise LookupError(str(error)) from error


def known_as(path: str, root: str) -> str:
    """Name a rule file independently of the current folder."""
    if is_descriptor(path):
        return _PIPE
    folder, name = os.path.split(path)
    return os.path.splitext(name)[0] if folder in _SHIPPED else os.path.relpath(path, root or os.curdir)


def called(name: str) -> str:
    """Give what people are told of the rules they named: this name, but for a pipe, whose number says nothing."""
    return _PIPE if is_descriptor(name) else name


def is_rule_file(name: str) -> bool:
    """Tell whether rules are named by a file; otherwise a shipped set is meant."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def _shipped(name: str, folder: str) -> str:
    known = shipped_rule_sets()
    if name not in known:
        if os.path.isfile(os.path.join(folder, name)):
            raise LookupError(f"the file of this name is ./{name}")
        if os.path.isdir(os.path.join(folder, name)):
            raise LookupError("it is a folder, and rules stand in files")
        from shardflow.model.documents import did_you_mean

        raise LookupError(f"{did_you_mean(name, known)}" if known else "no rule sets are shipped")
    return known[name]


def _nothing_to_extend(name: str, _source: str) -> Document:
    raise LookupError(f"effective rules extend nothing, not even {name!r}")
