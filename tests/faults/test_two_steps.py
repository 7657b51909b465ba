"""A file system that cannot put a file in the place of another: the engine is killed around each replacement."""

from __future__ import annotations

import errno
import os
import posix
from pathlib import Path
from typing import Any

import pytest

from shardflow.errors import StorageError
from shardflow.storage.files import read_regular, replace_file
from tests.faults.dying import Campaign
from tests.faults.mortal import Context, Journeys
from tests.faults.paces import Pace


def replacing_nothing(old: Any, new: Any, rename: Any = posix.rename, **places: Any) -> None:
    if os.path.lexists(new):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    rename(old, new, **places)


def such_a_file_system() -> None:
    Pace.LATE.set()
    for name in ("replace", "rename"):
        setattr(posix, name, replacing_nothing)


def test_killed_around_any_replacement_that_takes_two_steps_and_resumed_a_run_gives_the_same_bytes(
    tmp_path: Path,
) -> None:
    journeys = Journeys(tmp_path, "disputed", Context.FOUND, such_a_file_system)
    campaign = Campaign(journeys)
    places = [(act, at) for act, (_, steps) in enumerate(journeys.acts) for at in steps if "shardflow-next" in at]
    assert len(places) > 10
    for act, at in places:
        campaign.die(act, at)
    assert (campaign.survived, campaign.problems) == (0, [])


def test_who_looks_first_finishes_it_and_what_another_death_left_is_never_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", replacing_nothing)
    place, following = tmp_path / "context.json", tmp_path / "context.json.shardflow-next"
    place.write_bytes(b"old")
    following.write_bytes(b"left by a death before the old one was away")
    assert read_regular(place, 100) == b"old"
    replace_file(place, b"new")
    assert (place.read_bytes(), os.listdir(tmp_path)) == (b"new", ["context.json"])
    place.rename(following)
    assert read_regular(place, 100) == b"new"
    assert os.listdir(tmp_path) == ["context.json"]
    following.symlink_to("/etc/hostname")
    place.unlink()
    with pytest.raises(StorageError, match="symbolic link"):
        read_regular(place, 100)
