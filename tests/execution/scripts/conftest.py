from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shardflow.execution.scripts.host import ScriptHost
from tests.execution.scripts.hosting import Scripts


@pytest.fixture(scope="module")
def host() -> Iterator[ScriptHost]:
    with ScriptHost("a test") as host:
        yield host


@pytest.fixture
def scripts(host: ScriptHost, tmp_path: Path) -> Scripts:
    return Scripts(host, tmp_path)
