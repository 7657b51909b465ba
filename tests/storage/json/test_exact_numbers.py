"""Numbers lose nothing between their text and their value, or are refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.numbers import MAX_DIGITS
from shardflow.model.values import frozen
from shardflow.storage.json.exact_numbers import exact_decimal, exact_integer, number_text

literals = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(literals.filter(lambda literal: any(c in literal for c in ".eE")))
def test_a_literal_is_read_as_exactly_the_number_it_means_or_overflows(literal: str) -> None:
    try:
        value = exact_decimal(literal)
    except ValueError:
        assert abs(Decimal(literal)) > Decimal("1.7e308")
    else:
        assert (Decimal(repr(value)) if isinstance(value, float) else value) == Decimal(literal)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_from_its_shortest_text_with_its_sign(value: float) -> None:
    assert frozen(exact_decimal(repr(value))) == frozen(value)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1.0", 1.0),
        ("1.50", 1.5),
        ("1E5", 100000.0),
        ("-0.0", -0.0),
        ("0e99999999999999999999", 0.0),
        ("-0.000e-5", -0.0),
        ("5e-324", 5e-324),
        ("0.1000000000000000055", Decimal("0.1000000000000000055")),
        ("0.10000000000000000550", Decimal("0.1000000000000000055")),
        ("123456789012345678901.0", Decimal("123456789012345678901")),
        ("1e-400", Decimal("1e-400")),
    ],
)
def test_a_float_is_kept_only_where_it_is_exact(literal: str, value: float | Decimal) -> None:
    assert frozen(exact_decimal(literal)) == frozen(value)


@pytest.mark.parametrize("literal", ["1e309", "-1e309", "1" + "0" * 309 + ".0", "1e99999999999999999999"])
def test_a_decimal_that_overflows_is_refused(literal: str) -> None:
    with pytest.raises(ValueError, match="too large for a decimal"):
        exact_decimal(literal)


@pytest.mark.parametrize("literal", ["1e-100001", "1e-99999999999999999999", "0." + "1" * 100_001])
def test_a_decimal_that_takes_too_many_digits_is_refused(literal: str) -> None:
    with pytest.raises(ValueError, match="100,000 digits"):
        exact_decimal(literal)


def test_a_decimal_of_as_many_digits_as_may_be_is_read_and_written() -> None:
    literal = f"1E-{MAX_DIGITS - 1}"
    value = exact_decimal(literal)
    assert isinstance(value, Decimal)
    assert number_text(value) == literal


def test_integers_are_exact_up_to_the_limit_of_digits_and_refused_beyond() -> None:
    for digits in (19, 20, 4300, 4301, MAX_DIGITS):
        assert exact_integer("-" + "1" * digits) == -(10**digits // 9)
    with pytest.raises(ValueError, match="100,000 digits"):
        exact_integer("1" * (MAX_DIGITS + 1))


def test_minus_zero_without_a_fraction_is_the_integer_zero() -> None:
    assert frozen(exact_integer("-0")) == frozen(0)


@pytest.mark.parametrize(
    "number", [10**MAX_DIGITS, Decimal("1e-100001"), Decimal("9" * 100_001)], ids=["integer", "exponent", "digits"]
)
def test_a_number_that_could_not_be_read_back_is_not_written(number: int | Decimal) -> None:
    with pytest.raises(ValueError, match="100,000 digits"):
        number_text(number)


def test_a_whole_decimal_is_written_so_that_it_is_not_read_as_an_integer() -> None:
    assert number_text(Decimal("123456789012345678901")) == "123456789012345678901.0"
    assert number_text(Decimal("1.100")) == "1.1"
    assert number_text(Decimal("1e-400")) == "1E-400"
