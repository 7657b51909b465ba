"""The quick parser: reads a well-formed command line without typer, and leaves every doubt to typer.

Why it is here: `shardflow run` promises to end within 150 ms of its slowest subagent, the start of the interpreter
included. Importing typer 0.29 costs 130 ms and running a command through it 350 ms in all (it loads pydantic),
against some 15 ms for Python itself (medians on a 2-core machine). So a line that is plainly right is read here, in
microseconds.

Law: whenever this parser answers, typer would have given the same command the same values (a Hypothesis test compares
the two over random lines). It answers nothing it is not sure of: help, completion, an unknown or shortened option, a
missing or spare argument, a bad number, an empty text all give None, and the whole line goes to `cli/app.py`,
which is built from the same declarations and words every error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from shardflow.cli.parameters import Command, Option, Parameter
from shardflow.model.records import record

Given: TypeAlias = str | int | bool | list[str] | None

_SAFE_DIGITS: Final = 9
"""Integers longer than this are left to typer, leading zeros included."""


@record
class Call:
    """A command with the value of each of its parameters."""

    command: Command
    values: Mapping[str, Given]


class _Unsure(Exception):
    """Typer shall read this line."""


def quick_call(line: Sequence[str], commands: Callable[[str], Iterable[Command]]) -> Call | None:
    """Read a command line (without the program's name), or None when typer must. `commands` gives those of a word."""
    for command in commands(line[0]) if line else ():
        words = len(command.words)
        if command.words == tuple(line[:words]):
            try:
                return Call(command, _values(command, line[words:]))
            except _Unsure:
                return None
    return None


def _values(command: Command, words: Sequence[str]) -> dict[str, Given]:
    values: dict[str, Given] = {p.name: p.default for p in command.options.values()}
    plain: list[str] = []
    options = command.options
    rest = iter(words)
    for word in rest:
        if word == "--":
            plain.extend(map(_text, rest))
        elif word.startswith("-") and word != "-":
            # only a long name takes its value behind `=`: in `-o=x` it belongs to the value
            name, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
            option = _known(options, name)
            value = _option_value(option, attached if equals else None, rest)
            earlier = values[option.name]
            values[option.name] = [*earlier, str(value)] if isinstance(earlier, list) else value
        else:
            plain.append(_text(word))
    return {**_arguments(command, plain), **values}


def _known(options: Mapping[str, Parameter], name: str) -> Parameter:
    if name not in options:
        raise _Unsure
    return options[name]


def _option_value(option: Parameter, attached: str | None, rest: Iterator[str]) -> Given:
    if option.flag:
        if attached is not None:
            raise _Unsure
        return True
    value = _text(next(rest, "") if attached is None else attached)
    if attached is None and value.startswith("-") and value != "-":
        raise _Unsure
    return _integer(option, value) if option.integer else value


def _integer(option: Parameter, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _SAFE_DIGITS):
        raise _Unsure
    number = int(text)
    if isinstance(option.marker, Option) and number < (option.marker.minimum or 0):
        raise _Unsure
    return number


def _text(word: str) -> str:
    if not word:
        raise _Unsure
    return word


def _arguments(command: Command, plain: list[str]) -> dict[str, Given]:
    """Hand the plain words out in order; an argument that takes several takes all that are left."""
    values: dict[str, Given] = {}
    for argument in command.arguments:
        if not plain and argument.required:
            raise _Unsure
        one = plain[0] if plain else argument.default
        values[argument.name] = plain[:] if argument.repeated else one
        del plain[: None if argument.repeated else 1]
    if plain:
        raise _Unsure
    return values
