"""The typer app, built from the declarations in `cli/declarations/`: help, completion, and every usage error.

Importing this module is slow (typer); `cli/quick.py` says why a well-formed line never comes here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from io import StringIO
from typing import Annotated, Any, Final

import typer

from shardflow.cli import version_line
from shardflow.cli.console import CONSOLE
from shardflow.cli.parameters import Argument, Command, Known, Marker, Parameter
from shardflow.cli.quick import Call
from shardflow.cli.refusing import hand_over_error
from shardflow.cli.views.display import printable_lines
from shardflow.errors import UsageError
from shardflow.model.fields import quoted

PROGRAM: Final = "shardflow"

_HELP: Final = """Run agents truly in parallel on one JSON context: a shard each, then one deterministic merge.

    For example:

      shardflow run workflow.yaml
      shardflow merge base.json context-a.json context-b.json --rules rules.yaml
      shardflow validate workflow.yaml
"""


def read_with_typer(line: Sequence[str], commands: Iterable[Command], groups: Mapping[str, str]) -> Call | int:
    """Let typer read a command line: give the call it asks for, or the exit code once typer has said it all.

    `groups` has the help of each first word that commands of two words share.
    """
    asked: list[Call] = []
    app = _app(commands, groups, asked.append)
    texts, errors = StringIO(), StringIO()
    try:
        with redirect_stdout(texts), redirect_stderr(errors):
            app(list(line), prog_name=PROGRAM)
    except SystemExit as ended:
        if texts.getvalue():
            CONSOLE.say(texts.getvalue().removesuffix("\n"))
        if errors.getvalue():  # typer quotes the line as it is, and a pattern may have put a hostile file name there
            CONSOLE.complain(printable_lines(errors.getvalue().rstrip("\n")))
            message = errors.getvalue().rstrip("\n").rpartition("\n")[2].removeprefix("Error: ")
            hand_over_error(line, UsageError(message), _exit_code(ended))
        return asked[0] if asked else _exit_code(ended)
    raise AssertionError("typer ends with SystemExit")


def _exit_code(ended: SystemExit) -> int:
    return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _app(commands: Iterable[Command], groups: Mapping[str, str], ask: Callable[[Call], None]) -> typer.Typer:
    app = _typer(_HELP)
    app.callback()(_group())
    inner: dict[str, typer.Typer] = {}
    for declared in commands:
        *first, last = declared.words
        for word in first:
            if word not in inner:
                inner[word] = _typer(groups[word])
                app.add_typer(inner[word], name=word, short_help=_first_line(groups[word]))
        help_text = declared.function.__doc__ or ""
        home = inner[first[0]] if first else app
        told = home.command(last, help=_laid_out(help_text), short_help=_first_line(help_text), no_args_is_help=False)
        told(_recorder(declared, ask))
    return app


def _typer(help_text: str) -> typer.Typer:
    # plain help: rich's costs 100 ms more, and what is in boxes cannot be copied
    return typer.Typer(
        help=_laid_out(help_text), rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False
    )


def _first_line(help_text: str) -> str:
    """Give what a list of commands says of one; typer would cut it where the line ends."""
    return inspect.cleandoc(help_text).partition("\n\n")[0]


def _group() -> Callable[..., None]:
    def show(wanted: bool) -> None:
        if wanted:
            typer.echo(version_line())
            raise typer.Exit

    def group(**_: Any) -> None:
        pass

    option = typer.Option("--version", help="Show the version and exit.", callback=show, is_eager=True)
    return _with_parameters(group, [_keyword("version", Annotated[bool, option], False)])


def _recorder(declared: Command, ask: Callable[[Call], None]) -> Callable[..., None]:
    """Make the function typer calls: it has the declared signature and only records what was asked for."""

    def record(**values: Any) -> None:
        ask(Call(declared, values))

    return _with_parameters(record, [_typer_parameter(parameter) for parameter in declared.parameters])


def _with_parameters(function: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> Callable[..., None]:
    """Give a function the signature typer shall see: it looks with inspect, which honours these attributes."""
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return function


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    default = inspect.Parameter.empty if parameter.required else parameter.default
    return _keyword(parameter.name, Annotated[parameter.type, _typer_marker(parameter.marker)], default)


def _keyword(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _typer_marker(marker: Marker) -> Any:
    complete = None if marker.known is None else _completing(marker.known)
    if isinstance(marker, Argument):
        return typer.Argument(metavar=marker.metavar, help=marker.help, autocompletion=complete, callback=_filled)
    least = marker.minimum
    return typer.Option(
        *marker.names,
        help=marker.help if least is None else f"{marker.help}  [from {least} on]",
        metavar=marker.metavar,
        parser=None if least is None else partial(_integer, least),
        autocompletion=complete,
        callback=_filled,
    )


def _integer(least: int, text: str) -> int:
    """Read an integer; typer's own words for what is none are for programmers, and change with its versions."""
    with suppress(ValueError):
        if (number := int(_filled(text))) >= least:
            return number
    raise typer.BadParameter(f"expected an integer from {least} on, found {quoted(text)}")


def _filled(value: Any) -> Any:
    """Refuse an empty text: it is a variable of a shell that is not set, and would be taken for the current folder."""
    if "" in (value if isinstance(value, list) else [value]):
        raise typer.BadParameter("it is empty; is a variable of the shell not set?")
    return value


def _completing(known: Known) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [value for value in known() if value.startswith(incomplete)]

    return complete


def _laid_out(text: str) -> str:
    """Keep the lines of indented paragraphs as they stand: a lone backspace tells typer not to refill what follows."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(f"\b\n{part}" if part.startswith(" ") else part for part in paragraphs)
