"""Where the functions of `custom` rules come from: found when rules are read, loaded when first asked.

Laws: reading rules runs nothing of them, so that they can be looked at and checked safely. A function comes from a
file beside the one that names it, from the effective rules of a run, or from an installed package, and from nowhere
else: the folder a command is started in has no say. Live run and post-mortem load it from the same text.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Final

from shardflow.errors import StorageError
from shardflow.merge.site import Unsettled
from shardflow.merge.strategies.custom import Function, Left, NotLoaded, Target
from shardflow.model.documents import Problem, did_you_mean
from shardflow.model.records import record
from shardflow.model.values import Value
from shardflow.storage.excerpts import printable
from shardflow.storage.files import read_regular, sha256_hex

if TYPE_CHECKING:
    import ast
    from types import ModuleType

_LIMIT: Final = 4 << 20


@record
class Module:
    """The module a function stands in: its text, and the name it is installed by if it is."""

    text: str
    file: str
    installed: str | None


class CustomFunction:
    """The function of a rule, its module loaded when it is first called; what it prints goes to standard error."""

    def __init__(self, target: Target, module: Module) -> None:
        self.target: Final = target
        self._module = module
        self._function: Function | None = None

    def __call__(self, base: Value, candidates: list[Left]) -> Value | Unsettled:
        """Ask the function. Raises NotLoaded, or what it raises."""
        self.load()
        assert self._function is not None
        with redirect_stdout(sys.stderr):
            return self._function(base, candidates)

    def load(self) -> None:
        """Load the module, unless that was done. Raises NotLoaded with the reason."""
        if self._function is None:
            try:
                with _without_the_current_folder(), redirect_stdout(sys.stderr):
                    module = _imported(self._module) if self._module.installed else _executed(self._module)
                self._function = getattr(module, self.target.function.partition(":")[2])
                # what it says of itself, its laws among it, and where `inspect.unwrap` finds it
                self.__doc__, self.__wrapped__ = self._function.__doc__, self._function
            except (Exception, SystemExit) as error:
                raise NotLoaded(f"loading its module raised {type(error).__name__}: {error}") from error
        if not callable(self._function):
            raise NotLoaded(f"it is no function but of type {type(self._function).__name__}")

    def problem(self) -> Problem | None:
        """Load the module, and tell what keeps it from being loaded."""
        try:
            self.load()
        except NotLoaded as error:
            hint = "install what it imports, or correct it"
            return Problem(self._module.file, None, f"{self.target.function} cannot be used: {error}", None, hint)
        return None


class FunctionsBeside:
    """The library of rules read from files; `found` are all functions it gave."""

    def __init__(self) -> None:
        self.found: list[CustomFunction] = []

    def __call__(self, target: Target, rule_file: str) -> tuple[Function, Target]:
        """Find a function. Raises LookupError whose text says where it was looked for, or what is wrong with it."""
        module = _module(target, rule_file)
        _check(target, module)
        digest = sha256_hex(module.text.encode()) if module.installed else None
        if target.sha256 is not None and digest != target.sha256:
            raise LookupError(f"the module installed here is not the one that was recorded (sha256 {target.sha256})")
        kept = Target(target.function, None if module.installed else module.text, digest)
        self.found.append(CustomFunction(kept, module))
        return self.found[-1], kept


def _module(target: Target, rule_file: str) -> Module:
    name = target.function.partition(":")[0]
    if target.source is not None:
        return Module(target.source, f"<{name} of {rule_file}>", None)
    beside = os.path.join(os.path.dirname(rule_file), *name.split(".")) + ".py"
    if target.sha256 is None and os.path.lexists(beside):
        return Module(_text(beside), beside, None)
    installed = _installed(name)
    if installed is None:
        raise LookupError(f"there is neither {printable(beside)} nor an installed module {name}")
    return Module(_text(installed), installed, name)


def _text(file: str) -> str:
    try:
        return read_regular(file, _LIMIT).decode()
    except (StorageError, UnicodeDecodeError) as error:
        raise LookupError(f"cannot read {printable(file)}: {error}") from error


def _installed(name: str) -> str | None:
    """Find the file of an installed module, running nothing of its packages."""
    from importlib.machinery import PathFinder

    places: list[str] | None = _search_path()
    for part in _prefixes(name):
        spec = PathFinder.find_spec(part, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or [])
    return spec.origin if spec is not None and str(spec.origin).endswith(".py") else None


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


def _search_path() -> list[str]:
    """Give where Python looks for packages, without the folder that happens to be the current one."""
    here = os.path.realpath(os.curdir)
    return [place for place in sys.path if place and os.path.realpath(place) != here]


@contextmanager
def _without_the_current_folder() -> Iterator[None]:
    path = sys.path[:]
    sys.path[:] = _search_path()
    try:
        yield
    finally:
        sys.path[:] = path


def _executed(module: Module) -> ModuleType:
    """Run a module's text as a module of its own: two rule files may have modules of one name."""
    from types import ModuleType

    name = f"shardflow_custom_{sha256_hex(module.text.encode())[:16]}"
    if name not in sys.modules:
        made = ModuleType(name)
        made.__file__ = module.file
        sys.modules[name] = made
        try:
            exec(compile(module.text, module.file, "exec"), made.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _imported(module: Module) -> ModuleType:
    from importlib import import_module

    imported = import_module(str(module.installed))
    if os.path.realpath(str(imported.__file__)) != os.path.realpath(module.file):
        raise ImportError(f"another module of that name was loaded before: {imported.__file__}")
    return imported


def _check(target: Target, module: Module) -> None:
    """Check without running it that a module defines a function of two arguments. Raises LookupError."""
    import ast

    try:
        tree = ast.parse(module.text)
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        raise LookupError(f"{printable(module.file)}{line}: {error.args[0]}") from error
    name = target.function.partition(":")[2]
    defined = [node for node in tree.body if name in _names(node)]
    if not defined:
        known = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        hint = f"; {did_you_mean(name, known)}" if known else ""
        raise LookupError(f"{printable(module.file)} defines no {name}{hint}")
    if isinstance(defined[-1], ast.Import):
        raise LookupError(f"{printable(module.file)}:{defined[-1].lineno}: {name} is a module, not a function")
    if isinstance(defined[-1], ast.AsyncFunctionDef):
        raise LookupError(f"{printable(module.file)}:{defined[-1].lineno}: {name} is asynchronous")
    if isinstance(defined[-1], ast.FunctionDef) and not _takes_two(defined[-1].args):
        raise LookupError(f"{printable(module.file)}:{defined[-1].lineno}: {name} must take (base, candidates)")


def _names(node: ast.stmt) -> set[str]:
    """Give the names that a statement at the top of a module defines."""
    import ast

    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name for alias in names}
        case _:
            return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _takes_two(arguments: ast.arguments) -> bool:
    plain = len(arguments.posonlyargs) + len(arguments.args)
    required = plain - len(arguments.defaults)
    forced = any(default is None for default in arguments.kw_defaults)
    return required <= 2 and (plain >= 2 or arguments.vararg is not None) and not forced
