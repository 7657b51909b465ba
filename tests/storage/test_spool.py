"""Pieces that may be more than memory should hold come back as they were added."""

import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import StorageError
from shardflow.storage.spool import Spool


@given(st.lists(st.binary(max_size=3)), st.sampled_from([0, 1, 1000, 100_000]), st.integers(0, 400))
def test_all_pieces_come_back_in_order_as_often_as_asked(pieces, size, count):
    spool = Spool()
    added = [*pieces, *([b"x" * size] * count), *pieces]
    for piece in added:
        spool.add(piece)
    assert b"".join(spool.chunks()) == b"".join(added)
    assert b"".join(spool.chunks()) == b"".join(added)


def test_a_piece_added_after_the_first_reading_stands_behind_the_others():
    spool = Spool()
    for _ in range(1200):
        spool.add(b"a" * 1000)
    assert sum(map(len, spool.chunks())) == 1_200_000
    for _ in range(1200):
        spool.add(b"b")
    assert b"".join(spool.chunks()) == b"a" * 1_200_000 + b"b" * 1200


def test_nothing_added_is_nothing():
    assert Spool().is_empty
    assert list(Spool().chunks()) == []


@pytest.mark.parametrize("count", [1, 1200])
def test_a_spool_is_not_empty_wherever_its_pieces_wait(count):
    spool = Spool()
    for _ in range(count):
        spool.add(b"a" * 1000)
    assert not spool.is_empty


def test_where_there_is_no_room_the_folder_and_the_way_out_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match=r"cannot keep .*gone.*TMPDIR"):
        fill(Spool())


def fill(spool):
    for _ in range(2000):
        spool.add(b"x" * 1000)
