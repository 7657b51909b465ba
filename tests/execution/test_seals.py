"""Seals: every change of a file's bytes after the seal is found, and no other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import StorageError
from shardflow.execution.groups.sealing.seals import read_and_seal, seal

HOUR = 3_600_000_000_000


def aged(path: Path) -> Path:
    """Make a file look as if it had been left alone for an hour, as far as anyone but the kernel can."""
    os.utime(path, ns=(path.stat().st_atime_ns - HOUR, path.stat().st_mtime_ns - HOUR))
    return path


def rewritten(path: Path) -> None:
    path.write_bytes(b"12346")


def rewritten_with_its_old_times(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"12346")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"12346")
    other.rename(path)


def linked(path: Path) -> None:
    path.rename(path.with_name("same"))
    path.symlink_to(path.with_name("same"))


@pytest.mark.parametrize(("after", "is_read"), [(0, True), (HOUR, False)])
def test_a_file_whose_stamps_are_the_same_is_read_only_if_it_was_sealed_right_after_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, is_read: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    monkeypatch.setattr(time, "time_ns", lambda: path.stat().st_ctime_ns + after)
    assert seal(str(path), b"something else").is_broken() == is_read


@pytest.mark.parametrize(
    "alter",
    [Path.unlink, rewritten, rewritten_with_its_old_times, replaced, linked, lambda path: path.write_bytes(b"")],
)
def test_an_altered_file_breaks_its_seal(tmp_path: Path, alter: Callable[[Path], object]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    known = seal(str(path), b"12345")
    _, read = read_and_seal(str(path), b"other")
    assert not known.is_broken()
    assert not read.is_broken()
    alter(path)
    assert known.is_broken()
    assert read.is_broken()


def test_the_same_bytes_again_break_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    _, read = read_and_seal(str(path), b"other")
    path.unlink()
    path.write_bytes(b"12345")
    aged(path)
    assert not read.is_broken()


def test_a_file_left_alone_for_long_is_trusted_by_its_stamps(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    while (sealed := seal(str(path), b"not what it holds")).is_racy:
        pass  # until the clock of the file system has moved on
    assert not sealed.is_broken()
    path.touch()
    assert sealed.is_broken()


def test_a_missing_file_is_sealed_as_missing(tmp_path: Path) -> None:
    missing = seal(str(tmp_path / "file"), None)
    assert not missing.is_broken()
    (tmp_path / "file").symlink_to("nowhere")
    assert missing.is_broken()


@given(content=st.binary(max_size=8), known=st.binary(max_size=8), later=st.binary(max_size=8))
def test_a_seal_breaks_exactly_when_the_bytes_differ(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, known: bytes, later: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "sealed"
    path.write_bytes(content)
    data, sealed = read_and_seal(str(path), known)
    assert data == content
    assert isinstance(sealed.content, bytes) == (content == known)
    path.write_bytes(later)
    assert sealed.is_broken() == (later != content)


def test_what_is_no_regular_file_cannot_be_sealed(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder"):
        read_and_seal(str(tmp_path), b"")
