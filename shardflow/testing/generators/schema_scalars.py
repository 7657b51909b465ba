"""Numbers and texts within the bounds of a JSON Schema."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from hypothesis import strategies as st

from shardflow.model.paths import Path, path_text
from shardflow.model.values import Json, is_number

_Schema: TypeAlias = Mapping[str, Json]
_Bound: TypeAlias = "tuple[Fraction, bool] | None"
"""A number, and whether it is itself left out."""

_LETTERS: Final = 8
_MATCHING: Final = 100
"""How long texts are at most where a schema does not say it: any, and those that match a pattern."""


def count(schema: _Schema, keyword: str, default: int) -> int:
    """Give a count that a schema has, or the default."""
    value = schema.get(keyword)
    return value if isinstance(value, int) else default


def length_bounds(schema: _Schema, keywords: tuple[str, str], most: int, path: Path) -> tuple[int, int]:
    """Give the least and the most, `most` where nothing is said. Raises ValueError where nothing lies between."""
    least = count(schema, keywords[0], 0)
    bounds = least, min(count(schema, keywords[1], most), most)
    if least > bounds[1]:
        raise ValueError(f"nothing lies between {keywords[0]!r} and {keywords[1]!r} at {path_text(path)}")
    return bounds


def numbers(schema: _Schema, path: Path, *, whole: bool) -> st.SearchStrategy[Json]:
    """Draw numbers within the bounds, whole ones where there are some. Raises ValueError where there are none."""
    low = max(_bounds(schema, ("minimum", "exclusiveMinimum"), path), default=None)
    high = min(_bounds(schema, ("maximum", "exclusiveMaximum"), path), key=lambda b: (b[0], not b[1]), default=None)
    step = _number(schema, "multipleOf", path) if "multipleOf" in schema else None
    if step is not None and step <= 0:
        raise ValueError(f"'multipleOf' at {path_text(path)} must be more than 0")
    found = []
    if step is None or whole:
        found.append(_multiples(low, high, Fraction(1 if step is None else step.numerator)))
    elif step is not None:
        found.append(_multiples(low, high, step))
    if step is None and not whole:
        found.append(_decimals(low, high))
    drawn = [values for values in found if values is not None]
    if not drawn:
        raise ValueError(f"no number fits the schema at {path_text(path)}")
    return st.one_of(drawn)


def _bounds(schema: _Schema, keywords: tuple[str, str], path: Path) -> list[tuple[Fraction, bool]]:
    return [(_number(schema, keyword, path), keyword == keywords[1]) for keyword in keywords if keyword in schema]


def _number(schema: _Schema, keyword: str, path: Path) -> Fraction:
    value = schema[keyword]
    if not is_number(value):
        raise ValueError(f"{keyword!r} at {path_text(path)} must be a number")
    return Fraction(str(value))


def _multiples(low: _Bound, high: _Bound, step: Fraction) -> st.SearchStrategy[Json] | None:
    """Draw multiples of a step; those of a fraction that are whole are multiples of its numerator."""
    bottom = None if low is None else math.floor(low[0] / step) + 1 if low[1] else math.ceil(low[0] / step)
    top = None if high is None else math.ceil(high[0] / step) - 1 if high[1] else math.floor(high[0] / step)
    if bottom is not None and top is not None and bottom > top:
        return None
    return st.integers(bottom, top).map(lambda times: _json(times * step))


def _json(number: Fraction) -> Json:
    return number.numerator if number.denominator == 1 else float(number)


def _decimals(low: _Bound, high: _Bound) -> st.SearchStrategy[Json] | None:
    bottom = None if low is None else _inward(*low, math.inf)
    top = None if high is None else _inward(*high, -math.inf)
    if bottom is not None and top is not None and bottom > top:
        return None
    return st.floats(bottom, top, allow_nan=False, allow_infinity=False)


def _inward(bound: Fraction, left_out: bool, inside: float) -> float:
    """Give the outermost float within a bound."""
    near = float(bound)
    is_within = (near == bound and not left_out) or (near > bound if inside > 0 else near < bound)
    return near if is_within else math.nextafter(near, inside)


def texts(schema: _Schema, path: Path) -> st.SearchStrategy[Json]:
    """Draw texts of the lengths, or those that match the pattern. Raises ValueError for what no text can be."""
    pattern = schema.get("pattern")
    usual = max(_MATCHING if isinstance(pattern, str) else _LETTERS, count(schema, "minLength", 0))
    least, most = length_bounds(schema, ("minLength", "maxLength"), usual, path)
    if not isinstance(pattern, str):
        return st.text(min_size=least, max_size=most)
    try:
        matching = st.from_regex(re.compile(_ended(pattern)))
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} at {path_text(path)} cannot be read: {error}") from None
    return matching.filter(lambda text: least <= len(text) <= most)


def _ended(pattern: str) -> str:
    """Have `$` mean the end, as JSON Schema does: Python takes the place before a last line feed for it, too."""
    parts: list[str] = re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", pattern, re.DOTALL)
    return "".join(r"\Z" if part == "$" else part for part in parts)
