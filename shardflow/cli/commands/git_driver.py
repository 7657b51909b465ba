"""`shardflow git-driver`: the engine as a merge driver of git (gitattributes(5), "Defining a custom merge driver")."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from shardflow.cli.commands.reading import read_named
from shardflow.cli.console import CONSOLE
from shardflow.errors import InvalidInput, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.git.versions import MergedFile, Versions, merge_versions
from shardflow.execution.rules.sources import load_named_rules
from shardflow.model.documents import Problem
from shardflow.storage.excerpts import printable
from shardflow.storage.files import replace_file

if TYPE_CHECKING:
    from shardflow.merge.rules import RuleSet

RULES_FILE: Final = ".shardflow-rules.yaml"
"""The rules of a repository, at its root."""

_CONFLICTS = 1
_LEFT: Final = "not merged, the file stays as it is on our side"
_AGAIN: Final = "mend what is told above and merge again"


def drive(base: str, ours: str, theirs: str, path: str, rules: str | None) -> int:
    """Merge the three files that git left, write the result over ours, and give the exit code git expects.

    Raises InvalidInput for what cannot be read; our file stays then.
    """
    try:
        return _driven(base, ours, theirs, path, rules)
    except InvalidInput as error:
        raise InvalidInput([*error.problems, Problem(path, None, _LEFT, hint=_AGAIN)]) from error


def _driven(base: str, ours: str, theirs: str, path: str, rules: str | None) -> int:
    used = _rules(rules)
    before = read_named(ours, SIZE_LIMIT)
    versions = Versions(path, read_named(base, SIZE_LIMIT), before, read_named(theirs, SIZE_LIMIT))
    merged = merge_versions(versions, used)
    if merged.data != before:
        replace_file(ours, merged.data)
    if merged.conflicts:
        _tell(merged, path, rules)
    return _CONFLICTS if merged.conflicts else 0


def _tell(merged: MergedFile, path: str, rules: str | None) -> None:
    from shardflow.cli.views.merging.conflicts import conflicts_text

    CONSOLE.complain(conflicts_text(merged.conflicts, f"{printable(path)}: ", sys.stderr))
    if rules is None:
        CONSOLE.complain(f"rules of a repository stand in {RULES_FILE} at its root, as 'rules:' and a list of them")


def _rules(named: str | None) -> RuleSet:
    """Load the rules. Functions run only if whoever set the driver up named the file: a repository may be anybody's."""
    found = load_named_rules(_rules_of_the_repository() if named is None else named)
    if found.functions and named is None:
        raise UsageError(
            f"{RULES_FILE} names Python functions (strategy 'custom'), which a repository may not run by itself; if "
            f"you trust it, set the driver up as: shardflow git-driver --rules {RULES_FILE} -- %O %A %B %P"
        )
    return found.rules


def _rules_of_the_repository() -> str | None:
    """Find the rule file at the root of the work tree: git starts drivers there, people may be anywhere inside."""
    file = os.path.normpath(os.path.join(_root(), RULES_FILE))
    return file if os.path.lexists(file) else None


def _root() -> str:
    """Give the nearest folder above that holds `.git`; in a bare repository, where none does, the current one.

    With `git --git-dir`, a `.git` above belongs to another repository; git itself stands at the root of the work tree.
    """
    if "GIT_DIR" in os.environ:
        return "."
    folder = "."
    while not os.path.lexists(f"{folder}/.git"):
        if os.path.samefile(folder, f"{folder}/.."):
            return "."
        folder = f"{folder}/.."
    return folder
