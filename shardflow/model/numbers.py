"""Decimal numbers kept exactly: as a float where one holds the very number, else as a `Decimal`."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from math import isinf
from typing import Final

MAX_DIGITS: Final = 100_000
"""The most digits a number may have when written in full, so that exact arithmetic on it stays affordable."""

TOO_LONG: Final = f"a number that takes more than {MAX_DIGITS:,} digits to write in full"
TOO_LARGE: Final = "a number too large for a decimal (beyond 1.8e308)"

_SURELY_FEWER: Final = 332_000
"""Bits of an integer that surely has no more than `MAX_DIGITS` digits."""

EXACT_DIGITS: Final = 2_000
"""The most digits an exact decimal sum may need; two floats of opposite ends of the range need about 640."""

EXACT: Final = Context(prec=EXACT_DIGITS, traps=[Inexact])
"""The context to calculate with decimals in (`localcontext(EXACT)`): what needs more digits raises `Inexact`."""


def is_too_long(value: int) -> bool:
    """Tell whether an integer has more digits than a document may hold."""
    return value.bit_length() > _SURELY_FEWER and abs(value) >= 10**MAX_DIGITS


def is_too_precise(value: Decimal) -> bool:
    """Tell whether a decimal takes more digits than a document may hold."""
    _, digits, exponent = value.as_tuple()
    return len(digits) + abs(int(exponent)) > MAX_DIGITS


def number_flaw(value: int | float | Decimal) -> str | None:
    """Say why a number can stand in no document, or None if it can."""
    if isinstance(value, int):
        return TOO_LONG if is_too_long(value) else None
    if not Decimal(value).is_finite():
        return f"{value} is not a finite number"
    if isinf(float(value)):
        return TOO_LARGE
    return TOO_LONG if isinstance(value, Decimal) and is_too_precise(value) else None


def decimal_of(value: int | float | Decimal) -> Decimal:
    """Read a number as the decimal text it is written as; for a float that is its shortest text."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def json_number(exact: Decimal) -> float | Decimal | None:
    """Give the JSON number of a finite decimal, or None where it is larger than any float.

    A float stands for the decimal number that its shortest text (`repr`) writes; a decimal that has no such float is
    kept as it is, without trailing zeros.
    """
    nearest = float(exact)
    if isinf(nearest):
        return None
    return nearest if Decimal(repr(nearest)) == exact else _without_trailing_zeros(exact)


def _without_trailing_zeros(exact: Decimal) -> Decimal:
    """Normalize with as many digits as the number has: the default context would round to 28."""
    return exact.normalize(Context(prec=len(exact.as_tuple().digits)))
