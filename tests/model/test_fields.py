"""Reading documents field by field: the law first, then each kind of problem with its exact words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidInput
from shardflow.model.documents import Document
from shardflow.model.fields import Fields, Place, quoted, read_document, shown
from shardflow.model.paths import ROOT
from shardflow.model.values import Json, Value

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def problems_of(value: Json, read: Callable[[Place], object]) -> list[str]:
    try:
        read_document(Document("f.yaml", value, {ROOT: 1}), read, InvalidInput)
    except InvalidInput as error:
        return [str(problem) for problem in error.problems]
    return []


def fields_of(read: Callable[[Fields], object]) -> Callable[[Place], object]:
    def read_place(place: Place) -> object:
        with place.fields() as fields:
            return read(fields)

    return read_place


READS: list[Callable[[Place], object]] = [
    Place.text,
    Place.boolean,
    lambda place: place.integer(1, 9),
    Place.items,
    Place.members,
    lambda place: place.choice("colour", {"red": 1, "green": 2}),
    fields_of(lambda fields: fields.required("a", Place.text)),
    fields_of(lambda fields: fields.optional("a", Place.boolean, False)),
]


@given(json_values, st.sampled_from(READS))
def test_any_value_reads_or_has_all_its_problems_told(value: Json, read: Callable[[Place], object]) -> None:
    assert all(problem.startswith("f.yaml:1: ") for problem in problems_of(value, read))


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (Place.text, 5, "expected a text, found the integer 5; put it in quotes to make it one"),
        (Place.text, None, "expected a text, found null; give the field a value or leave it out"),
        (Place.boolean, 1, "expected true or false, found the integer 1"),
        (READS[2], True, "expected an integer from 1 to 9, found the boolean true"),
        (READS[2], 1.0, "expected an integer from 1 to 9, found the decimal 1.0"),
        (READS[2], 10, "expected an integer from 1 to 9, found the integer 10"),
        (READS[2], 0, "expected an integer from 1 to 9, found the integer 0"),
        (Place.items, {}, "expected a list, found an empty object"),
        (Place.members, [1], "expected an object, found a list"),
        (Place.fields, "a", "expected an object, found the text 'a'"),
        (READS[5], "gren", "unknown colour 'gren'; did you mean 'green'?"),
        (READS[5], "genre", "unknown colour 'genre'; known are green, red"),
        (READS[5], "violet", "unknown colour 'violet'; known are green, red"),
        (READS[5], 1, "expected one of red, green, found the integer 1"),
        (READS[6], {}, "field 'a' is missing; expected a text"),
        (READS[6], {"a": []}, "expected a text, found an empty list at $.a"),
        (READS[6], {"aa": "x"}, "unknown field 'aa' at $.aa; did you mean 'a'?"),
        (READS[7], {"aa": 1}, "unknown field 'aa' at $.aa; did you mean 'a'?"),
    ],
)
def test_a_wrong_value_is_told_in_these_words(read: Callable[[Place], object], value: Json, problem: str) -> None:
    assert problems_of(value, read) == [f"f.yaml:1: {problem}"]


def test_a_missing_optional_field_is_its_default_and_null_is_not_missing() -> None:
    read = fields_of(lambda fields: fields.optional("a", Place.text, "b"))
    assert read_document(Document("f", {}), read, InvalidInput) == "b"
    assert problems_of({"a": None}, read) != []


def test_a_missing_field_beside_a_field_of_quite_another_name_is_told_too() -> None:
    assert problems_of({"zz": 1}, READS[6]) == [
        "f.yaml:1: field 'a' is missing; expected a text",
        "f.yaml:1: unknown field 'zz' at $.zz; known are a",
    ]


def test_nothing_more_is_told_below_a_value_that_should_be_an_object() -> None:
    def two(fields: Fields) -> tuple[str, str]:
        return fields.required("a", Place.text), fields.required("b", Place.text)

    assert problems_of(3, fields_of(two)) == ["f.yaml:1: expected an object, found the integer 3"]


def test_problems_come_in_the_order_of_the_file_whatever_was_read_first() -> None:
    lines = {ROOT: 1, ("b",): 2, ("c",): 2, ("a",): 9}
    document = Document("f", {"b": 0, "c": 0, "a": 0}, lines)
    with pytest.raises(InvalidInput) as caught:
        read_document(document, fields_of(lambda fields: fields.required("a", Place.text)), InvalidInput)
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [
        (2, ("b",)),
        (2, ("c",)),
        (9, ("a",)),
    ]


def test_a_part_keeps_its_lines_counts_paths_from_itself_and_tells_problems_where_they_stand_in_the_whole() -> None:
    document = Document("f", {"rules": [{"path": 1}]}, {ROOT: 1, ("rules",): 3, ("rules", 0, "path"): 5})
    part = read_document(document, lambda place: place.members()["rules"].part(), InvalidInput)
    assert (part.source, part.value) == ("f", [{"path": 1}])
    assert part.lines == {ROOT: 3, (0, "path"): 5}
    inner = read_document(part, lambda place: place.items()[0].part(), InvalidInput)
    assert [str(one.problem(path, "wrong")) for one, path in ((part, ROOT), (part, (0,)), (inner, ("path",)))] == [
        "f:3: wrong at $.rules",
        "f:3: wrong at $.rules[0]",
        "f:5: wrong at $.rules[0].path",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\x1b[2J\u202eb", r"the text 'a\x1b[2J\u202eb'"),
        ("x" * 61, f"the text '{'x' * 59}…'"),
        pytest.param(10**5000, "a huge integer", id="huge"),
        (-12, "the integer -12"),
    ],
)
def test_any_value_is_shown_on_one_safe_short_line(value: Value, words: str) -> None:
    assert shown(value) == words


@given(st.text())
def test_a_quoted_text_is_printable(text: str) -> None:
    assert quoted(text).isprintable()
