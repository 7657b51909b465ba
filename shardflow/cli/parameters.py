"""Parameters of commands: plain functions say once what they take, whoever reads the command line.

Law: a command is declared in one place, its own signature. The quick parser (`cli/quick.py`) and the typer app
(`cli/app.py`) both read these declarations, so help, completion, errors and the quick path cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, get_args, get_type_hints

from shardflow.model.records import record

Known: TypeAlias = Callable[[], Iterable[str]]


@record
class Argument:
    """A positional argument. One of type `str | None` may be left out; one of `list[str]` takes one or more. Both
    stand last. `known` gives values that shells complete; others may be given too. One that `reads` names what is read:
    `-` is standard input there.
    """

    metavar: str
    help: str
    known: Known | None = None
    reads: bool = False


@record
class Option:
    """A named option that may be left out. One of type `bool` is a flag and takes no value; one of `list[str]` may be
    given several times. `minimum` is for integers; `known` and `reads` are as an argument has them.
    """

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    minimum: int | None = None
    known: Known | None = None
    reads: bool = False


Marker: TypeAlias = Argument | Option
ParameterType: TypeAlias = Any
"""One of `str`, `str | None`, `list[str]` (arguments), `bool`, `str | None`, `int | None`, `list[str]` (options)."""


@record
class Parameter:
    """One parameter of a command: its name and type in the function, and how the command line spells it."""

    name: str
    type: ParameterType
    marker: Marker

    @property
    def repeated(self) -> bool:
        """Whether it takes several values."""
        return bool(self.type == list[str])

    @property
    def flag(self) -> bool:
        """Whether it is an option without a value."""
        return self.type is bool

    @property
    def integer(self) -> bool:
        """Whether its value is an integer."""
        return int in get_args(self.type)

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return isinstance(self.marker, Argument) and type(None) not in get_args(self.type)

    @property
    def default(self) -> bool | list[str] | None:
        """The value of one that is not given: no flag is set, nothing is asked for."""
        if self.flag:
            return False
        return [] if self.repeated else None


CommandFunction: TypeAlias = Callable[..., int]
"""Does what a command is for and gives the exit code. Its docstring is the command's help."""


@record
class Command:
    """A command with its parameters in declared order. `words` are what it is called by: `("rules", "list")`."""

    words: tuple[str, ...]
    function: CommandFunction
    parameters: tuple[Parameter, ...]

    @property
    def name(self) -> str:
        """Its words as people write them."""
        return " ".join(self.words)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """The positional ones, in order."""
        return tuple(p for p in self.parameters if isinstance(p.marker, Argument))

    @property
    def options(self) -> dict[str, Parameter]:
        """The named ones, under each of their names."""
        return {name: p for p in self.parameters if isinstance(p.marker, Option) for name in p.marker.names}


def command(function: CommandFunction, *words: str) -> Command:
    """Read a command off its function: every parameter is annotated `Annotated[type, Argument(...) or Option(...)]`.

    Without words it is called as its function is.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = (_parameter(name, hint) for name, hint in hints.items() if name != _RETURN)
    return Command(words or (function.__name__.replace("_", "-"),), function, tuple(parameters))


_RETURN: Final = "return"


def _parameter(name: str, hint: ParameterType) -> Parameter:
    plain, marker = get_args(hint)
    return Parameter(name, plain, marker)
