"""The lock on a context: at most one writer, between real processes, whatever becomes of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardflow.errors import ContextLocked, StorageError
from shardflow.storage.context_lock import ContextLock
from tests.storage.processes import line_from, started

HOLD = """
import sys
from shardflow.storage.context_lock import ContextLock
with ContextLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""

COUNT = """
import sys
from shardflow.errors import ContextLocked
from shardflow.storage.context_lock import ContextLock
left = 50
while left:
    try:
        with ContextLock(sys.argv[1]):
            with open(sys.argv[1]) as file:
                count = int(file.read())
            with open(sys.argv[1], "w") as file:
                file.write(str(count + 1))
        left -= 1
    except ContextLocked:
        pass
"""


def test_a_second_process_is_told_who_holds_the_lock_and_gets_it_afterwards(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with started(HOLD, context) as holder:
        assert line_from(holder) == "held\n"
        with pytest.raises(ContextLocked) as caught, ContextLock(context):
            pass
        assert str(caught.value) == (
            f"{context} is in use by another run (process {holder.pid}); "
            "wait until it has ended, or give this run another context (--context, or --feature for one of the dialect)"
        )
        holder.communicate("\n")
    with ContextLock(context):
        assert (tmp_path / "context.json.lock").read_text() == f"{os.getpid()}\n"
    assert os.listdir(tmp_path) == []


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with started(HOLD, context) as holder:
        line_from(holder)
        holder.kill()
    with ContextLock(context):
        pass
    assert os.listdir(tmp_path) == []


def test_a_program_started_by_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with ContextLock(context):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with child, ContextLock(context):
        child.communicate(b"\n")


def test_of_many_processes_never_two_are_inside(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    context.write_text("0")
    processes = [started(COUNT, context) for _ in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 4
    assert context.read_text() == "200"


def test_one_process_cannot_enter_twice(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with ContextLock(context):
        with pytest.raises(ContextLocked, match=f"process {os.getpid()}"), ContextLock(context):
            pass
        with pytest.raises(ContextLocked), ContextLock(context):
            pass


def test_the_lock_ends_with_the_block_even_if_that_fails_or_the_file_was_removed_by_hand(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with pytest.raises(KeyError), ContextLock(context):
        raise KeyError
    with ContextLock(context):
        (tmp_path / "context.json.lock").unlink()
    with ContextLock(context):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / "context.json.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match="it is a symbolic link"), ContextLock(tmp_path / "context.json"):
        pass
    assert (tmp_path / "precious").read_bytes() == b"kept"


@pytest.mark.parametrize("left", [b"", b"4", b"4711", b"4711\n", b"\0", b"\0\0\0\0\0", b"47\0\0\0"])
def test_what_a_power_cut_left_of_a_lock_is_in_nobodys_way(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "context.json.lock").write_bytes(left)
    with ContextLock(tmp_path / "context.json"):
        assert (tmp_path / "context.json.lock").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "context.json.lock").exists()


@pytest.mark.parametrize("held", [b"4711\n4712\n", b"mine", b"4711 \n", b"\n\n", b"1" * 21, b"{}\n"])
def test_what_is_no_lock_is_kept(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "context.json.lock").write_bytes(held)
    with (
        pytest.raises(StorageError, match="holds something else; move it away"),
        ContextLock(tmp_path / "context.json"),
    ):
        pass
    assert (tmp_path / "context.json.lock").read_bytes() == held


def test_a_file_with_another_name_is_kept_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"4711\n")
    (tmp_path / "context.json.lock").hardlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match="has another name too"), ContextLock(tmp_path / "context.json"):
        pass
    assert (tmp_path / "precious").read_bytes() == b"4711\n"


def test_without_a_folder_there_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="its folder does not exist"), ContextLock(tmp_path / "no" / "context.json"):
        pass
