"""Where values stand: in every style, the span of a place holds what stands at that place."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.layout import Branch, Layout, Lines, layout_of
from shardflow.storage.json.style import CANONICAL, Style

CONTEXT: dict[str, Json] = {
    "é\n": "ü",
    "none": {},
    "": [],
    "plain": {"a": 1, 'quoted "': None, "last": "x\\"},
    "rows": [{"id": 1}, {"id": 2, "é": [1, [2], {}]}, [], {}, "text", {"only": {"inner": -0.0}}],
    "list of scalars": [1, 2, 3],
}
STYLES = [
    CANONICAL,
    Style(final_newline=False),
    Style(indent="\t", newline="\r\n"),
    Style(indent=""),
    Style(indent=None),
    Style(indent=None, after_comma="", after_colon="", final_newline=False),
]
IDS = ["canonical", "no final newline", "tabs", "no indent", "one line", "minified"]


def places(branch: Branch) -> Iterator[tuple[Branch, int]]:
    for place in range(len(branch.items)):
        yield branch, place
        if inner := branch.inner(place):
            yield from places(inner)


def read(lines: Lines, first: int, last: int) -> Json:
    value: Json = json.loads(lines.text[first:last])
    return value


@pytest.fixture(params=[CONTEXT, {}, {"a": 1}, {"a": {"b": {"c": [{"d": 1}]}}}], ids=["rich", "empty", "one", "deep"])
def layout(request: pytest.FixtureRequest) -> Layout:
    return layout_of(request.param)


@pytest.mark.parametrize("style", STYLES, ids=IDS)
def test_the_span_of_a_place_is_exactly_the_text_of_its_value(layout: Layout, style: Style) -> None:
    lines = layout.lines(style)
    for branch, place in places(layout.root):
        first, last = lines.span(branch, place)
        assert lines.text[first:last] == lines.text[first:last].strip()
        assert same(read(lines, first, last), branch.items[place])


def is_one_line(value: Json) -> bool:
    return canonical_bytes(value).count(b"\n") == 1


@pytest.mark.parametrize("style", STYLES, ids=IDS)
def test_a_line_of_an_object_of_scalars_is_the_member_it_holds_and_any_other_line_is_none(
    layout: Layout, style: Style
) -> None:
    lines = layout.lines(style)
    for branch, place in places(layout.root):
        value, (_, end) = branch.items[place], lines.span(branch, place)
        opened, closed = branch.lines[place], branch.lines[place + 1] - 1
        members = value if isinstance(value, dict) and all(map(is_one_line, value.values())) else {}
        assert lines.member(branch, place, opened) is None
        assert lines.member(branch, place, closed) is None
        found = [lines.member(branch, place, line) for line in range(opened + 1, closed)]
        assert [one[0] for one in found if one is not None] == list(members)
        for name, first, last, behind in filter(None, found):
            assert same(read(lines, first, last), members[name])
            assert behind == end


def test_a_line_belongs_to_the_place_whose_value_it_shows() -> None:
    layout = layout_of(CONTEXT)
    for branch in {id(branch): branch for branch, _ in places(layout.root)}.values():
        for place in range(len(branch.items)):
            assert {branch.place(line) for line in range(branch.lines[place], branch.lines[place + 1])} == {place}
        assert branch.place(branch.lines[0] - 1) == -1
        assert branch.place(branch.lines[-1]) == len(branch.items) - 1


def test_a_base_that_is_canonical_already_is_kept_only_once() -> None:
    data = canonical_bytes(CONTEXT)
    assert layout_of(CONTEXT, data).lines(CANONICAL).text is data
    assert layout_of(CONTEXT, data + b" ").lines(CANONICAL).text == data


def test_the_lines_of_a_style_are_made_once() -> None:
    layout = layout_of(CONTEXT)
    assert layout.lines(Style(indent="\t")) is layout.lines(Style(indent="\t"))
