"""Numbers between their text and their value, with nothing rounded and nothing infinite.

Law: a number is read to exactly the value its literal has, or refused; and a written number is read back the same.
A literal with a fraction or an exponent becomes a `float` where the float's own shortest text means the same
number, and a normalised `Decimal` everywhere else; a literal with neither is an `int`, so `-0` is the integer 0.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from math import isinf
from typing import Final

from shardflow.model.numbers import MAX_DIGITS, TOO_LARGE, TOO_LONG, is_too_precise

_EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def exact_integer(literal: str, *, base: int = 10) -> int:
    """Read an integer: digits of the base, a sign before them allowed. Raises ValueError saying why not."""
    if len(literal.lstrip("+-")) > MAX_DIGITS:
        raise ValueError(TOO_LONG)
    try:
        return int(literal, base)
    except ValueError:  # Python refuses to convert beyond about 4,300 digits; Decimal does not
        return int(Decimal(literal))


def exact_decimal(literal: str) -> float | Decimal:
    """Read a literal with a fraction or an exponent, without rounding. Raises ValueError saying why not."""
    value = float(literal)
    if repr(value) == literal:
        return value
    if isinf(value):
        raise ValueError(TOO_LARGE)
    if not literal.lower().partition("e")[0].strip("-+.0"):
        return value  # a zero with any exponent at all, even one Decimal refuses
    exact = _decimal(literal)
    return value if Decimal(repr(value)) == exact else exact


def _decimal(literal: str) -> Decimal:
    try:
        exact = Decimal(literal).normalize(_EXACT)
    except InvalidOperation:  # an exponent beyond 10**18
        raise ValueError(TOO_LONG) from None
    return _checked(exact)


def _checked(exact: Decimal) -> Decimal:
    if is_too_precise(exact):
        raise ValueError(TOO_LONG)
    return exact


def number_text(number: int | Decimal) -> str:
    """Write an integer of any size or a finite Decimal as JSON that is read back as the same value.

    Raises ValueError where it has more than `MAX_DIGITS` digits.
    """
    if isinstance(number, int):
        return f"{_checked(Decimal(number)):f}"  # str() refuses beyond about 4,300 digits
    text = str(_checked(number.normalize(_EXACT)))
    return text if "." in text or "E" in text else f"{text}.0"
