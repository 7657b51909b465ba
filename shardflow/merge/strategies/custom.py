"""`custom`: a strategy that a rule's author wrote, as a pure Python function.

This module asks such a function and takes nothing it says on trust; finding and loading it is for those who know files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict
from shardflow.model.numbers import json_number
from shardflow.model.paths import ROOT
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value, flaw, is_too_deep, same, too_deep


@record
class Left:
    """What one shard left at the path: `value` is ABSENT if it removed what stood there."""

    shard: str
    rank: int
    value: Value


Function: TypeAlias = Callable[[Value, list[Left]], "Value | Unsettled"]
"""What a rule's author writes; see the page of `custom`."""


@record
class Target:
    """The function a rule names as `module:function`.

    Effective rules carry the text of its module too, or for one of an installed package the SHA-256 of it, so that a
    merge repeated asks the same function.
    """

    function: str
    source: str | None = None
    sha256: str | None = None

    @property
    def argument(self) -> Json:
        """Give it as a rule's argument."""
        if self.source is not None:
            return {"function": self.function, "source": self.source}
        return self.function if self.sha256 is None else {"function": self.function, "sha256": self.sha256}


Library: TypeAlias = Callable[[Target, str], tuple[Function, Target]]
"""Find the function that the file given second names: gives it with the target that effective rules carry.

Raises LookupError, whose text says why there is none.
"""


class NotLoaded(Exception):
    """A function that cannot be asked; the text says why."""


def unloaded(base: Value, candidates: list[Left]) -> Value | Unsettled:
    """Stand in for a function that no library was asked for. Raises NotLoaded."""
    raise NotLoaded("it was not loaded")


def no_functions(target: Target, source: str) -> tuple[Function, Target]:
    """The library of whoever reads rules without a place that functions may come from. Raises LookupError."""
    raise LookupError("custom functions are not loaded here")


def read_target(argument: Json) -> Target:
    """Read the argument of a rule. Raises ValueError saying what is expected."""
    match argument:
        case str() as function:
            target = Target(function)
        case {"function": str() as function, "source": str() as source, **rest} if not rest:
            target = Target(function, source)
        case {"function": str() as function, "sha256": str() as sha256, **rest} if not rest:
            target = Target(function, None, sha256)
        case _:
            raise ValueError("needs a function as package.module:function")
    if not _TARGET.fullmatch(target.function):
        raise ValueError("needs a function as package.module:function")
    return target


_NAME: Final = r"[^\W\d]\w*"
_TARGET: Final = re.compile(rf"{_NAME}(\.{_NAME})*:{_NAME}")


def custom(site: Site, function: Function, name: str) -> Verdict:
    """Ask a Python function of your own.

    What it does
        `{custom: 'ours.merging:longest'}` calls `longest(base, candidates)` of the module `ours/merging.py` beside the
        file that names it (the rule file, or the workflow that holds the rules); if there is none, of an installed
        package. `base` is the base value, `candidates` the shards that changed it, in rank order, each with `shard`
        (its id), `rank` and `value`. The function returns the value that shall stand there, `ABSENT` for none, or
        `Unsettled("why")` for a conflict; both names are imported from `shardflow`. `ABSENT` is also the base where
        nothing stood, and the value of a shard that removed it. A result that a shard left counts as chosen, any other
        as combined of all. The module is kept with a run, so that its merges can be repeated.
    Why
        What no other strategy says: the longest text, the union of intervals, the vote with weights.
    Known problems
        The function must depend on its arguments alone, or a repeated merge says "other bytes": on no clock, files,
        chance or network, nor on the order of texts in a Python `set`, which is another in each process (and so escapes
        `rules check`). It gets copies and can change nothing. What it raises, and a result that is no JSON, is
        a conflict that says so (values of another kind than it is written for are kept from it by `type: text` in
        the rule); a function that returns nothing gives `null`; one that never returns stops the merge. It runs with
        your rights, also when somebody's run is merged again: take rules and run directories only from people you
        trust. The module is one file; it may import what is installed. Its laws are yours to declare, in the section
        Laws of its docstring.
    Example
        {custom: 'examples:longest'}
            base   "a"
            a      "abc"
            b      "ab"
            gives  "abc"
    Laws
        none (but those that its function declares)
    """
    candidates = [Left(c.shard, c.rank, _copied(site.after(c))) for c in site.candidates]
    try:
        result = function(_copied(site.base), candidates)
    except NotLoaded as error:
        return Unsettled(f"the function {name} cannot be asked: {error}")
    except (Exception, SystemExit) as error:
        return Unsettled(f"the function {name} raised {_raised(error)}")
    return _verdict(site, result, name)


def _verdict(site: Site, result: object, name: str) -> Verdict:
    if isinstance(result, Unsettled):
        return Unsettled(_one_line(str(result.reason)) or f"the function {name} does not settle it")
    wrong = None if result is ABSENT else flaw(result)
    if wrong is None and site.path == ROOT and not isinstance(result, dict):
        wrong = "the whole document must be an object"
    if wrong is None and is_too_deep(result, site.path):  # type: ignore[arg-type]  # it has no flaw
        wrong = too_deep()
    if wrong is not None:
        return Unsettled(f"the function {name} returned what cannot stand here: {_one_line(wrong)}")
    value = _copied(result)  # type: ignore[arg-type]  # it has no flaw
    said = any(same(value, known) for known in (site.base, *site.values()))
    return Chosen(value) if said else Combined(value)


def _copied(value: Value) -> Value:
    """Copy a value down to its scalars, as plain objects and lists, decimals in the form that reading gives them."""
    if isinstance(value, dict):
        return {name: _copied_item(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_copied_item(item) for item in value]
    if isinstance(value, Decimal):
        number = json_number(value)
        return value if number is None else number
    return value


def _copied_item(value: Json) -> Json:
    copied = _copied(value)
    return None if copied is ABSENT else copied


def _raised(error: BaseException) -> str:
    """Tell an exception in words that a repeated merge says again: no addresses, no paths, the line it came from."""
    try:
        text = _one_line(str(error))
    except Exception:
        text = ""
    line = _line(error)
    return f"{type(error).__name__}{'' if line is None else f' in line {line}'}{f': {text}' if text else ''}"


def _line(error: BaseException) -> int | None:
    """Give the last line of the function's own module that the exception passed."""
    trace = error.__traceback__
    own = trace.tb_next if trace is not None else None
    while own is not None and own.tb_frame.f_globals.get("__name__", "").startswith("shardflow."):
        own = own.tb_next
    file, line = (own.tb_frame.f_code.co_filename, own.tb_lineno) if own is not None else ("", None)
    while own is not None:
        line = own.tb_lineno if own.tb_frame.f_code.co_filename == file else line
        own = own.tb_next
    return line


_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_WIDTH: Final = 300


def _one_line(text: str) -> str:
    words = " ".join(_ADDRESS.sub("", text[: 4 * _WIDTH]).split())
    cut = words if len(words) <= _WIDTH else words[: _WIDTH - 1] + "…"
    return cut.encode("utf-8", "backslashreplace").decode()
