"""The canonical context's file: what a run makes of it when its first group starts, and when that merges."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.execution.folding.base import base_of
from shardflow.execution.groups.canonical_context import (
    MISSING,
    OWN,
    Beginning,
    CanonicalContext,
    Former,
    Found,
    found_or_missing,
)
from shardflow.model.values import Json

FIRST = base_of({"n": 1})
LOOSE = b'{"n":1}'
WITHOUT_BOOKS = base_of({})


@pytest.mark.parametrize(
    ("beginning", "stood", "at_start", "merged"),
    [
        (OWN, FIRST.data, FIRST.data, FIRST.data),
        (Found(LOOSE, FIRST), LOOSE, LOOSE, LOOSE),
        (Found(b"{}", WITHOUT_BOOKS), b"{}", FIRST.data, FIRST.data),
        (MISSING, None, None, FIRST.data),
        (Former(LOOSE), LOOSE, FIRST.data, FIRST.data),
        (Former(b"torn {"), b"torn {", FIRST.data, FIRST.data),
    ],
)
def test_the_file_holds_the_base_when_a_group_starts_and_is_written_only_for_another_value(
    tmp_path: Path, beginning: Beginning, stood: bytes | None, at_start: bytes | None, merged: bytes
) -> None:
    file = tmp_path / "context.json"
    if stood is not None:
        file.write_bytes(stood)
    context = CanonicalContext.at_first(str(file), beginning, FIRST)
    settled: list[bytes | None] = []
    context.bring_to(FIRST, lambda: settled.append(stood))
    assert (file.read_bytes() if file.exists() else None) == at_start == context.held
    assert settled == ([stood] if stood != at_start else [])
    context.update(FIRST.data)
    assert file.read_bytes() == merged == context.held


def test_a_file_that_an_earlier_start_should_have_created_is_created_when_the_next_group_starts(tmp_path: Path) -> None:
    file = tmp_path / "context.json"
    context = CanonicalContext.at_first(str(file), MISSING, FIRST)
    context.expect()
    context.bring_to(FIRST, lambda: None)
    assert file.read_bytes() == FIRST.data


@pytest.mark.parametrize(("held", "value"), [(None, None), (LOOSE, {"n": 1})])
def test_a_file_that_a_person_named_is_started_from_if_it_is_there(held: bytes | None, value: Json) -> None:
    beginning = found_or_missing("context.json", held)
    assert (beginning.base.value if isinstance(beginning, Found) else None) == value
