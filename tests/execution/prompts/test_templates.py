"""Mustache as its manual has it, values as JSON has them, and mistakes with their lines."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidTemplate, StorageError
from shardflow.execution.prompts.templates import (
    LARGEST_TEMPLATE,
    Escaping,
    Named,
    Template,
    check_template,
    escaping_for,
    read_template,
    render,
)
from shardflow.model.values import Json

VALUES: dict[str, Json] = {
    "a": {"b": "text", "c": {"d": 5}},
    "names": ["x", "y"],
    "items": [{"n": 1, "sub": [1, 2]}, {"n": 2, "sub": []}],
    "yes": True,
    "no": False,
    "nothing": None,
    "zero": 0,
    "empty": [],
    "markup": "<b> & \"'`{{a.b}}",
    "big": 2**70,
    "exact": Decimal("0.1000000000000000055"),
    "phase": Named({"id": "plan", "name": "Planning"}),
}


def rendered(text: str, escaping: Escaping = Escaping.NONE) -> str:
    return render(Template(text, "x.md.tmpl"), VALUES, escaping).text


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{a.b}} {{ a.c.d }}", "text 5"),
        ("{{#names}}[{{.}}]{{/names}}", "[x][y]"),
        ("{{#items}}{{n}}:{{#sub}}{{.}},{{/sub}}{{a.b}};{{/items}}", "1:1,2,text;2:text;"),
        ("{{#items}}\n- {{n}}\n{{/items}}\nend", "- 1\n- 2\nend"),
        ("{{#a}}{{b}} {{c.d}}{{/a}}", "text 5"),
        ("{{#yes}}1{{/yes}}{{#no}}2{{/no}}{{#nothing}}3{{/nothing}}{{#empty}}4{{/empty}}{{#zero}}5{{/zero}}", "1"),
        ("{{^no}}1{{/no}}{{^empty}}2{{/empty}}{{^names}}3{{/names}}{{^gone}}4{{/gone}}", "124"),
        ("{{yes}} {{no}} {{nothing}} {{zero}}", "true false  0"),
        ("{{big}} {{exact}}", "1180591620717411303424 0.1000000000000000055"),
        ("{{names}}", '[\n  "x",\n  "y"\n]'),
        ("{{a.c}}", '{\n  "d": 5\n}'),
        ("{{phase}} {{phase.name}} {{#phase}}{{id}}{{/phase}}", "plan Planning plan"),
        ("a{{! a comment }}b", "ab"),
        ("{{=<% %>=}}<% a.b %> {{a.b}}", "text {{a.b}}"),
        ("{{markup}}", "<b> & \"'`{{a.b}}"),
        ("no tags, one } brace { and ${shell}", "no tags, one } brace { and ${shell}"),
        ("", ""),
    ],
)
def test_a_template_is_rendered_as_mustache_and_json_say(text: str, result: str) -> None:
    assert rendered(text) == result


def test_only_for_html_values_are_escaped_and_not_in_three_braces() -> None:
    assert rendered("{{markup}}", Escaping.HTML) == "&lt;b&gt; &amp; &quot;&#x27;`{{a.b}}"
    assert rendered("{{{markup}}}{{& zero}}", Escaping.HTML) == "<b> & \"'`{{a.b}}0"
    assert [escaping_for(name) for name in ("r/SUMMARY.HTML", "a.md", "html", "x.svg")] == [
        Escaping.HTML,
        Escaping.NONE,
        Escaping.NONE,
        Escaping.HTML,
    ]


def test_names_that_are_nowhere_give_nothing_and_are_told() -> None:
    result = render(Template("[{{gone}}{{a.gone}}{{names.0}}{{gone}}{{a.b}}]", "x"), VALUES)
    assert (result.text, result.missing) == ("[text]", ("gone", "a.gone", "names.0"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\n{{#names}}\n{{.}}", "x.md.tmpl:2: the section {{#names}} is not closed; end it with {{/ and its name"),
        (
            "a\n\n{{/names}}",
            "x.md.tmpl:3: {{/names}} ends a section that is not open here; "
            "sections end in the reverse order of their beginnings",
        ),
        (
            "{{#a}}\n{{#names}}\n{{/a}}{{/names}}",
            "x.md.tmpl:3: {{/a}} ends a section that is not open here; "
            "sections end in the reverse order of their beginnings",
        ),
        ("a\nb {{names", "x.md.tmpl:2: a tag is not closed; write }} behind it"),
        ("a\n{{> header}}", "x.md.tmpl:2: there is no partial 'header' for a template that is no file"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        rendered(text)
    assert str(caught.value) == problem


def test_a_template_can_be_checked_without_values() -> None:
    check_template(Template("{{#anything}}{{x}}{{/anything}}", "x"))
    with pytest.raises(InvalidTemplate):
        check_template(Template("{{#anything}}", "x"))


def test_partials_stand_beside_the_template(tmp_path: Path) -> None:
    (tmp_path / "main.md").write_text("{{#items}}\n  {{> item}}\n{{/items}}\n{{> tail }}", "utf-8")
    (tmp_path / "item.md.tmpl").write_text("- {{n}}\n")
    (tmp_path / "tail.mustache").write_text("ä{{a.b}}", "utf-8")
    assert render(read_template(str(tmp_path / "main.md")), VALUES).text == "  - 1\n  - 2\nätext"


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "..", "gone", "a/b"])
def test_a_partial_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    for path in (tmp_path / "outside", folder / "a/b"):
        path.write_text("secret")
    (folder / "main.md").write_text(f"1\n{{{{> {name}}}}}")
    with pytest.raises(InvalidTemplate) as caught:
        render(read_template(str(folder / "main.md")), VALUES)
    assert str(caught.value) == f"{folder}/main.md:2: there is no partial {name!r} beside it ({name}.md.tmpl)"


def test_mistakes_of_partials_are_told_with_their_own_name(tmp_path: Path) -> None:
    (tmp_path / "main.md").write_text("{{> part}}")
    (tmp_path / "part").write_text("\n{{#open}}")
    with pytest.raises(InvalidTemplate, match=r"part:2: the section \{\{#open\}\} is not closed"):
        render(read_template(str(tmp_path / "main.md")), VALUES)
    (tmp_path / "part").write_text("{{> part}}")
    with pytest.raises(InvalidTemplate, match=r"main.md: its partials include each other without end"):
        render(read_template(str(tmp_path / "main.md")), VALUES)


def test_all_that_is_wrong_with_partials_can_be_told_without_values(tmp_path: Path) -> None:
    (tmp_path / "main.md").write_text(
        "{{> part}}\n{{#a}}\n{{>gone }}{{^b}}\n{{> gone}} {{> ../up}}{{/b}}{{/a}}{{> main.md}}"
    )
    (tmp_path / "part").write_text("x\n{{> gone-too}}\n{{> part}}{{> open}}{{> latin}}{{> large}}")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(LARGEST_TEMPLATE + 1)
    (tmp_path / "open").write_text("\n{{#open}}")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InvalidTemplate) as caught:
        check_template(read_template(str(tmp_path / "main.md")))
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/main.md:3: there is no partial 'gone' beside it (gone.md.tmpl)",
        f"{tmp_path}/main.md:4: there is no partial '../up' beside it (../up.md.tmpl)",
        f"{tmp_path}/part:2: there is no partial 'gone-too' beside it (gone-too.md.tmpl)",
        f"{tmp_path}/open:2: the section {{{{#open}}}} is not closed; end it with {{{{/ and its name",
        f"{tmp_path}/latin: byte 3 is not UTF-8; save the template as UTF-8",
        f"{tmp_path}/large: too large: more than 8,388,608 bytes",
    ]


def test_a_partial_that_is_not_there_is_told_where_it_is_named_and_not_where_something_like_it_stands(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.md").write_text("> row\n{{> row-head}}{{> rows}}\n{{>row}}")
    (tmp_path / "row-head").touch()
    (tmp_path / "rows").touch()
    with pytest.raises(InvalidTemplate, match=r"main\.md:3: there is no partial 'row'"):
        check_template(read_template(str(tmp_path / "main.md")))


def test_a_partial_that_names_itself_may_end_with_the_values(tmp_path: Path) -> None:
    (tmp_path / "tree").write_text("{{name}}{{#inside}}({{> tree}}){{/inside}}")
    template = read_template(str(tmp_path / "tree"))
    check_template(template)
    assert render(template, {"name": "a", "inside": {"name": "b", "inside": None}}).text == "a(b)"


def test_sections_and_partials_may_nest_as_deep_as_they_like_where_they_are_only_checked(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / str(number)).write_text(f"{{{{> {number + 1}}}}}")
    (tmp_path / "2000").write_text("{{#a}}" * 5_000 + "{{> gone}}" + "{{/a}}" * 5_000)
    with pytest.raises(InvalidTemplate, match="2000:1: there is no partial 'gone'"):
        check_template(read_template(str(tmp_path / "0")))


def test_a_template_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InvalidTemplate, match="latin: byte 3 is not UTF-8"):
        read_template(str(tmp_path / "latin"))
    with pytest.raises(StorageError, match="does not exist"):
        read_template(str(tmp_path / "none"))


@given(value=st.text(), key=st.text(st.characters(categories=["L"]), min_size=1))
def test_a_text_comes_out_as_it_went_in_whatever_it_holds(value: str, key: str) -> None:
    assert render(Template("{{" + key + "}}{{{" + key + "}}}", "x"), {key: value}).text == value + value
