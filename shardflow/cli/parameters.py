"""Parameters of commands: plain functions say once what they take, whoever reads the command line.

Law: a command is declared in one place, its own signature. The quick parser (`cli/quick.py`) and the typer app
(`cli/app.py`) both read these declarations, so help, completion, errors and the quick path cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, get_args, get_type_hints

from shardflow.model.records import record


@record
class Argument:
    """A positional argument, always required; one of type `list[str]` takes one or more and stands last."""

    metavar: str
    help: str


@record
class Option:
    """A named option with a default; one of type `bool` is a flag and takes no value. `minimum` is for integers."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    minimum: int | None = None


Marker: TypeAlias = Argument | Option
ParameterType: TypeAlias = Any
"""One of `str`, `list[str]` (arguments), `bool`, `str | None`, `int | None` (options)."""


@record
class Parameter:
    """One parameter of a command: its name and type in the function, and how the command line spells it."""

    name: str
    type: ParameterType
    marker: Marker

    @property
    def repeated(self) -> bool:
        """Whether it takes one or more values."""
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
    def default(self) -> None | bool:
        """The value of an option that is not given: no flag is set, nothing is asked for."""
        return False if self.flag else None


CommandFunction: TypeAlias = Callable[..., int]
"""Does what a command is for and gives the exit code. Its docstring is the command's help."""


@record
class Command:
    """A command with its parameters in declared order."""

    name: str
    function: CommandFunction
    parameters: tuple[Parameter, ...]

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """The positional ones, in order."""
        return tuple(p for p in self.parameters if isinstance(p.marker, Argument))

    @property
    def options(self) -> dict[str, Parameter]:
        """The named ones, under each of their names."""
        return {name: p for p in self.parameters if isinstance(p.marker, Option) for name in p.marker.names}


def command(function: CommandFunction) -> Command:
    """Read a command off its function: every parameter is annotated `Annotated[type, Argument(...) or Option(...)]`."""
    hints = get_type_hints(function, include_extras=True)
    parameters = (_parameter(name, hint) for name, hint in hints.items() if name != _RETURN)
    return Command(function.__name__.replace("_", "-"), function, tuple(parameters))


_RETURN: Final = "return"


def _parameter(name: str, hint: ParameterType) -> Parameter:
    plain, marker = get_args(hint)
    return Parameter(name, plain, marker)
