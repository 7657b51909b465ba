"""Where outputs belong: nothing that anybody writes leaves the output folder."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.workflow.dialect.outputs import NoPlace, feature_fault, output_place


@given(
    st.lists(
        st.sampled_from(["..", ".", "/", "a", "{{output_dir}}", "{{feature_name}}", "{{x}}", "\0", "~", "\\", " "])
    )
)
def test_whatever_is_written_stays_inside_of_the_output_folder(pieces: list[str]) -> None:
    with suppress(NoPlace):
        parts = output_place("".join(pieces), "feature", "../../etc").split("/")
        assert parts
        assert not {"", ".", ".."} & set(parts)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("phase1/x.md", "phase1/x.md"),
        ("{{output_dir}}/phase1/x.md", "phase1/x.md"),
        ("{{ output_dir }}//x.md", "x.md"),
        ("./x.md", "x.md"),
        ("a/context.json", "a/context.json"),
        ("{{feature_name}}-{{workflow_name}}.md", "shop-build.md"),
        ("{{output_dir}}/{{feature_name}}/a b.md", "shop/a b.md"),
    ],
)
def test_a_path_is_relative_to_the_output_folder(path: str, place: str) -> None:
    assert output_place(path, "shop", "build") == place


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../x.md", "'..' would leave the output folder"),
        ("{{output_dir}}/../x.md", "'..' would leave the output folder"),
        ("{{output_dir}}x.md", "a '/' and the name of a file must follow {{output_dir}}"),
        ("{{output_dir}}", "a '/' and the name of a file must follow {{output_dir}}"),
        ("a/{{output_dir}}/x.md", "{{output_dir}} can only stand at its beginning"),
        ("/etc/passwd", "it must not be absolute: outputs stand in the output folder"),
        ("a/", "it names no file"),
        (".", "it names no file"),
        (f"a/{'ä' * 128}.md", "it holds a name of more than 255 bytes, which no file can have"),
        ("context.json", "the engine itself writes context.json there"),
        ("context.json.lock", "the engine itself writes context.json.lock there"),
        ("{{output_dir}}/./Metadata.JSON", "the engine itself writes metadata.json there"),
        ("{{phase}}.md", "{{phase}} is not known; known are output_dir, feature_name, workflow_name"),
    ],
)
def test_what_is_no_place_for_an_output_is_told_why(path: str, why: str) -> None:
    with pytest.raises(NoPlace) as caught:
        output_place(path, "shop", "build")
    assert str(caught.value) == why


@pytest.mark.parametrize("name", ["user-profile", "a", "v1.2_b"])
def test_a_safe_name_can_be_a_feature(name: str) -> None:
    assert feature_fault(name) == ""


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "-x", "a b", ".hidden", "a..b", "ä", "a\n", "x" * 65])
def test_a_hostile_name_cannot_be_a_feature(name: str) -> None:
    assert feature_fault(name)
