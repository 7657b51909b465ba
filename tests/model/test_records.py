"""Records: frozen values of their fields, as frozen slotted dataclasses are, made faster."""

from __future__ import annotations

import pickle
from inspect import signature
from typing import Any

import pytest

from shardflow.model.records import record, replaced


@record
class Point:
    """Two numbers and a name."""

    x: int
    y: int = 0
    name: str = "p"

    def shifted(self) -> Point:
        """Give the point one to the right."""
        return replaced(self, x=self.x + 1)


@record
class Labelled(Point):
    """A record that extends one."""

    label: str = ""


@record
class Other:
    """The same fields as a point."""

    x: int
    y: int = 0
    name: str = "p"


@record
class Nothing:
    """No fields."""


@record
class Even:
    """A record that refuses some values."""

    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("odd")


def test_a_record_takes_its_fields_by_place_and_by_name_and_has_defaults() -> None:
    assert (Point(1).x, Point(1).y, Point(1).name) == (1, 0, "p")
    assert (Point(1, 2).y, Point(y=2, x=1).x, Point(1, name="q").name) == (2, 1, "q")
    assert Labelled(1, 2, "n", "l").label == "l"
    assert Nothing() == Nothing()


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, "p", 4), {}), ((1,), {"z": 3})])
def test_a_record_refuses_missing_and_unknown_fields_also_on_first_use(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        Point(*values, **named)


def test_a_record_shows_how_it_is_made_before_and_after_the_first_is() -> None:
    shown = "(x: 'int', y: 'int' = 0, name: 'str' = 'p', label: 'str' = '')"
    assert str(signature(Labelled)) == shown
    Labelled(1)
    assert str(signature(Labelled)) == shown
    assert str(signature(Nothing)) == "()"


def test_records_are_equal_if_their_class_and_fields_are() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    of_another_class: object = Other(1)
    assert Point(1) != of_another_class
    assert Point(1) != Labelled(1)
    assert len({Point(1), Point(1), Point(2), Other(1)}) == 3


def test_a_record_cannot_be_changed_and_has_no_room_for_more() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="Point cannot be changed: x"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        point.more = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")
    assert point.x == 1


def test_replaced_makes_another_record_and_keeps_the_first() -> None:
    point = Point(1, 5)
    assert point.shifted() == Point(2, 5)
    assert point == Point(1, 5)
    with pytest.raises(TypeError):
        replaced(point, z=1)


def test_a_record_may_refuse_its_fields_each_time_it_is_made() -> None:
    for _ in range(2):
        assert Even(2).number == 2
        with pytest.raises(ValueError, match="odd"):
            Even(1)
    with pytest.raises(ValueError, match="odd"):
        replaced(Even(2), number=3)


def test_a_record_is_matched_shown_and_pickled_by_its_fields() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert repr(Labelled(1, label="l")) == "Labelled(x=1, y=0, name='p', label='l')"
    assert pickle.loads(pickle.dumps(Labelled(1, 2))) == Labelled(1, 2)
    assert (Point.__qualname__, Point.__doc__) == ("Point", "Two numbers and a name.")
