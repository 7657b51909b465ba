"""What earlier starts left is used again only on the base it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.execution.groups.inputs import KeptShard
from shardflow.execution.resumption.earlier import on_its_base
from shardflow.model.records import replaced
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.directory import GroupFolder
from shardflow.storage.runs.history import SealedShard

KEPT = KeptShard("folder", 1.0, ())
OLD, NEW, GONE = b'{"n": 1}', b'{"n": 2}', b'{"n": 3}'

SEALED_ON = [
    ("this base", sha256_hex(NEW), KEPT),
    ("no base that was told", "", KEPT),
    ("a base that is still there", sha256_hex(OLD), replaced(KEPT, former=OLD)),
    ("a base that is gone", sha256_hex(GONE), None),
]


@pytest.mark.parametrize(("base", "found"), [case[1:] for case in SEALED_ON], ids=[case[0] for case in SEALED_ON])
def test_a_kept_shard_comes_with_the_base_it_was_sealed_on_if_that_is_another(
    tmp_path: Path, base: str, found: KeptShard | None
) -> None:
    folders = [GroupFolder(str(tmp_path / name)) for name in ("01-gone", "02-new", "03-old")]
    for folder, data in zip(folders[1:], (NEW, OLD), strict=True):
        Path(folder.path).mkdir()
        Path(folder.base).write_bytes(data)
    seal = SealedShard("look", "look", "a", "s", 1.0, (), base=base)
    assert on_its_base(KEPT, seal, folders, sha256_hex(NEW)) == found
    assert on_its_base(KEPT, seal, folders[:1], sha256_hex(NEW)) == (KEPT if found == KEPT else None)
