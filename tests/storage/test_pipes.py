"""Descriptors that a shell hands over: read once, never too much, and nothing else is taken for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shardflow.errors import StorageError
from shardflow.storage.pipes import is_descriptor, read_given


@contextmanager
def pipe_with(data: bytes) -> Iterator[str]:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    yield f"/dev/fd/{reader}"
    os.close(reader)


def test_what_a_pipe_held_is_there_for_whoever_asks_again_and_not_for_the_next_pipe() -> None:
    with pipe_with(b"one") as path:
        assert (read_given(path, 3), read_given(path, 9)) == (b"one", b"one")
    with pipe_with(b"other") as again:
        assert (again, read_given(again, 9)) == (path, b"other")


def test_of_a_pipe_that_holds_too_much_nobody_gets_the_rest() -> None:
    with pipe_with(b"12345") as path:
        for limit in (3, 3, 9):
            with pytest.raises(StorageError, match=f"{path} is too large: more than {limit} bytes"):
                read_given(path, limit)


def test_a_file_behind_a_descriptor_is_read_and_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    with (tmp_path / "file").open("rb") as file:
        assert read_given(f"/proc/self/fd/{file.fileno()}", 9) == b"text"
    for other, told in (("/dev/null", "a device"), (str(tmp_path), "a folder")):
        descriptor = os.open(other, os.O_RDONLY)
        with pytest.raises(StorageError, match=f"/dev/fd/{descriptor} is {told}, not a regular file"):
            read_given(f"/dev/fd/{descriptor}", 9)
        os.close(descriptor)
    with pytest.raises(StorageError, match="cannot read /dev/fd/999: bad file descriptor"):
        read_given("/dev/fd/999", 9)


def test_a_pipe_by_another_name_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="is a pipe, not a regular file"):
        read_given(tmp_path / "pipe", 9)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/dev/fd/", "/dev/fd/x", "/dev/fd/3/", "/dev/fd/-1", "/dev/fd/\u0663", "/dev/fd/../fd/3", "dev/fd/3"),
        *("/dev/stdin/", "/dev/stdout", "/proc/1/fd/3", "/dev/fd/" + "9" * 5000),
    ],
)
def test_other_names_are_no_descriptors(path: str) -> None:
    assert not is_descriptor(path)
