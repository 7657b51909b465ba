"""Values and texts of the JSON domain for Hypothesis, and the two readers as something to compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

from hypothesis import strategies as st

from shardflow.errors import InvalidJson
from shardflow.model.values import Json, frozen
from shardflow.storage.json.exact_numbers import exact_decimal, number_text

Reader = Callable[[bytes, str], Json]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "",
        "/",
        "~",
        "é",
        "e\u0301",
        "\U0001f600",
        '"',
        "\\",
        "[{",
        "}]",
        "\\u0041",
        '\\"[',
        "<<",
        "\u2028",
        "\x7f\0",
        ": ",
    ]
)


def _through_text(digits: int, exponent: int) -> float | Decimal:
    return exact_decimal(f"{digits}e{exponent}")


numbers: st.SearchStrategy[Json] = (
    st.integers()
    | st.sampled_from([0, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**1000])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.builds(_through_text, st.integers(), st.integers(-400, 200))
)

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def outcome(read: Reader, data: bytes) -> object:
    """Give the strict hashable form of what is read, or None where the reader refuses."""
    try:
        return frozen(read(data, "x.json"))
    except InvalidJson:
        return None


def problems(read: Reader, data: bytes) -> list[str]:
    """Give the problems of a text that is refused."""
    try:
        value = read(data, "x.json")
    except InvalidJson as refusal:
        return [str(problem) for problem in refusal.problems]
    raise AssertionError(f"accepted as {value!r}")


@st.composite
def spelled(draw: st.DrawFn, inner: st.SearchStrategy[Json] = values) -> bytes:
    """Draw a valid text: any value in any spelling, some of its members twice."""
    return _spelled(draw, draw(inner)).encode()


def _spelled(draw: st.DrawFn, value: Json) -> str:
    gap = draw(st.sampled_from(["", "", " ", "\n", "\t\r\n"]))
    match value:
        case dict():
            members = [f"{_text(draw, key)}{gap}:{gap}{_spelled(draw, item)}" for key, item in value.items()]
            if members and draw(st.integers(0, 9)) == 0:
                members.append(members[0])
            return "{" + gap + f"{gap},{gap}".join(members) + gap + "}"
        case list():
            return "[" + gap + f"{gap},{gap}".join(_spelled(draw, item) for item in value) + gap + "]"
        case str():
            return _text(draw, value)
        case bool() | None:
            return json.dumps(value)
        case float():
            return draw(st.sampled_from([repr(value), f"{value:.20e}", repr(value).replace("e", "E")]))
        case _:
            return number_text(value)


def _text(draw: st.DrawFn, text: str) -> str:
    return json.dumps(text, ensure_ascii=draw(st.booleans()))
