"""Files: only regular ones are read, they are replaced whole or not at all, nothing is left where writing fails."""

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shardflow.errors import StorageError
from shardflow.storage.files import read_regular, replace_file, sha256_hex, write_new
from tests.storage.processes import line_from, printed, started

OLD = b"the old bytes\n"


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")
    (path.parent / "elsewhere").write_bytes(b"secret")


def _dangling_link(path: Path) -> None:
    path.symlink_to("/nonexistent")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


SPECIAL: list[tuple[Callable[[Path], None], str]] = [
    (_folder, "a folder"),
    (_pipe, "a pipe"),
    (_link, "a symbolic link"),
    (_dangling_link, "a symbolic link"),
    (_socket, "a socket"),
]


@pytest.mark.parametrize(("make", "name"), SPECIAL)
def test_what_is_no_regular_file_is_named_and_never_read(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    path = tmp_path / "x"
    make(path)
    with pytest.raises(StorageError, match=name):
        read_regular(path, 100)


@pytest.mark.parametrize(("make", "name"), SPECIAL)
def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path, make: Callable[[Path], None], name: str) -> None:
    path = tmp_path / "x"
    make(path)
    before = path.lstat().st_mode, sorted(os.listdir(tmp_path))
    with pytest.raises(StorageError, match=name):
        replace_file(path, b"new")
    with pytest.raises(StorageError, match="it exists already"):
        write_new(path, b"new")
    assert (path.lstat().st_mode, sorted(os.listdir(tmp_path))) == before


def test_a_device_is_named_and_never_read() -> None:
    with pytest.raises(StorageError, match="/dev/zero is a device, not a regular file"):
        read_regular("/dev/zero", 100)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "it does not exist"),
        ("file/inside", "not a directory"),
        ("n" * 300, "file name too long"),
        ("nul\0byte", "embedded null"),
    ],
)
def test_what_cannot_be_opened_is_told_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(StorageError, match=reason):
        read_regular(tmp_path / name, 100)


def test_a_file_is_read_up_to_the_limit_and_refused_beyond(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for size in (0, 1, 1 << 20, (1 << 20) + 1):
        path.write_bytes(b"x" * size)
        assert read_regular(path, size) == b"x" * size
    with pytest.raises(StorageError, match="too large: more than 1,048,576 bytes"):
        read_regular(path, 1 << 20)


def test_a_file_whose_size_the_system_does_not_tell_is_read_whole() -> None:
    assert os.stat("/proc/self/limits").st_size == 0
    assert read_regular("/proc/self/limits", 1 << 20) == Path("/proc/self/limits").read_bytes()


def test_a_hostile_name_cannot_reach_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        read_regular(tmp_path / "\x1b[2J\u202e", 1)
    assert "\\x1b[2J\\u202e" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_replaced_file_holds_the_new_bytes_and_nothing_else_is_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "context.json"
    for data in (b"", OLD, b"x" * 3_000_000):
        replace_file(path, data)
        assert path.read_bytes() == data
        assert os.listdir(tmp_path) == ["context.json"]


def test_a_file_is_replaced_by_a_relative_path_and_by_the_longest_name_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    replace_file("n" * 255, OLD)
    assert (tmp_path / ("n" * 255)).read_bytes() == OLD


def test_a_new_file_is_private_and_a_replaced_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_file(path, OLD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    replace_file(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_new_file_can_be_read_only_and_is_never_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    write_new(path, OLD, mode=0o400)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    with pytest.raises(StorageError, match="it exists already"):
        write_new(path, b"new")
    assert path.read_bytes() == OLD


FULL_DISK = """
import resource, sys
from shardflow.errors import StorageError
from shardflow.storage.files import replace_file, write_new
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write, path in ((replace_file, sys.argv[1]), (write_new, sys.argv[1] + ".new")):
    try:
        write(path, b"x" * 2_000_000)
    except StorageError as error:
        print(error)
"""


def test_when_there_is_room_for_a_part_only_the_old_bytes_stay_and_no_part_is_left(tmp_path: Path) -> None:
    path = tmp_path / "context.json"
    path.write_bytes(OLD)
    assert printed(FULL_DISK, path) == (
        f"cannot write {path}: file too large\ncannot write {path}.new: file too large\n"
    )
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["context.json"]


READ_ONLY_FOLDER = """
import os, sys
from shardflow.errors import StorageError
from shardflow.storage.files import replace_file, write_new
os.chdir(sys.argv[1])
if os.getuid() == 0:  # nothing is read-only for root
    os.setgid(65534)
    os.setuid(65534)
for write, path in ((replace_file, "context.json"), (write_new, "new.json")):
    try:
        write(path, b"new")
    except StorageError as error:
        print(error)
"""


def test_in_a_read_only_folder_the_old_bytes_stay() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "context.json").write_bytes(OLD)
        folder.chmod(0o555)
        output = printed(READ_ONLY_FOLDER, folder)
        folder.chmod(0o755)
        assert output == "cannot write context.json: permission denied\ncannot write new.json: permission denied\n"
        assert (folder / "context.json").read_bytes() == OLD
        assert os.listdir(folder) == ["context.json"]


WRITE_FOREVER = """
import sys
from shardflow.storage.files import replace_file
for turn in range(10**9):
    replace_file(sys.argv[1], (b"a" if turn % 2 else b"b") * 300_000)
    if turn == 1:
        print("written", flush=True)
"""


def test_a_reader_never_sees_a_mixture_not_even_after_the_writer_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "context.json"
    whole = {b"a" * 300_000, b"b" * 300_000}
    for _ in range(3):
        with started(WRITE_FOREVER, path) as writer:
            line_from(writer)
            seen = {read_regular(path, 1 << 20) for _ in range(100)}
            writer.kill()
        assert seen <= whole
        assert read_regular(path, 1 << 20) in whole


def test_a_digest_is_sha_256_in_hexadecimal() -> None:
    assert sha256_hex(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert sha256_hex(b"abc").startswith("ba7816bf8f01cfea")
