"""What the packages offer: every name a package lists can be imported from it, by a star too."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OFFERING = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in (ROOT / "shardflow").rglob("__init__.py")
    if "__all__" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("package", OFFERING)
def test_every_name_that_a_package_offers_is_there(package: str) -> None:
    module = import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(module.__all__) <= set(dir(module))


def test_importing_the_package_loads_none_of_its_modules() -> None:
    told = "import sys, shardflow; print(*(name for name in sys.modules if name.startswith('shardflow')))"
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.split() == ["shardflow"]
