"""Markdown that stays what it is, whatever file names and code hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_ALIGNED = {str: "---", int: "---:"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str | int]]) -> list[str]:
    """Give the lines of a table; a column of numbers stands right, with thousands told apart."""
    listed = list(rows)
    if not listed:
        return ["Nothing.", ""]
    aligned = [_ALIGNED[type(cell)] for cell in listed[0]]
    lines = [_row(heads), _row(aligned)]
    lines += [_row([f"{cell:,}" if isinstance(cell, int) else cell for cell in row]) for row in listed]
    return [*lines, ""]


def code(text: str) -> str:
    """Show a name as code, with nothing in it that Markdown or a terminal would act on."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return "`" + shown.replace("`", "'").replace("|", "\N{BROKEN BAR}") + "`"


def prose(text: str) -> str:
    """Show a text that may hold anything as plain words; code in it stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return code(text)
    return "".join(code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def size(count: int) -> str:
    """Show a number of bytes as people say it."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} GiB"


def percent(part: int, whole: int) -> str:
    """Show a share of a whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def counted(count: int, noun: str) -> str:
    """Show a number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return "".join("\\" + character if character in "\\|<>[]*_#" else character for character in plain)
