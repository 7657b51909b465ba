"""`shardflow case run`: cases replayed, and those told that do not come out as they expect."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from shardflow.cli.commands.cases.laws import broken_law
from shardflow.cli.commands.reading import cases_in
from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.cases import comparison_object
from shardflow.cli.views.display import count, place
from shardflow.cli.views.objects import message_objects, object_bytes, problem_objects
from shardflow.errors import InvalidInput, UsageError
from shardflow.execution.cases.files import load_case
from shardflow.execution.cases.telling import told_with_decisions
from shardflow.exit_codes import INVALID
from shardflow.merge.cases import compare, replay
from shardflow.model.documents import Problem
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.storage.excerpts import printable

_DIFFERS = 1
_EXPECTS_NOTHING = "it expects nothing; add expect:"


@record
class Ran:
    """A case that was replayed: what is wrong with its file, else where it is not as expected, `compared` too."""

    file: str
    problems: tuple[Problem, ...] = ()
    differences: tuple[str, ...] = ()
    compared: Mapping[str, Json] = MappingProxyType({})

    @property
    def status(self) -> str:
        """What came of it, in a word."""
        if self.problems:
            return "invalid"
        return "not-as-expected" if self.differences else "as-expected"


def run(files: Sequence[str], *, quiet: bool, as_json: bool) -> int:
    """Replay every case and tell what came of it; give the exit code."""
    ran: list[Ran] = []
    for file in dict.fromkeys(_files(files)):
        ran.append(_ran(file))
        if not as_json:
            _tell(ran[-1], quiet=quiet)
    code = _exit_code(ran)
    if as_json:
        cases: list[Json] = [_object(one) for one in ran]
        CONSOLE.hand_over(object_bytes({"status": _STATUS[code], "exit_code": code, "cases": cases}))
        return code
    bad = sum(one.status != "as-expected" for one in ran)
    if not quiet or bad:
        CONSOLE.say(f"{count(len(ran), 'case')}, {f'{bad:,} not as expected' if bad else 'all as expected'}")
    return code


_STATUS = {0: "as-expected", _DIFFERS: "not-as-expected", INVALID: "invalid"}


def _files(named: Iterable[str]) -> Iterator[str]:
    for name in named:
        if not os.path.isdir(name):
            yield name
            continue
        yield from cases_in(name)


def _ran(file: str) -> Ran:
    try:
        loaded = load_case(file)
    except InvalidInput as error:
        return Ran(file, error.problems)
    case, rules = loaded.case, loaded.rules.rules
    if case.expected is None and not case.law:
        return Ran(file, (), (_EXPECTS_NOTHING,), {"problems": message_objects([_EXPECTS_NOTHING])})
    try:
        law = broken_law(case, rules)
    except UsageError as error:
        return Ran(file, (Problem(file, None, str(error)),))
    if case.expected is None:
        return Ran(file, (), law, comparison_object(case, None, law))
    result = replay(case, rules)
    found = compare(case.expected, result)
    return Ran(file, (), (*law, *told_with_decisions(found, result)), comparison_object(case, found, law))


def _exit_code(ran: Iterable[Ran]) -> int:
    found = {one.status for one in ran}
    return INVALID if "invalid" in found else _DIFFERS if "not-as-expected" in found else 0


def _tell(one: Ran, *, quiet: bool) -> None:
    for problem in one.problems:
        CONSOLE.complain(printable(str(problem)))
    if one.differences:
        head = f"{place(one.file)}: {styled('not as expected', 'bad', sys.stdout)}"
        CONSOLE.say("\n".join([head, *(f"  {line}" for line in one.differences)]))
    elif not one.problems and not quiet:
        CONSOLE.say(f"{place(one.file)}: {styled('as expected', 'good', sys.stdout)}")


def _object(one: Ran) -> Json:
    problems: dict[str, Json] = {"problems": problem_objects(one.problems)} if one.problems else {}
    return {"file": one.file, "status": one.status, **problems, **one.compared}
